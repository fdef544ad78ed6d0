import { describe, expect, test } from 'vitest'
import type { Chat } from '../../src/core/chat.js'
import type { SendRequest } from '../../src/core/people/sending.js'
import { KEY_MS } from '../../src/core/rooms/idempotency.js'
import { SESSION_MS } from '../../src/core/people/sessions.js'
import { TICK_MS } from '../../src/core/rooms/timer-wheel.js'
import { codeOf, createChat } from '../support/chat.js'

const say = (chat: Chat, more: Partial<SendRequest> = {}) =>
  chat.send({ room: 'lobby', username: 'ada', text: 'hi', ...more })

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

async function told(chat: Chat, room = 'lobby'): Promise<string[]> {
  const { messages } = await chat.history(room, { limit: 500 })
  return messages.map((message) => `${message.id} ${message.type} ${message.username} ${message.text}`)
}

describe('sending', () => {
  test('gives each room its own ids, from 1, without a gap', async () => {
    const { chat, clock } = createChat()
    expect((await say(chat)).message).toEqual({
      id: 1,
      room: 'lobby',
      type: 'chat',
      username: 'ada',
      text: 'hi',
      timestamp: clock.date(),
    })
    expect((await say(chat)).message.id).toBe(2)
    expect((await say(chat, { room: 'den' })).message.id).toBe(1)
  })

  test('of a hundred at one moment loses and doubles none', async () => {
    const { chat } = createChat()
    const sent = await Promise.all(Array.from({ length: 100 }, (_, i) => say(chat, { text: `n${i}` })))
    expect(sent.map(({ message }) => message.id)).toEqual(Array.from({ length: 100 }, (_, i) => i + 1))
    expect(new Set(sent.map(({ room }) => room)).size).toBe(1)
  })

  test('in one turn keeps the order, with keys and without', async () => {
    const { chat } = createChat()
    // The room is there: nobody waits for it.
    await say(chat)
    const keys = [{ key: 'one' }, {}, { key: 'three' }, {}]
    const sent = await Promise.all(keys.map((key) => say(chat, key)))
    expect(sent.map(({ message }) => message.id)).toEqual([2, 3, 4, 5])
  })

  test('beside a clear is answered with its own message, and the epoch of the log that has it', async () => {
    const { chat, store } = createChat()
    const { session } = await chat.join({ room: 'lobby', username: 'teacher' })
    session.moderates = true
    const got = new Map<string, string>()
    await store.subscribe('lobby', ({ id, text }, epoch) => got.set(text, `${epoch}.${id}`))
    const texts = Array.from({ length: 20 }, (_, i) => `n${i}`)
    const sent = await Promise.all(
      texts.map(async (text, i) => {
        const saying = say(chat, { username: `person ${i}`, text, ...(i % 2 === 0 ? {} : { key: `k${i}` }) })
        if (i % 5 === 2) await chat.moderation.clear(session, 'lobby')
        return saying
      }),
    )
    expect(sent.map(({ message }) => [message.username, message.text])).toEqual(
      texts.map((text, i) => [`person ${i}`, text]),
    )
    expect(sent.map(({ message, epoch }) => `${epoch}.${message.id}`)).toEqual(texts.map((text) => got.get(text)))
    expect(sent.some(({ room, epoch }) => room.epoch !== epoch)).toBe(true)
  })

  test('tells those who listen, until they stop', async () => {
    const { chat } = createChat()
    const heard: string[] = []
    const stop = chat.onPublish((message) => heard.push(message.text))
    await say(chat)
    stop()
    await say(chat)
    expect(heard).toEqual(['hi'])
  })

  test.each([
    { room: 'a b' },
    { room: undefined },
    { username: '[x]' },
    { username: undefined },
    { text: '' },
    { text: 7 },
    { key: 'a b' },
    { key: null },
  ])('refuses %j and opens no room', async (wrong) => {
    const { chat } = createChat()
    expect(await codeOf(() => say(chat, wrong))).toBe('bad_request')
    expect([...chat.rooms.all()]).toEqual([])
  })

  test('under names and into rooms that JavaScript knows otherwise is nothing special', async () => {
    const { chat } = createChat()
    for (const name of ['__proto__', 'constructor', 'toString']) {
      const sent = await say(chat, { room: name, username: name, key: name })
      expect([sent.message.id, sent.replayed, sent.message.room, sent.message.username]).toEqual([1, false, name, name])
      expect((await chat.join({ room: name, username: name })).room.presence.state.presence.members).toEqual([name])
    }
  })
})

describe('keys', () => {
  test('a repeat adds nothing, and answers the same message', async () => {
    const { chat } = createChat()
    const first = await say(chat, { key: 'k' })
    const again = await say(chat, { key: 'k' })
    expect([first.replayed, again.replayed, again.message]).toEqual([false, true, first.message])
    expect(first.message.key).toBe('k')
    expect(first.room.last).toBe(1)
  })

  test('twenty repeats at one moment are one message', async () => {
    const { chat } = createChat()
    const all = await Promise.all(Array.from({ length: 20 }, () => say(chat, { key: 'k' })))
    expect(all.filter(({ replayed }) => !replayed)).toHaveLength(1)
    expect(await told(chat)).toHaveLength(1)
  })

  test('texts are the same that are the same after normalisation; another is refused', async () => {
    const { chat } = createChat()
    await say(chat, { key: 'k', text: 'e\u0301\r\n' })
    expect((await say(chat, { key: 'k', text: '\u00e9\n' })).replayed).toBe(true)
    expect(await codeOf(() => say(chat, { key: 'k', text: 'e' }))).toBe('key_reused')
  })

  test('belong to a sender in a room: a name, or a session', async () => {
    const { chat } = createChat()
    await say(chat, { key: 'k' })
    expect((await say(chat, { key: 'k' })).replayed).toBe(true)
    expect((await say(chat, { key: 'k', username: 'bob' })).replayed).toBe(false)
    expect((await say(chat, { key: 'k', room: 'den' })).replayed).toBe(false)
    const { session } = await chat.join({ room: 'lobby', username: 'ada' })
    expect((await say(chat, { key: 'k', session })).replayed).toBe(false)
    expect((await say(chat, { key: 'k', session })).replayed).toBe(true)
  })

  test('of a session that ended are those of the next one under the same name: who comes back may repeat', async () => {
    const { chat } = createChat()
    const one = await chat.join({ room: 'lobby', username: 'ada' })
    await say(chat, { key: 'k', session: one.session })
    await chat.end(one.session)
    const other = await chat.join({ room: 'lobby', username: 'ada' })
    expect((await say(chat, { key: 'k', session: other.session })).replayed).toBe(true)
  })

  test('of a name that somebody holds now are refused like any other send', async () => {
    const { chat } = createChat()
    await say(chat, { key: 'k' })
    await chat.join({ room: 'lobby', username: 'ada' })
    expect(await codeOf(() => say(chat, { key: 'k' }))).toBe('name_taken')
  })

  test('live ten minutes past the ring, and no longer', async () => {
    const { chat, clock } = createChat({ ring: 2 })
    await say(chat, { key: 'k' })
    for (let i = 0; i < 5; i++) await say(chat)
    clock.advance(KEY_MS - 1)
    expect((await say(chat, { key: 'k' })).replayed).toBe(true)
    clock.advance(1)
    await say(chat)
    expect((await say(chat, { key: 'k' })).replayed).toBe(false)
  })
})

describe('being somebody', () => {
  test('joining is told to the room, and so is leaving', async () => {
    const { chat } = createChat()
    const { session, id, room } = await chat.join({ room: 'lobby', username: 'ada' })
    expect([id, room.presence.state.presence.members]).toEqual([1, ['ada']])
    await chat.leave(session, 'lobby')
    expect(await told(chat)).toEqual(['1 join ada joined', '2 leave ada left'])
    expect(room.presence.size).toBe(0)
  })

  test('a crowd joins in turns, so that others are served between them', async () => {
    const { chat, clock } = createChat()
    for (let i = 0; i < 501; i++) await chat.join({ room: 'hall', username: `u${i}` })
    const joined: number[] = []
    const all = Array.from({ length: 20 }, (_, i) =>
      chat.join({ room: 'hall', username: `late${i}` }).then(() => joined.push(i)),
    )
    await turn()
    expect(joined).toHaveLength(8)
    for (; joined.length < 20; await turn()) clock.turn()
    await Promise.all(all)
    const last = chat.members('hall')
    await turn()
    expect((await last).members.at(-1)).toBe('late19')
  })

  test('a held name is nobody else’s, in any way of writing it, to join or to send', async () => {
    const { chat } = createChat()
    await chat.join({ room: 'lobby', username: 'Ada L' })
    for (const username of ['Ada L', 'ada_l', 'ＡＤＡ L']) {
      expect(await codeOf(() => chat.join({ room: 'lobby', username }))).toBe('name_taken')
      expect(await codeOf(() => say(chat, { username }))).toBe('name_taken')
    }
    expect((await say(chat, { room: 'den', username: 'Ada L' })).message.id).toBe(1)
    expect(chat.sessions.size).toBe(1)
  })

  test('of two who join under one name at one moment, one has it', async () => {
    const { chat } = createChat()
    const both = await Promise.allSettled([
      chat.join({ room: 'lobby', username: 'ada' }),
      chat.join({ room: 'lobby', username: 'ADA' }),
    ])
    expect(both.map((one) => one.status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect([await told(chat), chat.sessions.size]).toEqual([['1 join ada joined'], 1])
  })

  test('a session joins more rooms under its name, and the same room again without a word', async () => {
    const { chat } = createChat()
    const { session } = await chat.join({ room: 'lobby', username: 'ada' })
    expect((await chat.join({ room: 'den', session })).session).toBe(session)
    expect((await chat.join({ room: 'den', session, username: 'ada' })).id).toBe(1)
    expect(await told(chat, 'den')).toEqual(['1 join ada joined'])
    expect(await codeOf(() => chat.join({ room: 'attic', session, username: 'bob' }))).toBe('bad_request')
  })

  test('with a session the name is the session’s, in the rooms it joined and in no other', async () => {
    const { chat } = createChat()
    const { session } = await chat.join({ room: 'lobby', username: 'ada' })
    expect((await say(chat, { session, username: 'mallory' })).message.username).toBe('ada')
    expect(await codeOf(() => say(chat, { session, room: 'den' }))).toBe('not_joined')
    expect(await codeOf(() => chat.leave(session, 'den'))).toBe('not_joined')
    await expect(chat.typing(session, 'den', true)).rejects.toThrow(/join it first/)
    expect(chat.rooms.get('den')).toBeUndefined()
  })

  test('a name is free at once after leaving', async () => {
    const { chat } = createChat()
    const { session } = await chat.join({ room: 'lobby', username: 'ada' })
    await chat.join({ room: 'den', session })
    await chat.leaveAll(session)
    expect(session.rooms.size).toBe(0)
    for (const room of ['lobby', 'den'])
      expect((await chat.join({ room, username: 'ADA' })).session.username).toBe('ADA')
  })

  test('a name is free 60 s after its session’s last contact, and the room is told', async () => {
    const { chat, clock } = createChat()
    const { session } = await chat.join({ room: 'lobby', username: 'ada' })
    await chat.join({ room: 'den', session })
    clock.advance(SESSION_MS - 1)
    expect(await codeOf(() => say(chat))).toBe('name_taken')
    clock.advance(TICK_MS + 1)
    await say(chat)
    expect(await told(chat)).toEqual(['1 join ada joined', '2 leave ada left', '3 chat ada hi'])
    expect(await told(chat, 'den')).toEqual(['1 join ada joined', '2 leave ada left'])
  })

  test('who was somebody as long as a connection lasted is nobody after it', async () => {
    const { chat } = createChat()
    const { session } = await chat.join({ room: 'lobby', username: 'ada' })
    await chat.end(session)
    expect(await codeOf(() => chat.sessions.get(session.token))).toBe('unauthorized')
    expect(await told(chat)).toHaveLength(2)
  })

  test('where nobody more fits, nothing is left of who tried', async () => {
    const { chat, clock } = createChat({ sessions: 1 })
    await chat.join({ room: 'lobby', username: 'ada' })
    expect(await codeOf(() => chat.join({ room: 'den', username: 'bob' }))).toBe('unavailable')
    clock.settle()
    expect([...chat.rooms.all()].map((room) => room.name)).toEqual(['lobby'])
  })

  test('names that JavaScript or a screen could take for another’s are refused', async () => {
    const { chat } = createChat()
    await chat.join({ room: 'lobby', username: 'admin' })
    expect(await codeOf(() => chat.join({ room: 'lobby', username: '\u0430dmin' }))).toBe('bad_request')
    expect(await codeOf(() => chat.join({ room: 'lobby', username: 'ad\u200bmin' }))).toBe('bad_request')
  })
})

describe('a person whose time is over, or who may not be in a room', () => {
  test('removes nothing there, and says nothing', async () => {
    const { chat, clock } = createChat()
    const { session } = await chat.join({ room: 'lobby', username: 'ada' })
    const { message } = await say(chat, { session })
    const refusals = async () => [
      await codeOf(() => chat.remove(session, 'lobby', message.id)),
      await codeOf(() => chat.knock(session, 'lobby')),
    ]
    const identity = { subject: 'u1', username: 'ada', rooms: new Set(['den']), until: clock.date() + 1 }
    session.identity = identity
    expect(await refusals()).toEqual(['forbidden', 'forbidden'])
    session.identity = { ...identity, rooms: undefined, until: clock.date() }
    expect(await refusals()).toEqual(['unauthorized', 'unauthorized'])
    session.identity = undefined
    expect(await chat.knock(session, 'lobby')).toBe('lobby')
    expect((await chat.remove(session, 'lobby', message.id)).message).toMatchObject({ type: 'delete', of: message.id })
  })

  test('without a session removes nothing', async () => {
    const { chat } = createChat()
    const { message } = await say(chat)
    expect(await codeOf(() => chat.remove(undefined, 'lobby', message.id))).toBe('unauthorized')
  })
})

describe('typing', () => {
  test('ends with the next message of that person, and of no other', async () => {
    const { chat } = createChat()
    const { session, room } = await chat.join({ room: 'lobby', username: 'ada' })
    await chat.typing(session, 'lobby', true)
    await say(chat, { username: 'bob' })
    expect(room.presence.state.presence.typing).toEqual(['ada'])
    await say(chat, { session })
    expect(room.presence.state.presence.typing).toEqual([])
  })

  test('goes on while that person changes an earlier message', async () => {
    const { chat } = createChat()
    const { session, room } = await chat.join({ room: 'lobby', username: 'ada' })
    await say(chat, { session })
    await chat.typing(session, 'lobby', true)
    await chat.amending.edit({ room: 'lobby', of: 2, text: 'hello', session })
    expect(room.presence.state.presence.typing).toEqual(['ada'])
    await chat.close()
  })

  test('ends with leaving, and leaves no timer', async () => {
    const { chat, clock } = createChat()
    const { session, room } = await chat.join({ room: 'lobby', username: 'ada' })
    await chat.typing(session, 'lobby', true)
    await chat.end(session)
    expect([room.presence.state.presence, chat.timers.size, clock.timers]).toEqual([{ members: [], typing: [] }, 0, 0])
  })
})
