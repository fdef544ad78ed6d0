import { describe, expect, test } from 'vitest'
import { parseSince } from '../../../src/core/rooms/cursor.js'
import { type Cut, newestOf, oldestOf, Frames, startOf, Stream } from '../../../src/core/rooms/stream.js'
import { createRoom, fill, message } from '../../support/chat.js'

const words = ({ gap, entries }: Cut): string[] => [
  ...(gap === undefined ? [] : [`${gap.reason} ${gap.missed}`]),
  ...entries.map((entry) => String(entry.message.id)),
]

function createStream(ringSize = 500) {
  const { room, clock } = createRoom(ringSize)
  const seen: string[] = []
  const socket = { hasRoom: true, encoded: 0 }
  const frames = new Frames((cut) => {
    socket.encoded++
    return words(cut)
  })
  const begin = (since: string | undefined = '0', limit = 500, onWrite: () => void = () => undefined) => {
    const stream = new Stream(room, startOf(room, parseSince(since, ['lobby']), limit), frames, {
      hasRoom: () => socket.hasRoom,
      cut: () => expect.unreachable('it was cut'),
      write: ({ form }) => {
        seen.push(...form)
        onWrite()
      },
    })
    stream.resume()
    return stream
  }
  return { room, clock, seen, socket, frames, begin }
}

describe('a stream', () => {
  test('writes what there is, then what comes, until it is closed', () => {
    const { room, clock, seen, begin } = createStream()
    fill(room, 1, 3)
    const stream = begin()
    fill(room, 4, 4)
    clock.settle()
    stream.close()
    fill(room, 5, 5)
    clock.settle()
    expect([seen, room.waiting, room.idle, stream.place]).toEqual([
      ['1', '2', '3', '4'],
      0,
      true,
      { epoch: 'epoch001', id: 4 },
    ])
  })

  test('rests while its socket is full, keeps its room, and is told what it missed', () => {
    const { room, clock, seen, socket, begin } = createStream(4)
    const stream = begin('now', 500, () => (socket.hasRoom = seen.length > 1))
    fill(room, 1, 1)
    clock.settle()
    fill(room, 2, 9)
    clock.settle()
    expect([seen, room.waiting, room.idle]).toEqual([['1'], 0, false])
    socket.hasRoom = true
    stream.resume()
    stream.resume()
    expect([seen, room.waiting]).toEqual([['1', 'overflow 4', '6', '7', '8', '9'], 1])
    stream.close()
  })

  test('that is asked to catch up writes without being woken, and goes on after a full socket', () => {
    const { room, clock, seen, socket, begin } = createStream()
    const stream = begin()
    fill(room, 1, 2)
    stream.catchUp()
    expect([seen, room.waiting]).toEqual([['1', '2'], 1])
    socket.hasRoom = false
    stream.catchUp()
    fill(room, 3, 3)
    clock.settle()
    socket.hasRoom = true
    stream.resume()
    expect([seen, room.waiting]).toEqual([['1', '2', '3'], 1])
    stream.close()
    stream.catchUp()
    stream.resume()
    expect(room.waiting).toBe(0)
  })

  test('that is closed by its own write stops there', () => {
    const { room, seen, begin } = createStream()
    for (let id = 1; id <= 20; id++) room.deliver(message(id, { text: 'x'.repeat(4000) }), 'epoch001')
    const stream = begin('now')
    stream.close()
    const other: { close?: () => void } = {}
    other.close = () => one.close()
    const one = begin('20', 500, () => other.close?.())
    fill(room, 21, 21)
    one.catchUp()
    expect([seen, room.waiting]).toEqual([['21'], 0])
  })

  test('is told of a log that began anew', () => {
    const { room, clock, seen, begin } = createStream()
    fill(room, 1, 2)
    begin()
    fill(room, 1, 1, 'epoch002')
    clock.settle()
    expect(seen).toEqual(['1', '2', 'restart null', '1'])
  })
})

test('a stream that catches up in a busy room does not wait for the next waking', () => {
  const { room, clock, seen, begin } = createStream()
  fill(room, 1, 1)
  for (let i = 0; i < 100; i++) room.park({ epoch: room.epoch, id: 1 }, () => undefined)
  const stream = begin('now')
  fill(room, 2, 2)
  clock.settle()
  fill(room, 3, 3)
  clock.settle()
  expect(seen).toEqual(['2'])
  stream.catchUp()
  expect(seen).toEqual(['2', '3'])
})

describe('frames', () => {
  test('that were made before a message was removed are told to nobody after it', () => {
    const { room } = createRoom()
    const frames = new Frames(({ entries }) => entries.map(({ json }) => json).join(''))
    frames.enter(room)
    fill(room, 1, 3)
    const begin = { epoch: room.epoch, id: 0 }
    expect(frames.after(room, begin).form).toContain('text 2')
    room.deliver(message(4, { type: 'delete', of: 2, text: 'removed' }), 'epoch001')
    expect(frames.after(room, begin).form).not.toContain('text 2')
  })

  test('of a log that has begun anew are those of the new log, also where it is as long', () => {
    const { room, frames } = createStream()
    frames.enter(room)
    for (const epoch of ['epoch001', 'epoch002']) {
      fill(room, 1, 3, epoch)
      const { place, entries } = frames.after(room, { epoch, id: 1 })
      expect([place, entries]).toEqual([{ epoch, id: 3 }, room.slice(2, 3)])
      expect(frames.size).toBe(1)
    }
  })

  test('are encoded once for all who are at one place', () => {
    const { room, seen, socket, begin } = createStream()
    fill(room, 1, 5)
    for (let i = 0; i < 100; i++) begin()
    expect([socket.encoded, seen.length]).toEqual([1, 500])
    fill(room, 6, 6)
    for (let i = 0; i < 100; i++) begin()
    expect(socket.encoded).toBe(2)
  })

  test('are cut where they grow long, and together they are everything', () => {
    const { room, seen, socket, begin } = createStream()
    for (let id = 1; id <= 40; id++) room.deliver(message(id, { text: 'x'.repeat(4000) }), 'epoch001')
    begin()
    expect(seen).toEqual(Array.from({ length: 40 }, (_, i) => String(i + 1)))
    expect(socket.encoded).toBeGreaterThan(4)
  })

  test('of a message that is longer than a frame are that message', () => {
    const { room, seen, begin } = createStream()
    room.deliver(message(1, { text: '\n'.repeat(40_000) }), 'epoch001')
    fill(room, 2, 2)
    begin()
    expect(seen).toEqual(['1', '2'])
  })

  test('are forgotten when there are many', () => {
    const { room, socket, frames } = createStream()
    fill(room, 1, 300)
    frames.enter(room)
    for (let id = 0; id < 300; id++) frames.after(room, { epoch: room.epoch, id })
    expect([socket.encoded, frames.size < 130]).toEqual([300, true])
    const newest = { epoch: room.epoch, id: 299 }
    expect(frames.after(room, newest)).toBe(frames.after(room, newest))
  })

  test('are forgotten when they are long together', () => {
    const { room, frames } = createStream()
    frames.enter(room)
    for (let id = 1; id <= 500; id++) room.deliver(message(id, { text: '😀'.repeat(4000) }), 'epoch001')
    let most = 0
    for (let id = 0; id < 500; id++) {
      frames.after(room, { epoch: room.epoch, id })
      most = Math.max(most, frames.size)
    }
    expect(most).toBeLessThan(100)
  })

  test('of 100,000 places outside of the ring leave none behind', () => {
    const { room, frames } = createStream(4)
    frames.enter(room)
    fill(room, 1, 9)
    for (let i = 0; i < 100_000; i++) {
      frames.after(room, { epoch: room.epoch, id: i < 50_000 ? 10 + i : i % 4 })
      frames.after(room, { epoch: `x${i}`, id: 7 })
    }
    expect(frames.size).toBe(0)
  })

  test('behind a gap are the same for all, wherever they were', () => {
    const { room } = createRoom(4)
    let encoded = 0
    const frames = new Frames(({ entries }) => (encoded += entries.length))
    frames.enter(room)
    fill(room, 1, 9)
    for (let i = 0; i < 1000; i++) {
      const { gap, entries, place } = frames.after(room, { epoch: room.epoch, id: 10 + i })
      expect([gap?.reason, entries.length, place.id]).toEqual(['rewind', 0, 5])
      expect(frames.after(room, place).entries.length).toBe(4)
    }
    expect(encoded).toBe(4)
  })

  test('are remembered while a stream reads the room, and not longer', () => {
    const { room, frames, begin } = createStream()
    const { room: den } = createRoom(500, 'den')
    for (const one of [room, den]) fill(one, 1, 50)
    const streams = [begin(), begin()]
    for (let id = 0; id < 50; id++) {
      frames.after(room, { epoch: room.epoch, id })
      frames.after(den, { epoch: den.epoch, id })
    }
    expect(frames.size).toBe(50)
    streams[0]?.close()
    expect(frames.size).toBe(50)
    streams[1]?.close()
    expect(frames.size).toBe(0)
  })
})

describe('where a stream begins', () => {
  const start = (since: string | undefined, limit = 500) => {
    const { room } = createRoom(4)
    fill(room, 1, 9)
    return startOf(room, parseSince(since, ['lobby']), limit)
  }
  const here = (id: number) => ({ epoch: 'epoch001', id })

  test('without a since, before the newest so many', () => {
    expect([start(undefined), start(undefined, 2), start('lobby.epoch001.9')]).toEqual([here(5), here(7), here(9)])
  })

  test('at a cursor, a bare number, now, or before everything', () => {
    expect([start('epoch001.7'), start('another1.7'), start('7'), start('now'), start('0')]).toEqual([
      here(7),
      { epoch: 'another1', id: 7 },
      here(7),
      here(9),
      here(5),
    ])
    expect(start('99')).toEqual({ epoch: undefined, id: 99 })
  })

  test('in a room without a log, at its beginning', () => {
    const { room } = createRoom()
    expect([oldestOf(room), newestOf(room, 5)]).toEqual([
      { epoch: '00000000', id: 0 },
      { epoch: '00000000', id: 0 },
    ])
  })
})
