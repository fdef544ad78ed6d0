// Slow mode on a clock that a test holds: when a name may speak again.

import { expect, test } from 'vitest'
import type { Chat } from '../../../src/core/chat.js'
import { Speakers } from '../../../src/core/people/slow.js'
import type { Store } from '../../../src/core/rooms/store.js'
import { memoryStore } from '../../../src/stores/memory.js'
import { codeOf, createChat, createRoom } from '../../support/chat.js'
import { fixedRandom } from '../../support/random.js'

const room = 'lobby'

async function slowChat(seconds: number, store?: Store) {
  const fixture = createChat({ ring: 8 }, store)
  const { chat } = fixture
  const { session: teacher } = await chat.join({ room: 'staff', username: 'teacher' })
  await chat.moderation.appoint(teacher)
  await chat.moderation.slow(teacher, room, seconds)
  return { ...fixture, teacher }
}

const say = (chat: Chat, username: string, text = 'hi') => chat.send({ room, username, text })

test('a name speaks again when its time is over, and not a moment before', async () => {
  const { chat, clock } = await slowChat(10)
  await say(chat, 'bob')
  clock.advance(9999)
  expect(await codeOf(() => say(chat, 'Bob'))).toBe('rate_limited')
  await say(chat, 'eve')
  clock.advance(1)
  await say(chat, 'bob')
  expect(await codeOf(() => say(chat, 'bob'))).toBe('rate_limited')
})

test('of two messages of a name at one moment one is kept', async () => {
  const { chat } = await slowChat(10)
  const both = await Promise.allSettled([say(chat, 'bob', 'one'), say(chat, 'bob', 'two')])
  expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
})

test('what the room was told before it was slow counts, and what its ring has lost is remembered', async () => {
  const { chat, clock, teacher } = await slowChat(0)
  await say(chat, 'bob')
  await chat.moderation.slow(teacher, room, 60)
  expect(await codeOf(() => say(chat, 'bob'))).toBe('rate_limited')
  await say(chat, 'eve')
  for (let i = 0; i < 20; i++) await say(chat, `name ${i}`)
  expect(await codeOf(() => say(chat, 'eve'))).toBe('rate_limited')
  clock.advance(60_000)
  await say(chat, 'eve')
})

test('a message that could not be kept costs nobody their turn', async () => {
  const store = memoryStore(8, fixedRandom())
  const append = store.append.bind(store)
  const { chat } = await slowChat(10, store)
  store.append = () => Promise.reject(new Error('full'))
  await expect(say(chat, 'bob')).rejects.toThrow('full')
  store.append = append
  await say(chat, 'bob')
})

test('a name that speaks too early is told in how many seconds it may', async () => {
  const { chat, clock } = await slowChat(10)
  await say(chat, 'bob')
  await expect(say(chat, 'bob')).rejects.toMatchObject({ code: 'rate_limited', retryAfter: 10 })
  clock.advance(9001)
  await expect(say(chat, 'bob')).rejects.toMatchObject({ code: 'rate_limited', retryAfter: 1 })
})

test('of what was said before the room was slow a message counts that others followed, or that was removed', async () => {
  const { chat, teacher } = await slowChat(0)
  await say(chat, 'eve')
  const { message } = await say(chat, 'bob')
  await chat.moderation.remove(teacher, room, message.id)
  await say(chat, 'cem')
  await chat.moderation.slow(teacher, room, 60)
  for (const name of ['eve', 'bob', 'cem']) expect(await codeOf(() => say(chat, name))).toBe('rate_limited')
})

test('to come in is not to speak', async () => {
  const { chat } = await slowChat(10)
  const { session } = await chat.join({ room, username: 'bob' })
  await chat.send({ room, session, text: 'hi' })
})

test('a message that fails after its name has spoken again takes nothing back', () => {
  const [speakers, { room: lobby }] = [new Speakers(), createRoom()]
  const failed = speakers.speak(lobby, 'bob', 10, 0)
  speakers.speak(lobby, 'bob', 10, 10_000)
  failed()
  expect(() => speakers.speak(lobby, 'bob', 10, 10_001)).toThrow('wait 10 s')
})

test('twenty thousand names are remembered, and of more the one that spoke the longest ago is forgotten', () => {
  const [speakers, { room: lobby }] = [new Speakers(), createRoom()]
  const speak = (i: number) => speakers.speak(lobby, `name ${i}`, 300, i)
  for (let i = 1; i <= 20_000; i++) speak(i)
  expect(() => speakers.speak(lobby, 'name 1', 300, 20_000)).toThrow('wait')
  speak(20_001)
  speakers.speak(lobby, 'name 1', 300, 20_002)
  expect(() => speakers.speak(lobby, 'name 3', 300, 20_003)).toThrow('wait')
})
