// Messages whose time is over, in the ring and in the memory's store, on a clock that the test holds.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createChat, createRoom, fill } from '../../support/chat.js'

const KEEP_MS = 60_000

async function chatOf(count: number) {
  const fixture = createChat({ keepMs: KEEP_MS })
  for (let i = 1; i <= count; i++) await fixture.chat.send({ room: 'lobby', username: 'ada', text: `text ${i}` })
  const room = await fixture.chat.rooms.open('lobby')
  return { ...fixture, room }
}

const idsOf = ({ entries }: { entries: readonly { message: { id: number } }[] }): number[] =>
  entries.map(({ message }) => message.id)

test('a message is gone from the ring and from the history when its time is over, and not before', async () => {
  const { chat, clock, room } = await chatOf(2)
  clock.advance(KEEP_MS / 2)
  await chat.send({ room: 'lobby', username: 'ada', text: 'text 3' })
  clock.advance(KEEP_MS / 2 - 1)
  expect(idsOf(room.newest(500))).toEqual([1, 2, 3])
  clock.advance(KEEP_MS / 30)
  expect(idsOf(room.newest(500))).toEqual([3])
  expect(await chat.history('lobby', { limit: 50 })).toMatchObject({ first: 3, last: 3, messages: [{ id: 3 }] })
  await chat.close()
  expect(clock.timers).toBe(0)
})

test('a room whose every message has expired keeps its epoch, and its ids go on', async () => {
  const { chat, clock, room } = await chatOf(3)
  const { epoch } = room
  clock.advance(2 * KEEP_MS)
  expect([room.first, room.last, room.bytes, chat.rooms.bytes]).toEqual([4, 3, 0, 0])
  expect(await chat.history('lobby', { limit: 50 })).toMatchObject({
    messages: [],
    epoch,
    first: 4,
    last: 3,
    more: false,
  })
  const { message } = await chat.send({ room: 'lobby', username: 'ada', text: 'again' })
  expect([message.id, room.epoch, room.first]).toEqual([4, epoch, 4])
  expect((await chat.history('lobby', { limit: 50 })).first).toBe(4)
})

test('a reader behind what has expired is told how many it missed, and who has had the newest waits', async () => {
  const { clock, room } = await chatOf(3)
  const { epoch } = room
  let woken = 0
  room.park({ epoch, id: 3 }, () => woken++)
  clock.advance(2 * KEEP_MS)
  expect(woken).toBe(0)
  expect(room.read({ epoch, id: 1 }, 500)).toMatchObject({
    entries: [],
    next: 3,
    more: false,
    gap: { room: 'lobby', reason: 'overflow', missed: 2, first: 4 },
  })
  expect(room.read({ epoch: undefined, id: 2 }, 500).gap).toMatchObject({ reason: 'overflow', missed: 1, first: 4 })
  expect(room.read({ epoch, id: 3 }, 500).gap).toBeUndefined()
  expect([room.hasNews({ epoch, id: 1 }), room.hasNews({ epoch, id: 3 })]).toEqual([true, false])
})

test('a bare 0 is all the ring holds and never a gap; where it holds nothing, it waits', async () => {
  const { chat, clock, room } = await chatOf(3)
  clock.advance(2 * KEEP_MS)
  const beginning = { epoch: undefined, id: 0 }
  expect(room.read(beginning, 500)).toMatchObject({ entries: [], next: 3, gap: undefined })
  let woken = 0
  expect(room.parkForNext(beginning, () => woken++)).toBeDefined()
  await chat.send({ room: 'lobby', username: 'ada', text: 'again' })
  clock.settle()
  expect([woken, idsOf(room.read(beginning, 500))]).toEqual([1, [4]])
})

test('a repeated key adds nothing for ten minutes, also where its message has expired', async () => {
  const { chat, clock } = createChat({ keepMs: 2000 })
  const ask = { room: 'lobby', username: 'ada', text: 'once', key: 'k1' }
  await chat.send(ask)
  clock.advance(9 * 60_000)
  expect(await chat.send(ask)).toMatchObject({ replayed: true, message: { id: 1 } })
  clock.advance(2 * 60_000)
  expect(chat.rooms.bytes).toBe(0)
  expect(await chat.send(ask)).toMatchObject({ replayed: false, message: { id: 2 } })
})

test('so many at one time that others are heard in between: what is left expires with the next look', async () => {
  const { chat, clock } = createChat({ keepMs: KEEP_MS, ring: 30_000 })
  for (let i = 0; i < 25_000; i++) await chat.send({ room: 'lobby', username: 'ada', text: 'hi' })
  const room = await chat.rooms.open('lobby')
  clock.advance(KEEP_MS)
  expect(room.first).toBe(20_001)
  clock.advance(KEEP_MS / 30)
  expect([room.first, room.last]).toEqual([25_001, 25_000])
})

test('one timer is for all rooms and messages', async () => {
  const { chat, clock } = createChat({ keepMs: KEEP_MS })
  const before = clock.timers
  for (let i = 0; i < 100; i++) await chat.send({ room: `room${i}`, username: 'ada', text: 'hi' })
  expect(clock.timers).toBe(before)
  clock.advance(2 * KEEP_MS)
  expect([...chat.rooms].every(({ first, last }) => first === 2 && last === 1)).toBe(true)
})

test('a ring that expires and fills holds what a plain array would', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 20 }))), (steps) => {
      const { room, clock } = createRoom(4)
      let model: { id: number; at: number }[] = []
      let last = 0
      for (const [count, ms] of steps) {
        fill(room, last + 1, last + count)
        for (let i = 0; i < count; i++) model.push({ id: ++last, at: clock.now() })
        clock.advance(ms)
        room.expire(clock.now() - 15, 500)
        model = model.filter(({ at }) => at > clock.now() - 15).slice(-4)
        expect(room.slice(0, Infinity).map(({ message }) => message.id)).toEqual(model.map(({ id }) => id))
        expect([room.first, room.last]).toEqual([last === 0 ? 0 : last + 1 - model.length, last])
        expect(room.bytes).toBe(room.slice(0, Infinity).reduce((sum, { size }) => sum + size, 0))
      }
    }),
  )
})
