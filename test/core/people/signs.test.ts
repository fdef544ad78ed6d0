// Signs: who may show that they type, and whose hands go up and down.

import { describe, expect, test } from 'vitest'
import type { Chat } from '../../../src/core/chat.js'
import type { Presence } from '../../../src/core/rooms/presence.js'
import { NO_LIMITS } from '../../../src/core/people/limits.js'
import { codeOf, createChat, join, moderator } from '../../support/chat.js'

const room = 'lobby'

function shown(chat: Chat): Presence['state']['presence'] {
  return chat.rooms.get(room)?.presence.state.presence ?? expect.unreachable('there is no room')
}

describe('typing', () => {
  test('is told until the person says that it is over', async () => {
    const { chat } = createChat()
    const ada = await join(chat, 'ada')
    await chat.typing(ada, room, true)
    expect(shown(chat).typing).toEqual(['ada'])
    await chat.typing(ada, room, false)
    expect(shown(chat).typing).toEqual([])
  })

  test('is not told of a person who may not speak: the room is closed, the name is muted, the time is over', async () => {
    const { chat, clock } = createChat()
    const teacher = await moderator(chat)
    const ada = await join(chat, 'ada')
    const type = () => codeOf(() => chat.typing(ada, room, true))
    await chat.moderation.close(teacher, room)
    expect(await type()).toBe('forbidden')
    await chat.moderation.close(teacher, room, false)
    await chat.moderation.mute(teacher, room, 'ada')
    expect(await type()).toBe('forbidden')
    await chat.moderation.mute(teacher, room, 'ada', 0)
    ada.identity = { subject: 'u1', username: 'ada', rooms: undefined, until: clock.date() }
    expect(await type()).toBe('unauthorized')
    expect(shown(chat).typing).toEqual([])
  })
})

describe('a hand', () => {
  test('goes up and down for its own session, in the order in which they went up', async () => {
    const { chat } = createChat()
    const [ada, bob] = [await join(chat, 'ada'), await join(chat, 'bob')]
    await chat.hand(bob, room, true)
    await chat.hand(ada, room, true, 'ADA')
    expect(shown(chat).hands).toEqual(['bob', 'ada'])
    await chat.hand(bob, room, false)
    expect(shown(chat).hands).toEqual(['ada'])
  })

  test('of another person a moderator alone puts down, and nobody puts up', async () => {
    const { chat } = createChat()
    const teacher = await moderator(chat)
    const [ada, bob] = [await join(chat, 'ada'), await join(chat, 'bob')]
    await chat.hand(bob, room, true)
    expect(await codeOf(() => chat.hand(ada, room, false, 'bob'))).toBe('forbidden')
    expect(await codeOf(() => chat.hand(teacher, room, true, 'ada'))).toBe('bad_request')
    expect(shown(chat).hands).toEqual(['bob'])
    await chat.hand(teacher, room, false, 'Bob')
    expect(shown(chat).hands).toBeUndefined()
  })

  test('is put down by its own person also where that one moderates', async () => {
    const { chat } = createChat()
    const ada = await join(chat, 'ada')
    await chat.moderation.appoint(ada)
    await chat.hand(ada, room, true, 'ada')
    expect(shown(chat).hands).toEqual(['ada'])
    expect(await codeOf(() => chat.hand(ada, 'den', true))).toBe('not_joined')
  })

  test('goes up in a closed room; of a muted person only down', async () => {
    const { chat } = createChat()
    const teacher = await moderator(chat)
    const ada = await join(chat, 'ada')
    await chat.moderation.close(teacher, room)
    await chat.hand(ada, room, true)
    await chat.moderation.mute(teacher, room, 'ada')
    await chat.hand(ada, room, false)
    expect(shown(chat).hands).toBeUndefined()
    expect(await codeOf(() => chat.hand(ada, room, true))).toBe('forbidden')
  })

  test('stays where it is when the person’s time is over, or the room is none of theirs', async () => {
    const { chat, clock } = createChat()
    const ada = await join(chat, 'ada')
    const identity = { subject: 'u1', username: 'ada', rooms: new Set(['den']), until: clock.date() + 1 }
    ada.identity = identity
    expect(await codeOf(() => chat.hand(ada, room, true))).toBe('forbidden')
    ada.identity = { ...identity, rooms: undefined, until: clock.date() }
    expect(await codeOf(() => chat.hand(ada, room, true))).toBe('unauthorized')
    expect(shown(chat).hands).toBeUndefined()
  })

  test('moves no faster than the rate of a person', async () => {
    const { chat } = createChat({ rates: { ...NO_LIMITS, person: { perSecond: 1, burst: 2 } } })
    const ada = await join(chat, 'ada')
    await chat.hand(ada, room, true)
    await chat.hand(ada, room, false)
    expect(await codeOf(() => chat.hand(ada, room, true))).toBe('rate_limited')
    expect(shown(chat).hands).toBeUndefined()
  })

  test('that a moderator looks for in a room without people leaves no room behind', async () => {
    const { chat, clock } = createChat()
    const teacher = await moderator(chat)
    await chat.hand(teacher, 'attic', false, 'bob')
    clock.advance(0)
    expect(chat.rooms.get('attic')).toBeUndefined()
  })
})
