// The entrance of a room: who comes in, at what rate rooms are made, and that nothing is left of a person who does not.

import { describe, expect, test } from 'vitest'
import { NO_LIMITS } from '../../../src/core/people/limits.js'
import { codeOf, createChat, join, moderator } from '../../support/chat.js'
import { createTwo, known } from '../../support/shared-people.js'

const room = 'lobby'

describe('an address', () => {
  const rates = { ...NO_LIMITS, rooms: { perSecond: 0.001, burst: 2 } }
  const address = '192.0.2.1'

  test('makes rooms at its rate, and speaks as it likes in rooms that are there', async () => {
    const { chat } = createChat({ rates })
    const say = (name: string) => chat.send({ room: name, username: 'ada', text: 'hi', address })
    await say('one')
    for (let i = 0; i < 3; i++) await say('one')
    await say('two')
    expect(await codeOf(() => say('three'))).toBe('rate_limited')
    expect(await codeOf(() => chat.join({ room: 'three', username: 'ada', address }))).toBe('rate_limited')
    await chat.join({ room: 'two', username: 'ada', address })
  })

  test('makes a room also where readers wait, but nothing was said', async () => {
    const { chat } = createChat({ rates })
    for (const name of ['one', 'two', 'three']) (await chat.rooms.open(name)).presence.watch(() => undefined)
    const say = (name: string) => chat.send({ room: name, username: 'ada', text: 'hi', address })
    await say('one')
    await say('two')
    expect(await codeOf(() => say('three'))).toBe('rate_limited')
  })
})

describe('a person who was let in before', () => {
  test('may speak and upload no more when the identity’s time is over, or in a room that is none of it', async () => {
    const { chat, clock } = createChat()
    const ada = await join(chat, 'ada')
    const identity = { subject: 'u1', username: 'ada', rooms: new Set(['den']), until: clock.date() + 1 }
    for (const speak of [() => chat.send({ room, session: ada, text: 'hi' }), () => chat.knock(ada, room)]) {
      ada.identity = identity
      expect(await codeOf(speak)).toBe('forbidden')
      ada.identity = { ...identity, rooms: undefined, until: clock.date() }
      expect(await codeOf(speak)).toBe('unauthorized')
    }
  })

  test('knocks at the rate of messages, in rooms that are joined and open, under a name that is heard', async () => {
    const { chat } = createChat({ rates: { ...NO_LIMITS, person: { perSecond: 0.001, burst: 2 } } })
    const [ada, teacher] = [await join(chat, 'ada'), await moderator(chat)]
    expect(await chat.knock(ada, room)).toBe(room)
    expect(await codeOf(() => chat.knock(ada, 'den'))).toBe('not_joined')
    await chat.moderation.close(teacher, room)
    expect(await codeOf(() => chat.knock(ada, room))).toBe('forbidden')
    await chat.moderation.close(teacher, room, false)
    await chat.moderation.mute(teacher, room, 'ada')
    expect(await codeOf(() => chat.knock(ada, room))).toBe('forbidden')
    await chat.moderation.mute(teacher, room, 'ada', 0)
    await chat.knock(ada, room)
    expect(await codeOf(() => chat.knock(ada, room))).toBe('rate_limited')
  })

  test('knocks in a closed room as a moderator whom another process has made', async () => {
    const { one, other } = createTwo()
    const ada = await join(one, 'ada')
    const there = await known(other, ada)
    await one.moderation.appoint(ada)
    await one.moderation.close(ada, room)
    await other.rooms.open(room)
    expect(await other.knock(there, room)).toBe(room)
  })
})

describe('where processes share their people', () => {
  test('a person is in a room here that was joined elsewhere, before any news of it', async () => {
    const { one, other } = createTwo()
    const ada = await join(one, 'ada', 'den')
    const there = await known(other, ada)
    await one.join({ room, session: ada })
    await other.send({ room, session: there, text: 'hi' })
    expect([...there.rooms].map(({ name }) => name)).toEqual([room])
    expect((await one.history(room, { limit: 9 })).messages.at(-1)).toMatchObject({ username: 'ada', text: 'hi' })
  })

  test('a room that was opened for a person who has not joined it goes again', async () => {
    const { clock, one, other } = createTwo()
    const there = await known(other, await join(one, 'ada'))
    expect(await codeOf(() => other.send({ room: 'attic', session: there, text: 'hi' }))).toBe('not_joined')
    clock.settle()
    expect(other.rooms.get('attic')).toBeUndefined()
  })

  test('what is lost of the news changes nothing: held names are refused, free ones are not, and who joined is in', async () => {
    const { people, one, other } = createTwo()
    await other.rooms.open(room)
    people.losesNews = true
    const ada = await join(one, 'A da')
    const say = () => other.send({ room, username: 'a_da', text: 'it is me' })
    expect(await codeOf(say)).toBe('name_taken')
    await other.send({ room, session: await known(other, ada), text: 'it is really me' })
    await one.leave(ada, room)
    await say()
  })

  test('a room in which nobody could be asked for a name goes again', async () => {
    const { clock, people, other } = createTwo()
    const refused = codeOf(() => other.send({ room: 'attic', username: 'ada', text: 'hi' }))
    while (other.rooms.get('attic') === undefined) await Promise.resolve()
    people.isHere = false
    expect(await refused).toBe('unavailable')
    clock.settle()
    expect(other.rooms.get('attic')).toBeUndefined()
  })

  test('a name that is muted, or a room that is closed, is refused as the room is opened, and the room goes again', async () => {
    const { clock, one, other } = createTwo()
    const teacher = await moderator(one)
    const say = (name: string) => other.send({ room: name, username: 'bob', text: 'hi' })
    await one.moderation.mute(teacher, 'den', 'bob')
    await one.moderation.close(teacher, 'attic')
    expect(await codeOf(() => say('den'))).toBe('forbidden')
    expect(await codeOf(() => say('attic'))).toBe('forbidden')
    expect(await codeOf(() => join(other, 'eve', 'attic'))).toBe('forbidden')
    clock.settle()
    expect([other.rooms.get('den'), other.rooms.get('attic')]).toEqual([undefined, undefined])
  })

  test('a moderator whom another process has made opens a closed room', async () => {
    const { one, other } = createTwo()
    const teacher = await join(one, 'teacher', 'staff')
    const there = await known(other, teacher)
    await one.moderation.appoint(teacher)
    await one.moderation.close(teacher, 'attic')
    await other.join({ room: 'attic', session: there })
    expect(one.rooms.get('attic')?.presence.members ?? (await one.members('attic')).members).toEqual(['teacher'])
  })
})
