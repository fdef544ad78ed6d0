// Rooms that other processes make: they are in a list of rooms soon after, and a store is not asked for each list.

import { expect, test } from 'vitest'
import { ChatError } from '../../../src/core/errors.js'
import { LIST_MS } from '../../../src/core/rooms/new-rooms.js'
import { createChat, message } from '../../support/chat.js'

/** A chat beside other processes. `make` makes a room there; `asked`: how often the store was asked for its rooms. */
function createOneOfSeveral() {
  const fixture = createChat()
  const { chat, store } = fixture
  const made: string[] = []
  const names = (): string[] => [...chat.rooms].map(({ name }) => name)
  const parts = { ...fixture, names, asked: 0, fails: undefined as Error | undefined }
  Object.assign(store, {
    async listRooms() {
      parts.asked++
      if (parts.fails !== undefined) throw parts.fails
      return made
    },
  })
  const make = async (room: string): Promise<void> => {
    await store.subscribe(room, () => undefined)
    await store.append(room, message(1, { room }))
    made.push(room)
  }
  return Object.assign(parts, { make })
}

test('a room of another process is here once a list asks for it', async () => {
  const others = createOneOfSeveral()
  await others.make('lobby')
  expect(others.names()).toEqual([])
  await others.chat.reachRooms()
  expect(others.names()).toEqual(['lobby'])
})

test('the rooms that are here stay in the order in which they go', async () => {
  const others = createOneOfSeveral()
  for (const room of ['den', 'lobby']) await others.chat.rooms.open(room)
  for (const room of ['lobby', 'den', 'attic']) await others.make(room)
  await others.chat.reachRooms()
  expect(others.names()).toEqual(['lobby', 'den', 'attic'])
})

test('lists at one moment ask once, and those of the next second not at all', async () => {
  const others = createOneOfSeveral()
  await Promise.all([others.chat.reachRooms(), others.chat.reachRooms()])
  await others.make('lobby')
  others.clock.advance(LIST_MS - 1)
  expect([others.chat.reachRooms(), others.asked]).toEqual([undefined, 1])
  others.clock.advance(1)
  await others.chat.reachRooms()
  expect([others.names(), others.asked]).toEqual([['lobby'], 2])
})

test('while the store is away the list has the rooms that are here, and a bug is none of that', async () => {
  const others = createOneOfSeveral()
  others.fails = new ChatError('unavailable', 'the store is away: try again')
  expect(await others.chat.reachRooms()).toBeUndefined()
  others.clock.advance(LIST_MS)
  others.fails = new TypeError('a bug')
  await expect(others.chat.reachRooms()).rejects.toThrow('a bug')
})

test('a store that no other process writes to is not asked', () => {
  const { chat } = createChat()
  expect(chat.reachRooms()).toBeUndefined()
})
