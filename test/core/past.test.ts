// The past through the chat: a page and a search, where the ring holds only the newest part of what the store keeps.

import { describe, expect, test } from 'vitest'
import type { Chat } from '../../src/core/chat.js'
import type { Range } from '../../src/core/rooms/store.js'
import { memoryStore } from '../../src/stores/memory.js'
import { type ChatFixture, createChat, fill } from '../support/chat.js'
import { fixedRandom } from '../support/random.js'

const room = 'lobby'

type Searched = Parameters<Chat['search']>[2]

/** The ids of what is found. */
async function find({ chat, clock }: Omit<ChatFixture, 'store'>, query: string, range: Searched): Promise<number[]> {
  const searching = chat.search(room, query, range)
  const turning = setInterval(() => clock.settle())
  const { messages } = await searching
  clearInterval(turning)
  return messages.map(({ id }) => id)
}

/** A chat whose ring holds 10 of 30 messages, one a second; `asked`: what the store is asked for. */
async function createPast() {
  const store = memoryStore(500, fixedRandom())
  const fixture = createChat({ ring: 10 }, store)
  const { chat, clock } = fixture
  const begin = clock.date()
  for (let i = 1; i <= 30; i++) {
    await chat.send({ room, username: 'ada', text: i % 2 === 0 ? `even ${i}` : `odd ${i}` })
    clock.advance(1000)
  }
  const asked: Range[] = []
  const read = store.read.bind(store)
  store.read = (name, range) => {
    asked.push(range)
    return read(name, range)
  }
  const look = (query: string, range: Searched) => find(fixture, query, range)
  return { ...fixture, begin, asked, look }
}

const ids = (from: number, to: number, step = 1): number[] =>
  Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => from + step * i)

test('a search goes on in the store where the ring ends, and finds each message once', async () => {
  const { look, asked } = await createPast()
  expect(await look('even', { limit: 99 })).toEqual(ids(2, 30, 2))
  expect(asked.map(({ before }) => before)).toEqual([undefined, 21])
})

test('a search before a place begins there, in the ring or behind it', async () => {
  const { look, asked } = await createPast()
  for (const before of [31, 30, 25, 22, 21, 20, 2]) {
    const found = await look('odd', { before, limit: 99 })
    expect([before, found]).toEqual([before, ids(1, before - 1, 2)])
  }
  expect(asked.filter(({ before }) => before !== undefined).every(({ before = 0 }) => before <= 21)).toBe(true)
  expect(await look('odd', { after: 20, limit: 3 })).toEqual([21, 23, 25])
})

test('a page begins at a time', async () => {
  const { chat, begin } = await createPast()
  const page = await chat.history(room, { from: begin + 19_500, limit: 5 })
  expect(page.messages.map(({ id }) => id)).toEqual(ids(21, 25))
  expect(page.json.map((json): unknown => JSON.parse(json))).toEqual(page.messages)
})

test('a search that begins at a time finds what was said since', async () => {
  const { begin, look } = await createPast()
  expect(await look('even', { from: begin + 25_000, limit: 99 })).toEqual([26, 28, 30])
})

test('a message that was changed behind the ring is told as it is now', async () => {
  const { chat } = await createPast()
  const { session } = await chat.join({ room: 'staff', username: 'teacher' })
  await chat.moderation.appoint(session)
  await chat.remove(session, room, 2)
  await chat.remove(session, room, 30)
  const page = await chat.history(room, { limit: 99 })
  expect(page.messages.filter(({ type }) => type === 'removed').map(({ id }) => id)).toEqual([2, 30])
  expect(page.json.join('')).not.toMatch(/even (2|30)"/)
})

describe('a process beside others', () => {
  test('finds what was said in a room that is not open here', async () => {
    const { store } = await createPast()
    const other = createChat({}, store)
    expect(await find(other, 'even', { limit: 3 })).toEqual([26, 28, 30])
    expect((await other.chat.history(room, { limit: 1 })).messages).toMatchObject([{ id: 30 }])
    expect(other.chat.rooms.get(room)).toBeUndefined()
  })

  test('that has not been told the newest messages yet finds them all the same', async () => {
    const { chat, store } = await createPast()
    const subscribe = store.subscribe.bind(store)
    const other = createChat({}, { ...store, subscribe: (name) => subscribe(name, () => undefined) })
    await other.chat.rooms.open(room)
    for (const text of ['even 31', 'even 32']) await chat.send({ room, username: 'ada', text })
    expect(other.chat.rooms.get(room)?.last).toBe(30)
    expect(await find(other, 'even', { limit: 4 })).toEqual([28, 30, 31, 32])
  })

  test('whose ring is of another log than the store has finds what the store has', async () => {
    const { chat, look } = await createPast()
    const held = await chat.rooms.open(room)
    fill(held, 1, 40, 'another1')
    expect(await look('even', { limit: 2 })).toEqual([28, 30])
    expect(await look('text', { limit: 2 })).toEqual([])
  })
})
