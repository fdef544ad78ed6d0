// Moderation without a server: how long an order is in force, whom it meets, and what is left of it afterwards.

import { describe, expect, test } from 'vitest'
import type { Chat } from '../../../src/core/chat.js'
import { MUTE_SECONDS } from '../../../src/core/people/moderation.js'
import { type ChatSizes, codeOf, createChat, moderator } from '../../support/chat.js'
import { createTwo, known, pass } from '../../support/shared-people.js'
import { createShelf, file, fileId } from '../../support/shelf.js'

const room = 'lobby'

async function createClass(sizes?: ChatSizes) {
  const fixture = createChat(sizes)
  return { ...fixture, teacher: await moderator(fixture.chat) }
}

const say = (chat: Chat, username = 'bob') => chat.send({ room, username, text: 'hi' })

describe('a mute', () => {
  test('ends with its last second, and says how many seconds are left', async () => {
    const { chat, clock, teacher } = await createClass()
    await chat.moderation.mute(teacher, room, 'Bob', 60)
    clock.advance(1)
    await expect(say(chat)).rejects.toMatchObject({ code: 'forbidden', retryAfter: 60 })
    clock.advance(59_998)
    await expect(say(chat)).rejects.toMatchObject({ code: 'forbidden', retryAfter: 1 })
    clock.advance(1)
    await say(chat)
  })

  test('is for five minutes where no time is given, for a day at most, and for the newest time that was given', async () => {
    const { chat, clock, teacher } = await createClass()
    const mute = (seconds?: number) => chat.moderation.mute(teacher, room, 'bob', seconds)
    await mute(MUTE_SECONDS.most)
    expect(await codeOf(() => mute(MUTE_SECONDS.most + 1))).toBe('bad_request')
    await mute()
    clock.advance(1000 * MUTE_SECONDS.default - 1)
    expect(await codeOf(() => say(chat))).toBe('forbidden')
    clock.advance(1)
    await say(chat)
  })

  test('of one name leaves the mutes of others as they are', async () => {
    const { chat, teacher } = await createClass()
    for (const name of ['bob', 'cyd', 'dan']) await chat.moderation.mute(teacher, room, name, 60)
    await chat.moderation.mute(teacher, room, 'cyd', 0)
    expect(await codeOf(() => say(chat, 'bob'))).toBe('forbidden')
    await say(chat, 'cyd')
    expect(await codeOf(() => say(chat, 'dan'))).toBe('forbidden')
  })

  test('stays when the room is closed and opened, or is slow for a while', async () => {
    const { chat, teacher } = await createClass()
    await chat.moderation.mute(teacher, room, 'bob', 60)
    await chat.moderation.close(teacher, room)
    await chat.moderation.slow(teacher, room, 10)
    await chat.moderation.close(teacher, room, false)
    await chat.moderation.slow(teacher, room, 0)
    expect(await codeOf(() => say(chat))).toBe('forbidden')
    await say(chat, 'eve')
  })

  test('is as long in every process, whatever their clocks say', async () => {
    const { clock, one, other } = createTwo()
    const teacher = await moderator(one)
    await other.rooms.open(room)
    await one.moderation.mute(teacher, room, 'bob', 60)
    clock.advance(59_999)
    await expect(say(other)).rejects.toMatchObject({ code: 'forbidden', retryAfter: 1 })
    clock.advance(1)
    await say(other)
  })

  test('that one process takes back is over in the other', async () => {
    const { one, other } = createTwo()
    const teacher = await moderator(one)
    await other.rooms.open(room)
    await one.moderation.mute(teacher, room, 'bob', 60)
    await one.moderation.mute(teacher, room, 'cyd', 60)
    await one.moderation.mute(teacher, room, 'bob', 0)
    await say(other)
    expect(await codeOf(() => say(other, 'cyd'))).toBe('forbidden')
  })
})

describe('an order', () => {
  test('is a moderator’s, whose identity is good for the room', async () => {
    const { chat, clock, teacher } = await createClass()
    const identity = { subject: 'u1', username: 'teacher', rooms: new Set(['staff']), until: clock.date() + 1 }
    teacher.identity = identity
    expect(await codeOf(() => chat.moderation.close(teacher, room))).toBe('forbidden')
    teacher.identity = { ...identity, rooms: undefined, until: clock.date() }
    expect(await codeOf(() => chat.moderation.close(teacher, room))).toBe('unauthorized')
    await say(chat)
  })

  test('wakes those who watch who is in the room, once', async () => {
    const { chat, clock, teacher } = await createClass()
    const lobby = (await say(chat)).room
    let told = 0
    const stop = lobby.presence.watch(() => told++)
    await chat.moderation.close(teacher, room)
    clock.advance(2000)
    expect([told, lobby.presence.state.presence.closed]).toEqual([1, true])
    await chat.moderation.slow(teacher, room, 10)
    clock.advance(2000)
    expect([told, lobby.presence.state.presence.slow]).toEqual([2, 10])
    stop()
  })

  test('is told in a room that another process ordered, and a mute tells nobody', async () => {
    const { clock, one, other } = createTwo()
    const teacher = await moderator(one)
    const lobby = await other.rooms.open(room)
    let told = 0
    const stop = lobby.presence.watch(() => told++)
    const ordered = async (order: Promise<void>) => {
      await order
      await pass(clock, 2000)
      return [told, lobby.presence.state.presence]
    }
    const nobody = { members: [], typing: [] }
    expect(await ordered(one.moderation.mute(teacher, room, 'bob'))).toEqual([0, nobody])
    expect(await ordered(one.moderation.close(teacher, room))).toEqual([1, { ...nobody, closed: true }])
    expect(await ordered(one.moderation.slow(teacher, room, 9))).toEqual([2, { ...nobody, closed: true, slow: 9 }])
    stop()
  })

  test('in a room where nothing was said finds nothing, and leaves no room behind', async () => {
    const { chat, clock, teacher } = await createClass()
    expect(await codeOf(() => chat.moderation.clear(teacher, 'attic'))).toBe('not_found')
    expect(await codeOf(() => chat.remove(teacher, 'attic', 1))).toBe('not_found')
    clock.settle()
    expect(chat.rooms.get('attic')).toBeUndefined()
  })
})

describe('a moderator', () => {
  test('whom the directory could not be told of does not moderate', async () => {
    const { people, one } = createTwo()
    const { session } = await one.join({ room, username: 'ada' })
    people.isHere = false
    expect(await codeOf(() => one.moderation.appoint(session))).toBe('unavailable')
    people.isHere = true
    expect(session.moderates).toBe(false)
    expect(await codeOf(() => one.moderation.close(session, room))).toBe('forbidden')
  })

  test('whom one process has made speaks and joins in a closed room, and at any pace, in another that knew the session before', async () => {
    const { one, other } = createTwo()
    const { session } = await one.join({ room, username: 'ada' })
    const there = await known(other, session)
    await one.moderation.appoint(session)
    for (const order of ['close', 'slow'] as const) {
      there.moderates = false
      if (order === 'close') await one.moderation.close(session, room)
      else await one.moderation.slow(session, room, 60)
      for (let i = 0; i < 2; i++) await other.send({ room, session: there, text: 'hi' })
      await one.moderation.close(session, room, false)
    }
    await one.moderation.close(session, 'den')
    await other.rooms.open('den')
    there.moderates = false
    await other.join({ room: 'den', session: there })
    expect(other.rooms.get('den')?.presence.members).toEqual(['ada'])
  })

  test('gives orders through any process', async () => {
    const { one, other } = createTwo()
    const { session } = await one.join({ room, username: 'ada' })
    const there = await known(other, session)
    await one.moderation.appoint(session)
    await other.moderation.mute(there, room, 'bob')
    expect(await codeOf(() => say(one))).toBe('forbidden')
  })

  test('takes messages out also while the directory is away', async () => {
    const { people, one } = createTwo()
    const { session } = await one.join({ room, username: 'ada' })
    await one.moderation.appoint(session)
    await one.send({ room, session, text: 'oh' })
    people.isHere = false
    expect((await one.remove(session, room, 2)).message).toMatchObject({ of: 2, username: 'ada' })
    people.isHere = true
  })

  test('is not asked for while every room is open, nor is a person who has no session', async () => {
    const { people, one } = createTwo()
    const teacher = await moderator(one)
    const { session } = await one.join({ room, username: 'bob' })
    await one.rooms.open('den')
    await one.moderation.close(teacher, 'den')
    people.isHere = false
    await one.send({ room, session, text: 'hi' })
    people.isHere = true
    expect(await codeOf(() => one.send({ room: 'den', username: 'eve', text: 'hi' }))).toBe('forbidden')
  })
})

describe('the file of a message', () => {
  test('goes when a moderator removes the message', async () => {
    const { files, done } = createShelf()
    const { chat, teacher } = await createClass({ files })
    await chat.join({ room, session: teacher })
    const { message } = await chat.send({ room, session: teacher, text: '', file: fileId })
    expect(message).toMatchObject({ file, text: 'hill.png' })
    await chat.moderation.remove(teacher, room, message.id)
    expect(done.at(-1)).toBe(`${fileId} removed`)
  })

  test('goes when the room is cleared, with those of all messages until then', async () => {
    const { files, done } = createShelf()
    const { chat, teacher } = await createClass({ files })
    await say(chat)
    const { message } = await chat.moderation.clear(teacher, room)
    expect(done).toEqual([`lobby cleared to ${message.timestamp}`])
  })
})
