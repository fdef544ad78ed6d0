// Two processes that share their people: what each knows of the people of the other.

import { expect, test } from 'vitest'
import type { Chat } from '../../../src/core/chat.js'
import { join } from '../../support/chat.js'
import { createTwo, pass } from '../../support/shared-people.js'

const room = 'lobby'

const shown = (chat: Chat) => chat.rooms.get(room)?.presence.state.presence

test('who comes and goes in one process is shown in the other, in the order in which they came', async () => {
  const { one, other } = createTwo()
  const ada = await join(one, 'ada')
  await join(other, 'bob')
  await join(one, 'cyd')
  expect([shown(one)?.members, shown(other)?.members]).toEqual([
    ['ada', 'bob', 'cyd'],
    ['ada', 'bob', 'cyd'],
  ])
  await one.leave(ada, room)
  expect([shown(one)?.members, shown(other)?.members]).toEqual([
    ['bob', 'cyd'],
    ['bob', 'cyd'],
  ])
})

test('a session that both processes know has the same rooms in both', async () => {
  const { one, other } = createTwo()
  await other.rooms.open(room)
  const { session: ada } = await one.join({ room: 'den', username: 'ada' })
  await other.sessions.reach(ada.token)
  const known = other.sessions.get(ada.token)
  await one.join({ room, session: ada })
  expect([...known.rooms]).toEqual([other.rooms.get(room)])
  expect(other.rooms.get(room)?.presence.holder('ada')).toBe(known)
  await one.leave(ada, room)
  expect(known.rooms.size).toBe(0)
})

test('typing and hands are shown in the other process, as long as they are in the first', async () => {
  const { one, other } = createTwo()
  const [ada] = [await join(one, 'ada'), await join(other, 'bob')]
  await one.typing(ada, room, true)
  await one.hand(ada, room, true)
  expect(shown(other)).toMatchObject({ typing: ['ada'], hands: ['ada'] })
  await one.typing(ada, room, false)
  await one.hand(ada, room, false)
  expect(shown(other)).toEqual({ members: ['ada', 'bob'], typing: [] })
})

test('a room is told once of a person whose time is over, by whichever process finds that out', async () => {
  const { clock, one, other } = createTwo()
  await join(one, 'ada')
  const stay = (await join(other, 'bob')).connect()
  await pass(clock, 65_000)
  expect(shown(other)?.members).toEqual(['bob'])
  const { messages } = await other.history(room, { limit: 9 })
  expect(messages.map(({ username, text }) => `${username} ${text}`)).toEqual(['ada joined', 'bob joined', 'ada left'])
  stay()
})

test('a process that has forgotten a room has forgotten its orders, and knows them when it opens the room again', async () => {
  const { clock, one, other } = createTwo()
  const teacher = await join(one, 'teacher')
  await one.moderation.appoint(teacher)
  await one.moderation.close(teacher, 'den')
  const before = await other.rooms.open('den')
  expect(other.moderation.isClosed('den')).toBe(true)
  other.rooms.settle(before)
  clock.settle()
  expect([other.rooms.get('den'), other.moderation.isClosed('den')]).toEqual([undefined, false])
  await one.join({ room: 'den', session: teacher })
  expect(before.presence.size).toBe(0)
  await other.rooms.open('den')
  expect(other.moderation.isClosed('den')).toBe(true)
})
