import { expect, test } from 'vitest'
import { ConnectionMember } from '../../src/core/connection-member.js'
import { codeOf, createChat } from '../support/chat.js'

test('a member has one session a name, and it ends with its last room', async () => {
  const { chat } = createChat()
  const member = new ConnectionMember(chat)
  for (const room of ['lobby', 'den']) await member.join(room, 'ada')
  expect(await codeOf(() => member.join('lobby', 'bob'))).toBe('bad_request')
  expect(chat.sessions.size).toBe(1)
  await member.leave('lobby')
  expect(await codeOf(() => member.in('lobby'))).toBe('not_joined')
  expect([chat.sessions.size, (await chat.members('den')).members]).toEqual([1, ['ada']])
  await member.leave('den')
  expect(chat.sessions.size).toBe(0)
})

test('a member whose connection ends leaves every room under every name', async () => {
  const { chat } = createChat()
  const member = new ConnectionMember(chat)
  await member.join('lobby', 'ada')
  await member.join('den', 'bob')
  await member.end()
  expect([...chat.rooms].map((room) => room.presence.size)).toEqual([0, 0])
  expect([chat.sessions.size, chat.timers.size]).toEqual([0, 0])
})

test('a member whose connection ends while it joins has left when the join is done', async () => {
  const { chat } = createChat()
  const member = new ConnectionMember(chat)
  const joining = member.join('lobby', 'ada')
  await member.end()
  await joining
  expect([chat.sessions.size, chat.rooms.get('lobby')?.presence.size]).toEqual([0, 0])
})
