import { describe, expect, test } from 'vitest'
import { Feed, STALL_MS } from '../../src/core/feed.js'
import { Metrics } from '../../src/core/metrics.js'
import type { Observer, WatchedReader } from '../../src/core/rooms/observer.js'
import { oldestOf, Frames } from '../../src/core/rooms/stream.js'
import { createChat } from '../support/chat.js'

async function createFeed(roomNames: readonly string[], parts: { readonly copies?: boolean } = {}) {
  const { chat, clock } = createChat()
  const metrics = new Metrics()
  const seen: string[] = []
  const socket = { takes: true, cuts: 0 }
  const feed = new Feed({ chat, metrics, transport: 'test', ...parts }, { cut: () => void socket.cuts++ })
  const frames = new Frames(({ entries }) => entries.map(({ message }) => `${message.room}${message.id}`))
  const rooms = await Promise.all(roomNames.map((name) => chat.rooms.open(name)))
  const undos = rooms.map((room) =>
    feed.follow(room, oldestOf(room), frames, ({ form }) => {
      seen.push(...form)
      return socket.takes
    }),
  )
  const say = (room: string) => chat.send({ room, username: 'ada', text: 'hi' })
  return { chat, clock, metrics, seen, socket, feed, undos, say }
}

test('all rooms go into one socket, and are counted for their transport', async () => {
  const { clock, seen, metrics, say } = await createFeed(['a', 'b'])
  for (const room of ['a', 'b', 'a']) {
    await say(room)
    clock.advance(50)
  }
  expect(seen).toEqual(['a1', 'b1', 'a2'])
  expect(metrics.delivered.lines('delivered')).toEqual(['delivered{transport="test"} 3'])
  expect(metrics.delivery.lines('delay').at(-1)).toBe('delay_count 3')
})

test('a full socket lets all of them rest, and its drain wakes them, another one first each time', async () => {
  const { clock, seen, socket, feed, say } = await createFeed(['a', 'b'])
  socket.takes = false
  await say('a')
  clock.settle()
  expect([seen, feed.hasRoom]).toEqual([['a1'], false])
  for (const room of ['a', 'b']) await say(room)
  clock.settle()
  feed.drained()
  expect(seen).toEqual(['a1', 'b1'])
  feed.drained()
  expect([seen, feed.hasRoom]).toEqual([['a1', 'b1', 'a2'], false])
  socket.takes = true
  feed.drained()
  feed.drained()
  expect(feed.hasRoom).toBe(true)
})

test('a socket that stays full for half a minute is given up, one that drains is not', async () => {
  const { clock, socket, feed } = await createFeed(['a'])
  feed.full()
  feed.full()
  clock.advance(STALL_MS - 100)
  feed.drained()
  clock.advance(STALL_MS)
  expect(socket.cuts).toBe(0)
  feed.full()
  clock.advance(STALL_MS + 100)
  expect(socket.cuts).toBe(1)
})

test('who asks to catch up sees at once what there is', async () => {
  const { seen, feed, say } = await createFeed(['a', 'b'])
  await say('a')
  await say('b')
  expect(seen).toEqual([])
  feed.catchUp()
  expect(seen).toEqual(['a1', 'b1'])
})

test('a room that is left is followed no more, the others are', async () => {
  const { clock, seen, undos, say } = await createFeed(['a', 'b'])
  undos[0]?.()
  undos[0]?.()
  for (const room of ['a', 'b']) await say(room)
  clock.settle()
  expect(seen).toEqual(['b1'])
})

test('after the end nothing is followed, no timer runs, and rooms that were there for it alone are gone', async () => {
  const { chat, clock, seen, feed, say } = await createFeed(['a', 'b'])
  feed.full()
  feed.close()
  feed.full()
  feed.drained()
  await say('a')
  clock.settle()
  expect([seen, chat.timers.size, clock.timers, [...chat.rooms.all()].map((room) => room.name)]).toEqual([
    [],
    0,
    0,
    ['a'],
  ])
})

test('one who is told a long past lets others have their turn after each 32 KiB, and misses nothing', async () => {
  const { chat, clock } = createChat()
  for (let i = 0; i < 100; i++) await chat.send({ room: 'big', username: 'ada', text: 'x'.repeat(4000) })
  const room = await chat.rooms.open('big')
  const seen: number[] = []
  const feed = new Feed({ chat, metrics: new Metrics(), transport: 'test', rests: true }, { cut: () => undefined })
  const frames = new Frames(({ entries }) => entries.map(({ message }) => message.id))
  feed.follow(room, oldestOf(room), frames, ({ form }) => seen.push(...form) > 0)
  expect(seen.length).toBeLessThan(30)
  expect(seen.length * 4000).toBeGreaterThan(32 * 1024)
  // What is said meanwhile comes in its place.
  await chat.send({ room: 'big', username: 'ada', text: 'the newest' })
  clock.settle()
  expect(seen).toEqual(Array.from({ length: 101 }, (_, i) => i + 1))
  feed.close()
})

test('one whose transport does not rest is told all of the past at once', async () => {
  const { chat } = createChat()
  for (let i = 0; i < 100; i++) await chat.send({ room: 'big', username: 'ada', text: 'x'.repeat(4000) })
  const room = await chat.rooms.open('big')
  const feed = new Feed({ chat, metrics: new Metrics(), transport: 'test' }, { cut: () => undefined })
  let told = 0
  feed.follow(room, oldestOf(room), new Frames(({ entries }) => entries.length), ({ form }) => (told += form) > 0)
  expect(told).toBe(100)
})

test('what is said now lets nobody rest, however long it is', async () => {
  const { chat, clock } = createChat()
  const room = await chat.rooms.open('big')
  const feed = new Feed({ chat, metrics: new Metrics(), transport: 'test', rests: true }, { cut: () => undefined })
  feed.follow(room, oldestOf(room), new Frames(() => ''), () => true)
  for (let i = 0; i < 20; i++) await chat.send({ room: 'big', username: 'ada', text: 'x'.repeat(4000) })
  feed.catchUp()
  expect(feed.goesOn).toBe(true)
  clock.settle()
})

test('a connection whose room is forgotten is cut', async () => {
  const { chat } = createChat({ rooms: 1 })
  await chat.send({ room: 'a', username: 'ada', text: 'hi' })
  const room = await chat.rooms.open('a')
  let cuts = 0
  const feed = new Feed({ chat, metrics: new Metrics(), transport: 'test' }, { cut: () => void cuts++ })
  feed.follow(room, oldestOf(room), new Frames(() => ''), () => true)
  await chat.send({ room: 'b', username: 'ada', text: 'hi' })
  expect(cuts).toBe(1)
})

test('a log that is lost is told as a gap, which is no message', async () => {
  const { clock, chat, metrics, say } = await createFeed(['a'])
  await say('a')
  clock.advance(1000)
  chat.rooms.get('a')?.restart('epoch009')
  clock.settle()
  expect(metrics.gaps.lines('gaps')).toEqual(['gaps{reason="restart"} 1'])
  expect([metrics.delivered.sum, metrics.delivery.lines('delay').at(-1)]).toEqual([1, 'delay_count 1'])
})

test('a connection without rooms drains like any other, and one that has hung up is never full', async () => {
  const { chat, clock, feed } = await createFeed([])
  feed.full(1e6)
  feed.drained()
  expect([feed.hasRoom, chat.pending.bytes]).toEqual([true, 0])
  feed.close()
  feed.full(1e6)
  expect([feed.hasRoom, chat.pending.bytes, clock.timers]).toEqual([true, 0, 0])
})

test('one who hangs up while it rests is told no more', async () => {
  const { chat, clock } = createChat()
  for (let i = 0; i < 100; i++) await chat.send({ room: 'big', username: 'ada', text: 'x'.repeat(4000) })
  const room = await chat.rooms.open('big')
  let told = 0
  const feed = new Feed({ chat, metrics: new Metrics(), transport: 'test', rests: true }, { cut: () => undefined })
  feed.follow(room, oldestOf(room), new Frames(() => ''), () => ++told > 0)
  const before = told
  feed.close()
  clock.settle()
  expect(told).toBe(before)
})

describe('a connection with an identity', () => {
  const until = (date: number) => ({ subject: 'u1', username: 'ada', rooms: undefined, until: date })

  test('ends with the time of the newest one, and one without stays', async () => {
    const { clock, socket, feed } = await createFeed(['a'])
    feed.endWith(undefined)
    feed.endWith(until(clock.date() + 1000))
    feed.endWith(until(clock.date() + 5000))
    clock.advance(4999)
    expect(socket.cuts).toBe(0)
    clock.advance(100)
    expect(socket.cuts).toBe(1)
  })

  test('whose time is over ends at once, and one that has hung up leaves no timer', async () => {
    const { chat, clock, socket, feed } = await createFeed(['a'])
    feed.endWith(until(clock.date() - 1_000_000))
    clock.advance(100)
    expect(socket.cuts).toBe(1)
    feed.endWith(until(clock.date() + 1000))
    feed.close()
    expect([chat.timers.size, clock.timers]).toEqual([0, 0])
  })
})

describe('the bytes in a full socket', () => {
  async function fullOf(parts: { readonly copies?: boolean }) {
    const fixture = await createFeed([], parts)
    const { chat, metrics, clock } = fixture
    for (let i = 0; i < 5; i++) await chat.send({ room: 'big', username: 'ada', text: 'x'.repeat(4000) })
    const room = await chat.rooms.open('big')
    const frames = new Frames(() => '')
    const feeds = [1, 2].map(() => new Feed({ chat, metrics, transport: 'test', ...parts }, { cut: () => undefined }))
    for (const feed of feeds) feed.follow(room, oldestOf(room), frames, () => false)
    const { bytes } = room.newest(5)
    return { ...fixture, clock, feeds, bytes }
  }

  test('count once for all that are told the same, until the last of them has drained or hung up', async () => {
    const { chat, feeds, bytes } = await fullOf({})
    expect(chat.pending.bytes).toBe(bytes)
    feeds[0]?.drained()
    expect(chat.pending.bytes).toBe(bytes)
    feeds[1]?.close()
    expect([chat.pending.bytes, chat.timers.size]).toEqual([0, 0])
  })

  test('count for each connection where each has a copy', async () => {
    const { chat, feeds, bytes } = await fullOf({ copies: true })
    expect(chat.pending.bytes).toBe(2 * bytes)
    for (const feed of feeds) feed.drained()
    expect(chat.pending.bytes).toBe(0)
  })

  test('that are too many cut the connection, and are not counted after that', async () => {
    const { chat } = await createFeed([])
    let cuts = 0
    const feed: Feed = new Feed(
      { chat, metrics: new Metrics(), transport: 'test' },
      { cut: () => (cuts++, feed.close()) },
    )
    feed.full(1e12)
    expect([cuts, chat.pending.bytes, chat.timers.size]).toEqual([1, 0, 0])
  })
})

test('a member has read what its connection was told, and not what is still in a full socket', async () => {
  const { chat, clock } = createChat()
  const { session, room } = await chat.join({ room: 'a', username: 'ada' })
  const socket = { takes: true }
  const feed = new Feed({ chat, metrics: new Metrics(), transport: 'test' }, { cut: () => undefined })
  feed.follow(room, { epoch: room.epoch, id: 1 }, new Frames(() => ''), () => socket.takes, session)
  expect(room.presence.seen.json).toBe('{"ada":1}')
  await chat.send({ room: 'a', username: 'bob', text: 'hi' })
  clock.settle()
  expect(room.presence.seen.json).toBe('{"ada":2}')
  socket.takes = false
  await chat.send({ room: 'a', username: 'bob', text: 'hi' })
  clock.settle()
  expect(room.presence.seen.json).toBe('{"ada":2}')
})

test('a gap is counted for its reason, and the past counts as no delay', async () => {
  const { chat } = createChat({ ring: 2 })
  for (let i = 0; i < 5; i++) await chat.send({ room: 'a', username: 'ada', text: 'hi' })
  const room = await chat.rooms.open('a')
  const metrics = new Metrics()
  const feed = new Feed({ chat, metrics, transport: 'test' }, { cut: () => undefined })
  feed.follow(room, { epoch: room.epoch, id: 1 }, new Frames(() => ''), () => true)
  expect(metrics.gaps.lines('gaps')).toEqual(['gaps{reason="overflow"} 1'])
  expect([metrics.delivered.sum, metrics.delivery.lines('delay').at(-1)]).toEqual([2, 'delay_count 0'])
})

test('a live message is counted with the time it took in seconds', async () => {
  const { clock, metrics, say } = await createFeed(['a'])
  await say('a')
  clock.stall(40)
  clock.settle()
  expect(metrics.delivery.lines('delay').at(-2)).toBe('delay_sum 0.04')
})

test('an observer sees a connection wait, be told and go, as one reader until it has another name', async () => {
  const { chat, clock, feed, undos, say } = await createFeed(['a', 'attic'])
  undos[1]?.()
  const seen: unknown[] = []
  const readers = new Set<WatchedReader>()
  const note = (what: string, reader: WatchedReader, ...more: unknown[]): void => {
    readers.add(reader)
    seen.push([what, reader.way, reader.name, ...more])
  }
  const observer: Observer = {
    sent: () => undefined,
    kept: () => undefined,
    repeated: () => undefined,
    delivered: () => undefined,
    waking: () => undefined,
    parked: (reader, room, id, at) => note('parked', reader, room.name, id, at === clock.now()),
    told: (reader, room, { id, messages }) => note('told', reader, room.name, id, messages),
    gone: (reader) => note('gone', reader),
  }
  chat.watch.observer = observer
  for (const one of chat.feeds) one.tellTo(observer)
  await say('a')
  clock.settle()
  expect([readers.size, chat.feeds.size]).toEqual([1, 1])
  feed.name = 'ada'
  const den = await chat.rooms.open('den')
  feed.follow(den, oldestOf(den), new Frames(() => []), () => true)
  feed.close()
  feed.close()
  expect(seen).toEqual([
    ['parked', 'test', undefined, 'a', 0, true],
    ['told', 'test', undefined, 'a', 1, 1],
    ['parked', 'test', 'ada', 'den', 0, true],
    ['gone', 'test', 'ada'],
  ])
  expect([readers.size, chat.feeds.size, [...readers].every(({ key }) => key === feed)]).toEqual([2, 0, true])
})
