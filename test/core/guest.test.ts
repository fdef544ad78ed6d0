import { expect, test } from 'vitest'
import { Guest } from '../../src/core/guest.js'
import { codeOf, createChat } from '../support/chat.js'

test('a guest has one session a name, and it ends with its last room', async () => {
  const { chat } = createChat()
  const guest = new Guest(chat)
  for (const room of ['lobby', 'den']) await guest.join(room, 'ada')
  expect(await codeOf(() => guest.join('lobby', 'bob'))).toBe('bad_request')
  expect(chat.sessions.size).toBe(1)
  await guest.leave('lobby')
  expect(await codeOf(() => guest.in('lobby'))).toBe('not_joined')
  await guest.leave('den')
  expect(chat.sessions.size).toBe(0)
})

test('a guest whose connection ends leaves every room under every name', async () => {
  const { chat } = createChat()
  const guest = new Guest(chat)
  await guest.join('lobby', 'ada')
  await guest.join('den', 'bob')
  await guest.end()
  expect([...chat.rooms].map((room) => room.presence.size)).toEqual([0, 0])
  expect([chat.sessions.size, chat.timers.size]).toEqual([0, 0])
})

test('a guest whose connection ends while it joins has left when the join is done', async () => {
  const { chat } = createChat()
  const guest = new Guest(chat)
  const joining = guest.join('lobby', 'ada')
  await guest.end()
  await joining
  expect([chat.sessions.size, chat.rooms.get('lobby')?.presence.size]).toEqual([0, 0])
})
