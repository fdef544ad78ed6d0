import { expect, test } from 'vitest'
import { Feed, STALL_MS } from '../../src/core/feed.js'
import { Metrics } from '../../src/core/metrics.js'
import { oldestOf, Frames } from '../../src/core/rooms/stream.js'
import { createChat } from '../support/chat.js'

async function createFeed(roomNames: readonly string[]) {
  const { chat, clock } = createChat()
  const metrics = new Metrics()
  const seen: string[] = []
  const socket = { takes: true, cuts: 0 }
  const feed = new Feed({ chat, metrics, transport: 'test' }, { cut: () => void socket.cuts++ })
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
  // What is said meanwhile comes in its place.
  await chat.send({ room: 'big', username: 'ada', text: 'the newest' })
  clock.settle()
  expect(seen).toEqual(Array.from({ length: 101 }, (_, i) => i + 1))
  feed.close()
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
