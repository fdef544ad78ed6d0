// A room beside a naive model: an array of every message that ever was, and the contract's sentences about gaps
// written as they are read.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NO_EPOCH, type Place } from '../../../src/core/rooms/cursor.js'
import type { Gap } from '../../../src/core/rooms/gap.js'
import { createRoom, fill, message } from '../../support/chat.js'

const ids = ({ entries }: { entries: readonly { message: { id: number } }[] }): number[] =>
  entries.map((entry) => entry.message.id)

describe('a room without a log', () => {
  test('has no epoch, and nothing to read', () => {
    const { room } = createRoom()
    expect([room.epoch, room.hasLog, room.first, room.last, room.bytes]).toEqual([NO_EPOCH, false, 0, 0, 0])
    expect(room.newest(500)).toEqual({ entries: [], bytes: 0, next: 0, more: false, gap: undefined })
  })

  test('answers a cursor of another log with a restart, and a bare number above 0 with a rewind', () => {
    const { room } = createRoom()
    expect(room.read({ epoch: 'k3f9qz1a', id: 5 }, 500).gap).toEqual({
      room: 'lobby',
      reason: 'restart',
      missed: null,
      first: 0,
    })
    expect(room.read({ epoch: undefined, id: 5 }, 500).gap).toEqual({
      room: 'lobby',
      reason: 'rewind',
      missed: null,
      first: 0,
    })
  })

  test('parks who is at the beginning of whatever log there is', () => {
    const { room, clock } = createRoom()
    let woken = 0
    for (const epoch of [undefined, NO_EPOCH, 'k3f9qz1a'])
      expect(room.park({ epoch, id: 0 }, () => woken++)).toBeDefined()
    fill(room, 1, 1)
    clock.settle()
    expect(woken).toBe(3)
    expect(room.read({ epoch: NO_EPOCH, id: 0 }, 500)).toMatchObject({ next: 1, gap: undefined })
  })
})

describe('an edit in the ring whose own message has left it', () => {
  for (const type of ['edit', 'delete'])
    test(`gives its text up when another ${type} comes`, () => {
      const { room } = createRoom(4)
      room.deliver(message(1, { text: 'helo' }), 'epoch001')
      for (const id of [2, 3]) room.deliver(message(id), 'epoch001')
      room.deliver(message(4, { type: 'edit', of: 1, text: 'secret' }), 'epoch001')
      room.deliver(message(5), 'epoch001')
      const before = room.bytes
      room.deliver(message(6, { type, of: 1, text: 'hello' }), 'epoch001')
      expect(room.entry(4)?.message).toMatchObject({ type: 'removed', text: 'removed' })
      expect(
        room
          .newest(4)
          .entries.map(({ json }) => json)
          .join(),
      ).not.toContain('secret')
      expect(room.bytes).toBeLessThan(before + 1000)
      for (const id of [7, 8, 9, 10]) room.deliver(message(id), 'epoch001')
      expect(room.bytes).toBe(room.newest(4).entries.reduce((sum, { size }) => sum + size, 0))
    })
})

describe('gaps', () => {
  test('the ring moved past the cursor: overflow, with how many are missed and the oldest there still is', () => {
    const { room } = createRoom(500)
    fill(room, 1, 802)
    const page = room.read({ epoch: 'epoch001', id: 12 }, 500)
    expect(page.gap).toEqual({ room: 'lobby', reason: 'overflow', missed: 290, first: 303 })
    expect([ids(page)[0], ids(page).length, page.next, page.more]).toEqual([303, 500, 802, false])
  })

  test('a bare 0 is all the ring holds and never a gap; a cursor with id 0 is one once id 1 is gone', () => {
    const { room } = createRoom(4)
    fill(room, 1, 4)
    expect(room.read({ epoch: 'zzzzzzzz', id: 0 }, 500).gap).toBeUndefined()
    fill(room, 5, 6)
    expect(room.read({ epoch: undefined, id: 0 }, 500)).toMatchObject({ gap: undefined, next: 6 })
    expect(room.read({ epoch: 'zzzzzzzz', id: 0 }, 500).gap).toMatchObject({
      reason: 'overflow',
      missed: 2,
      first: 3,
    })
  })

  test('a limit cuts what a gap leaves, and reading on brings the rest', () => {
    const { room } = createRoom(4)
    fill(room, 1, 10)
    const page = room.read({ epoch: 'another1', id: 3 }, 3)
    expect([ids(page), page.next, page.more, page.gap?.reason]).toEqual([[7, 8, 9], 9, true, 'restart'])
    const rest = room.read({ epoch: room.epoch, id: page.next }, 3)
    expect([ids(rest), rest.more, rest.gap]).toEqual([[10], false, undefined])
  })

  test('a new epoch begins the ring anew, and whoever was parked is told of a restart', () => {
    const { room, clock } = createRoom()
    fill(room, 1, 5, 'epoch001')
    let woken = false
    room.park({ epoch: 'epoch001', id: 5 }, () => (woken = true))
    fill(room, 1, 1, 'epoch002')
    clock.settle()
    expect(woken).toBe(true)
    expect([room.epoch, room.first, room.last]).toEqual(['epoch002', 1, 1])
    expect(room.read({ epoch: 'epoch001', id: 5 }, 500)).toMatchObject({
      next: 1,
      gap: { reason: 'restart', missed: null, first: 1 },
    })
  })
})

type Model = { readonly epoch: string; readonly all: readonly number[]; readonly size: number }

/** What the contract says about a place, sentence by sentence. */
function expected(
  { epoch, all, size }: Model,
  place: Place,
  limit: number,
): { ids: number[]; more: boolean; next: number; gap: Gap | undefined } {
  const kept = all.slice(-size)
  const last = kept.at(-1) ?? 0
  const first = kept[0] ?? 0
  const gapOf = (reason: Gap['reason'], missed: number | null): Gap => ({
    room: 'lobby',
    reason,
    missed,
    first,
  })
  let gap: Gap | undefined
  if (place.epoch !== undefined && place.id > 0 && place.epoch !== epoch) gap = gapOf('restart', null)
  else if (place.id > last) gap = gapOf('rewind', null)
  else if (place.epoch === undefined && place.id === 0) gap = undefined
  else if (all.some((id) => id > place.id && id < first))
    gap = gapOf('overflow', all.filter((id) => id > place.id && id < first).length)
  const newer = gap === undefined ? kept.filter((id) => id > place.id) : kept
  const shown = newer.slice(0, limit)
  return { ids: shown, more: newer.length > shown.length, next: shown.at(-1) ?? last, gap }
}

const place = fc.record({
  epoch: fc.constantFrom(undefined, 'epoch001', 'another1', NO_EPOCH),
  id: fc.nat(40),
})

test('whatever was said and wherever a reader is, a room answers as the contract says of an array of everything', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10 }),
      fc.nat(30),
      place,
      fc.integer({ min: 1, max: 12 }),
      (size, count, where, limit) => {
        const { room } = createRoom(size)
        fill(room, 1, count)
        const all = Array.from({ length: count }, (_, i) => i + 1)
        const want = expected({ epoch: room.epoch, all, size }, where, limit)
        const page = room.read(where, limit)
        expect({ ids: ids(page), more: page.more, next: page.next, gap: page.gap }).toEqual(want)
        const atOnce = want.gap !== undefined || want.ids.length > 0
        expect([room.hasNews(where), room.park(where, () => undefined) === undefined]).toEqual([atOnce, atOnce])
      },
    ),
    { numRuns: 1000 },
  )
})

test('a reader that reads on with a limit, from anywhere, gets all that is left, once and in order', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10 }),
      fc.nat(30),
      place,
      fc.integer({ min: 1, max: 4 }),
      (size, count, where, limit) => {
        const { room } = createRoom(size)
        fill(room, 1, count)
        const got: number[] = []
        let at: Place = where
        for (let turns = 0; turns === 0 || room.hasNews(at); turns++) {
          const page = room.read(at, limit)
          got.push(...ids(page))
          at = { epoch: room.epoch, id: page.next }
          expect(turns).toBeLessThan(40)
        }
        const all = Array.from({ length: count }, (_, i) => i + 1)
        expect(got).toEqual(expected({ epoch: room.epoch, all, size }, where, 500).ids)
      },
    ),
  )
})

test('the newest are the last so many, and never more to come', () => {
  const { room } = createRoom(10)
  fill(room, 1, 25)
  expect([ids(room.newest(3)), room.newest(3).next, room.newest(3).more]).toEqual([[23, 24, 25], 25, false])
  expect(ids(room.newest(500))).toHaveLength(10)
})

test('an entry is there by its id while the ring holds it', () => {
  const { room } = createRoom(3)
  fill(room, 1, 5)
  expect([room.entry(2), room.entry(3)?.message.id, room.entry(6)]).toEqual([undefined, 3, undefined])
  expect(room.slice(1, 4).map(({ message: { id } }) => id)).toEqual([3, 4])
})

test('the bytes of a room are those of what its ring holds', () => {
  const { room } = createRoom(3)
  fill(room, 1, 3)
  const three = room.bytes
  fill(room, 4, 6)
  expect(room.bytes).toBe(three)
  room.deliver(message(7, { text: 'x'.repeat(1000) }), 'epoch001')
  expect(room.bytes).toBeGreaterThan(three + 1000)
  fill(room, 1, 1, 'epoch002')
  expect(room.bytes).toBeLessThan(three)
})

test('a room is idle unless somebody is in it, waits in it, watches it or has a message on its way', () => {
  const { room } = createRoom()
  const holder = { username: 'ada', fold: 'ada' }
  room.presence.add(holder)
  expect(room.idle).toBe(false)
  room.presence.remove(holder)
  const busy = [
    () => room.park({ epoch: undefined, id: 0 }, () => undefined),
    () => room.presence.watch(() => undefined),
    () => room.hold(),
    () => {
      const stream = { cut: () => undefined }
      room.enter(stream)
      return () => room.exit(stream)
    },
  ]
  for (const begin of busy) {
    const undo = begin()
    expect(room.idle).toBe(false)
    undo?.()
    undo?.()
    expect(room.idle).toBe(true)
  }
})

test('a page is cut by its bytes, and has one entry in any case', () => {
  const { room } = createRoom()
  fill(room, 1, 5)
  const { bytes } = room.newest(1)
  expect(room.newest(500)).toMatchObject({ bytes: 5 * bytes, more: false })
  expect([ids(room.newest(500, 2 * bytes)), room.newest(500, 2 * bytes).bytes]).toEqual([[4, 5], 2 * bytes])
  expect([ids(room.newest(500, 3 * bytes - 1)), ids(room.newest(500, 1))]).toEqual([[4, 5], [5]])
  const begin = { epoch: room.epoch, id: 1 }
  const page = room.read(begin, 500, 2 * bytes)
  expect([ids(page), page.bytes, page.next, page.more]).toEqual([[2, 3], 2 * bytes, 3, true])
  expect([ids(room.read(begin, 500, 3 * bytes - 1)), ids(room.read(begin, 500, 1))]).toEqual([[2, 3], [2]])
  expect(room.read({ epoch: room.epoch, id: 3 }, 500, 2 * bytes)).toMatchObject({ next: 5, more: false })
})

test('a log without a message left is gone on with', () => {
  const { room } = createRoom()
  room.resume('epoch001', 7)
  expect([room.first, room.last, room.hasLog, room.newest(9).entries]).toEqual([8, 7, true, []])
  fill(room, 8, 8)
  expect([room.first, room.last, room.epoch]).toEqual([8, 8, 'epoch001'])
})

test('a message that a store has kept for a while expires as long before the others', () => {
  const { room, clock } = createRoom()
  room.deliver(message(1), 'epoch001', 1000)
  room.deliver(message(2), 'epoch001')
  expect(room.expire(clock.now() - 1001, 9)).toBe(0)
  expect(room.expire(clock.now() - 1000, 9)).toBe(1)
  expect([room.expire(clock.now(), 0), room.expire(clock.now(), 9), room.bytes]).toEqual([0, 1, 0])
})

test('a member has read what is in this log, and nothing of another', () => {
  const { room } = createRoom()
  const ada = { username: 'ada', fold: 'ada' }
  room.presence.add(ada)
  fill(room, 1, 3)
  room.saw(ada, { epoch: 'epoch001', id: 4 })
  room.saw(ada, { epoch: 'epoch002', id: 2 })
  expect(room.presence.seen.json).toBe('{}')
  room.saw(ada, { epoch: 'epoch001', id: 3 })
  expect(room.presence.seen.json).toBe('{"ada":3}')
  fill(room, 1, 1, 'epoch002')
  expect(room.presence.seen.json).toBe('{}')
})

test('a room that is forgotten cuts its streams and answers who waits', () => {
  const { room, clock } = createRoom()
  fill(room, 1, 1)
  const told: string[] = []
  room.park({ epoch: room.epoch, id: 1 }, () => told.push('poll'))
  room.enter({ cut: () => void told.push('stream') })
  const gone = { cut: () => expect.unreachable('it had left') }
  room.enter(gone)
  room.exit(gone)
  expect([room.waiting, room.streams]).toEqual([1, 1])
  room.end()
  clock.settle()
  expect([told, room.waiting, clock.timers]).toEqual([['stream', 'poll'], 0, 0])
})

test('a room is held until every message on its way is there, however often one says so', () => {
  const { room } = createRoom()
  const [one, other] = [room.hold(), room.hold()]
  one()
  one()
  expect(room.held).toBe(true)
  other()
  expect(room.held).toBe(false)
})

test('a change leaves alone what the ring has let go of, and the bytes are those of what is there', () => {
  const { room } = createRoom(3)
  fill(room, 1, 4)
  room.deliver(message(5, { type: 'edit', of: 1, text: 'x'.repeat(500) }), 'epoch001')
  room.deliver(message(6, { type: 'edit', of: 4, text: 'y'.repeat(500) }), 'epoch001')
  expect(ids(room.newest(9))).toEqual([4, 5, 6])
  expect(room.entry(4)?.message.text).toBe('y'.repeat(500))
  expect(room.bytes).toBe(room.newest(9).entries.reduce((sum, { size }) => sum + size, 0))
})

describe('in a busy room', () => {
  /** A room with three messages: the second has just woken a hundred readers, who are not back, and the third waits. */
  function busyRoom() {
    const { room, clock } = createRoom()
    fill(room, 1, 1)
    for (let i = 0; i < 100; i++) room.park({ epoch: room.epoch, id: 1 }, () => undefined)
    fill(room, 2, 2)
    clock.settle()
    fill(room, 3, 3)
    return { room, clock }
  }

  test('a reader that has had the last waking waits for the next, and one that is behind it has its news at once', () => {
    const { room, clock } = busyRoom()
    let woken = 0
    const park = (epoch: string | undefined, id: number) => room.park({ epoch, id }, () => woken++) !== undefined
    expect([park(room.epoch, 2), park(undefined, 2), park(room.epoch, 1), park('another1', 2)]).toEqual([
      true,
      true,
      false,
      false,
    ])
    clock.advance(1000)
    expect(woken).toBe(2)
  })

  test('a reader that comes back again and again joins the next waking, but not with a cursor of another log', () => {
    const { room, clock } = busyRoom()
    let woken = 0
    const park = (epoch: string, id: number) => room.parkForNext({ epoch, id }, () => woken++) !== undefined
    expect([park(room.epoch, 1), park(room.epoch, 4), park('another1', 1)]).toEqual([true, false, false])
    clock.advance(1000)
    expect([woken, park(room.epoch, 1)]).toEqual([1, false])
  })
})
