import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseSince, type Place } from '../../../src/core/rooms/cursor.js'
import { GATHER_SEEN_MS, SEEN_MS, TELL_MS } from '../../../src/core/rooms/presence.js'
import { ANSWER_BYTES, presenceVersion, Reader, type View } from '../../../src/core/rooms/reader.js'
import type { Room } from '../../../src/core/rooms/room.js'
import { createRoom, fill, message } from '../../support/chat.js'

type Options = { readonly limit?: number; readonly presence?: boolean; readonly seen?: boolean }

function reader(rooms: readonly Room[], since: string | undefined, options: Options = {}): Reader {
  return new Reader(
    rooms,
    parseSince(
      since,
      rooms.map((room) => room.name),
    ),
    { limit: 500, presence: false, ...options },
  )
}

const ids = ({ entries }: View): string[] => entries.map(({ message }) => `${message.room}.${message.id}`)
const never = (): never => expect.unreachable('woken')

describe('a reader of one room', () => {
  test('without a place sees the newest at once, and never more to come', () => {
    const { room } = createRoom()
    fill(room, 1, 10)
    const one = reader([room], undefined, { limit: 3 })
    expect(one.park(never)).toBeUndefined()
    expect([ids(one.look()), one.look().more, one.cursor(one.look())]).toEqual([
      ['lobby.8', 'lobby.9', 'lobby.10'],
      false,
      'epoch001.10',
    ])
  })

  test('from now on sees only what comes', () => {
    const { room, clock } = createRoom()
    fill(room, 1, 10)
    const one = reader([room], 'now')
    let woken = false
    expect(one.park(() => (woken = true))).toBeDefined()
    fill(room, 11, 11)
    clock.settle()
    expect([woken, ids(one.look())]).toEqual([true, ['lobby.11']])
  })

  test('stays where it is until it moves', () => {
    const { room } = createRoom()
    fill(room, 1, 5)
    const one = reader([room], '0', { limit: 2 })
    expect([ids(one.look()), ids(one.look())]).toEqual([
      ['lobby.1', 'lobby.2'],
      ['lobby.1', 'lobby.2'],
    ])
    expect(one.onlyPlace).toEqual({ epoch: undefined, id: 0 })
    one.move(one.look())
    expect([ids(one.look()), one.onlyPlace]).toEqual([['lobby.3', 'lobby.4'], { epoch: 'epoch001', id: 2 }])
    expect([one.places, one.look().gaps]).toEqual([[{ epoch: 'epoch001', id: 2 }], []])
  })
})

describe('a reader of several rooms', () => {
  test('sees them grouped, each in id order, and goes on from a cursor of all', () => {
    const { room: lobby } = createRoom(500, 'lobby')
    const { room: den } = createRoom(500, 'den')
    fill(lobby, 1, 3)
    fill(den, 1, 2, 'epoch002')
    const one = reader([lobby, den], 'den.epoch002.1~lobby.epoch001.1')
    expect(ids(one.look())).toEqual(['lobby.2', 'lobby.3', 'den.2'])
    expect(one.cursor(one.look())).toBe('lobby.epoch001.3~den.epoch002.2')
    expect(one.onlyPlace).toBeUndefined()
  })

  test('has one gap for each room that has one, and more when any has', () => {
    const { room: lobby } = createRoom(4, 'lobby')
    const { room: den } = createRoom(4, 'den')
    fill(lobby, 1, 9)
    fill(den, 1, 1)
    const view = reader([lobby, den], 'lobby.epoch001.1~den.another1.1', { limit: 2 }).look()
    expect(view.gaps.map(({ room, reason, missed }) => [room, reason, missed])).toEqual([
      ['lobby', 'overflow', 4],
      ['den', 'restart', null],
    ])
    expect(view.more).toBe(true)
  })

  test('is woken once, by whichever speaks first, and waits nowhere afterwards', () => {
    const { room: lobby, clock } = createRoom(500, 'lobby')
    const { room: den } = createRoom(500, 'den')
    let woken = 0
    expect(reader([lobby, den], 'now').park(() => woken++)).toBeDefined()
    fill(lobby, 1, 1)
    clock.settle()
    fill(den, 1, 1)
    fill(lobby, 2, 2)
    clock.settle()
    expect([woken, lobby.waiting, den.waiting]).toEqual([1, 0, 0])
  })

  test('does not wait anywhere when one room has news already, or is to be read from its newest messages', () => {
    const { room: lobby } = createRoom(500, 'lobby')
    const { room: den } = createRoom(500, 'den')
    fill(den, 1, 1)
    for (const since of ['lobby.00000000.0~den.00000000.0', 'lobby.00000000.0'])
      expect(reader([lobby, den], since).park(never)).toBeUndefined()
    expect([lobby.waiting, den.waiting]).toEqual([0, 0])
  })

  test('that asks for no presence watches none', () => {
    const rooms = ['lobby', 'den'].map((name) => createRoom(500, name).room)
    expect(reader(rooms, 'now').park(never)).toBeDefined()
    expect(rooms.map(({ waiting, presence }) => [waiting, presence.watchers])).toEqual([
      [1, 0],
      [1, 0],
    ])
  })
})

describe('an answer', () => {
  /** A room with so many messages of 10 kB each: a hundred of them fit into one answer. */
  function createLoud(name: string, count: number): Room {
    const { room } = createRoom(500, name)
    for (let id = 1; id <= count; id++) room.deliver(message(id, { room: name, text: 'x'.repeat(10_000) }), 'epoch001')
    return room
  }

  const { room: lull } = createRoom(500, 'lull')
  const [quiet, loud, louder] = [createLoud('quiet', 1), createLoud('loud', 200), createLoud('louder', 200)]
  const counts = (rooms: readonly Room[], { entries }: View): number[] =>
    rooms.map(({ name }) => entries.filter(({ message: { room } }) => room === name).length)

  test.for([
    ['has so many messages of a loud room', [loud], [100]],
    ['has the same share for each of two loud rooms', [loud, louder], [50, 50]],
    ['has more of a loud room behind a quiet one', [quiet, loud], [1, 99]],
    ['has no share for a room without news', [lull, loud, louder], [0, 50, 50]],
    ['has no share for a room without news among others', [loud, lull, louder], [50, 0, 50]],
  ] as const)('%s', ([, rooms, expected]) => {
    const one = reader(rooms, rooms.map(({ name, epoch }) => `${name}.${epoch}.0`).join('~'))
    expect([counts(rooms, one.look()), one.look().more]).toEqual([expected, true])
  })

  test('has the same share for rooms that are read from their newest messages', () => {
    const view = reader([loud, louder], undefined).look()
    expect([counts([loud, louder], view), view.entries.at(-1)?.message.id]).toEqual([[50, 50], 200])
  })

  test('is less than 1 MiB, and not much less, with the presence of every room beside its messages', () => {
    const rooms = [createLoud('loud', 200), createLoud('louder', 200)]
    for (const { presence } of rooms)
      for (let i = 0; i < 2000; i++) presence.add({ username: `${'漢'.repeat(24)}${i}`, fold: String(i) })
    const states = rooms.map(({ presence }) => presence.state.json)
    const since = 'loud.epoch001.0~louder.epoch001.0'
    const { entries } = reader(rooms, since, { presence: true }).look()
    const bytes = Buffer.byteLength([...entries.map(({ json }) => json), ...states].join(','))
    expect(bytes / 1024 ** 2).toBeGreaterThan(0.9)
    expect(bytes / 1024 ** 2).toBeLessThan(1)
    expect(counts(rooms, reader(rooms, since).look())).toEqual([50, 50])
  })
})

describe('presence', () => {
  const ada = { username: 'ada', fold: 'ada' }
  const bob = { username: 'bob', fold: 'bob' }
  const newest = ({ epoch, last }: Room): Place => ({ epoch, id: last })

  test('is told at once to who was told none, also while a change is about to be told', () => {
    const { room } = createRoom()
    const leave = reader([room], 'now').park(never)
    room.presence.watch(() => undefined)
    room.presence.add(ada)
    expect(room.presence.telling).toBe(true)
    for (const seen of [false, true])
      expect(reader([room], 'now', { presence: true, seen }).park(never)).toBeUndefined()
    leave?.()
  })

  test('wakes who was told another state, and never a plain reader', () => {
    const { room, clock } = createRoom()
    const first = reader([room], 'now', { presence: true })
    const cursor = first.cursor(first.look())
    expect(cursor).toMatch(/^00000000\.0~p[a-z0-9]+$/)
    let woken = 0
    reader([room], cursor, { presence: true }).park(() => woken++)
    reader([room], cursor).park(never)
    room.presence.add(ada)
    clock.advance(TELL_MS)
    expect([woken, room.presence.watchers, room.waiting]).toEqual([1, 0, 1])
  })

  test('that is as it was told wakes nobody', () => {
    const { room, clock } = createRoom()
    const first = reader([room], 'now', { presence: true })
    const leave = reader([room], first.cursor(first.look()), { presence: true }).park(never)
    room.presence.add(ada)
    room.presence.remove(ada)
    clock.advance(3 * TELL_MS)
    leave?.()
    expect([room.waiting, room.presence.watchers, clock.timers]).toEqual([0, 0, 0])
  })

  test('that changed while a reader was away is told when it comes back, but not twice in a second', () => {
    const { room, clock } = createRoom()
    const first = reader([room], 'now', { presence: true })
    const one = reader([room], first.cursor(first.look()), { presence: true })
    const times: number[] = []
    const go = (): void => {
      times.push(clock.now())
      one.move(one.look())
    }
    one.park(go)
    room.presence.add(ada)
    clock.advance(30)
    room.presence.add(bob)
    expect(times).toHaveLength(1)
    expect(one.park(go)).toBeDefined()
    clock.advance(2 * TELL_MS)
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(TELL_MS)
  })

  test.for([
    ['of one room of several', (lobby: Room) => lobby.presence.add(bob), TELL_MS],
    ['with what members have had in one room of several', (lobby: Room) => lobby.saw(ada, newest(lobby)), SEEN_MS],
  ] as const)('%s that is about to be told is waited for', ([, change, ms]) => {
    const { room: lobby, clock } = createRoom(500, 'lobby')
    const { room: den } = createRoom(500, 'den')
    lobby.presence.add(ada)
    fill(lobby, 1, 1)
    clock.advance(2 * TELL_MS)
    const one = reader([lobby, den], 'now', { presence: true, seen: true })
    one.move(one.look())
    const leave = one.park(never)
    change(lobby)
    leave?.()
    let woken = 0
    expect(one.park(() => woken++)).toBeDefined()
    clock.advance(ms)
    expect([woken, lobby.presence.watchers, den.presence.watchers]).toEqual([1, 0, 0])
  })

  test('with what members have had wakes who asks for that, within some seconds, and never at once', () => {
    const { room, clock } = createRoom()
    room.presence.add(ada)
    room.presence.add(bob)
    fill(room, 1, 1)
    clock.advance(2 * TELL_MS)
    const one = reader([room], 'now', { presence: true, seen: true })
    const plain = reader([room], 'now', { presence: true })
    one.move(one.look())
    plain.move(plain.look())
    const times: number[] = []
    one.park(() => times.push(clock.now()))
    const leave = plain.park(never)
    const start = clock.now()
    room.saw(bob, { epoch: room.epoch, id: 1 })
    room.saw(ada, { epoch: 'anotherx', id: 1 })
    room.saw(ada, { epoch: room.epoch, id: 2 })
    clock.advance(SEEN_MS)
    expect(times).toEqual([start + GATHER_SEEN_MS])
    expect(one.look().places).toEqual([{ epoch: room.epoch, id: 1 }])
    expect(room.presence.seen.json).toBe('{"bob":1}')
    one.move(one.look())
    // What comes in while nobody is there is waited for too.
    room.saw(ada, { epoch: room.epoch, id: 1 })
    expect(one.park(() => times.push(clock.now()))).toBeDefined()
    clock.advance(SEEN_MS)
    expect(times).toHaveLength(2)
    leave?.()
    expect([room.waiting, room.presence.watchers, clock.timers]).toEqual([0, 0, 0])
  })

  test('with what members have had is no news to who was told it and asks no more', () => {
    const { room } = createRoom()
    const { room: other } = createRoom(500, 'other')
    room.presence.add(ada)
    fill(room, 1, 1)
    room.saw(ada, { epoch: room.epoch, id: 1 })
    for (const rooms of [[room], [room, other]]) {
      const one = reader(rooms, 'now', { presence: true, seen: true })
      const plain = reader(rooms, one.cursor(one.look()), { presence: true })
      const leave = plain.park(never)
      expect(leave).toBeDefined()
      leave?.()
    }
  })

  test('a log that begins anew has been had by nobody', () => {
    const { room } = createRoom()
    room.presence.add(ada)
    fill(room, 1, 5)
    room.saw(ada, { epoch: room.epoch, id: 5 })
    room.restart('epoch002')
    expect(room.presence.seen.json).toBe('{}')
  })

  test('that would fill the answer by itself leaves place for messages', () => {
    const { room } = createRoom()
    for (let i = 0; i < 12_000; i++) room.presence.add({ username: `${'x'.repeat(24)}${i}`, fold: String(i) })
    expect(3 * room.presence.state.json.length).toBeGreaterThan(ANSWER_BYTES)
    fill(room, 1, 100)
    expect(reader([room], '0', { presence: true }).look().entries).toHaveLength(100)
  })

  test('of several rooms is one version, in whatever order they are asked for', () => {
    const { room: lobby } = createRoom(500, 'lobby')
    const { room: den } = createRoom(500, 'den')
    lobby.presence.add(ada)
    expect(presenceVersion([lobby, den])).toBe(presenceVersion([den, lobby]))
    const before = presenceVersion([lobby, den])
    den.presence.add(bob)
    expect(presenceVersion([lobby, den])).not.toBe(before)
    expect(presenceVersion([lobby, den], true)).toBe(presenceVersion([den, lobby], true))
    expect(presenceVersion([lobby, den], true).startsWith(presenceVersion([lobby, den]))).toBe(true)
    const unread = presenceVersion([lobby, den], true)
    fill(den, 1, 1)
    den.saw(bob, newest(den))
    expect(presenceVersion([lobby, den], true)).not.toBe(unread)
  })
})

test('readers who come and go while messages come lose none, double none, and see them in order', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('say', 'turn', 'tick', 'come', 'leave'), { maxLength: 120 }), (steps) => {
      const { room, clock } = createRoom(500)
      const readers = Array.from({ length: 12 }, () => ({
        one: reader([room], '0'),
        seen: [] as string[],
        leave: undefined as (() => void) | undefined,
      }))
      const come = (me: (typeof readers)[number]): void => {
        if (me.leave !== undefined) return
        me.leave = me.one.park(() => tell(me))
        if (me.leave === undefined) tell(me)
      }
      const tell = (me: (typeof readers)[number]): void => {
        me.leave = undefined
        const view = me.one.look()
        me.seen.push(...ids(view))
        me.one.move(view)
      }
      for (const [i, step] of steps.entries()) {
        const me = readers[i % readers.length]
        if (step === 'say') fill(room, room.last + 1, room.last + 1)
        else if (step === 'turn') clock.turn()
        else if (step === 'tick') clock.advance(3)
        else if (step === 'come') readers.forEach(come)
        else {
          me?.leave?.()
          if (me !== undefined) me.leave = undefined
        }
      }
      for (let i = 0; i < 3; i++) {
        readers.forEach(come)
        clock.advance(100)
      }
      const all = Array.from({ length: room.last }, (_, i) => `lobby.${i + 1}`)
      for (const { seen } of readers) expect(seen).toEqual(all)
    }),
    { numRuns: 200 },
  )
})
