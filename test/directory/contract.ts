// The contract of a chat's people, whether one process serves them or several. memory, shared, postgres and
// redis.test.ts run it. Each test has three ways in, `a`, `b` and `c`: three processes, or three times the same one.

import { describe, expect, test } from 'vitest'
import type { Chat } from '../../src/core/chat.js'
import { ConnectionMember } from '../../src/core/connection-member.js'
import type { Rates } from '../../src/core/people/limits.js'
import type { Session } from '../../src/core/people/sessions.js'
import type { PresenceState } from '../../src/core/rooms/presence.js'
import { RECONCILE_MS } from '../../src/directory/shared/directory.js'
import { codeOf, texts } from '../support/chat.js'
import { until } from '../support/server.js'

export type Three = readonly [a: Chat, b: Chat, c: Chat]
export type OpenThree = (rates?: Rates) => Promise<Three>

/** The others hear of a change within a second; a busy machine may take longer. */
const HEARD_MS = 15_000

/** News that are lost are found out within five seconds; a busy machine may take longer for the rest. */
export const TOLD_MS = RECONCILE_MS + 2500

/** The session of a token, as a request with it finds it. */
export async function session(chat: Chat, token: string): Promise<Session> {
  await chat.sessions.reach(token)
  return chat.sessions.get(token)
}

export async function join(chat: Chat, username: string, room = 'lobby'): Promise<string> {
  return (await chat.join({ room, username })).session.token
}

export async function say(chat: Chat, token: string, text = 'hi', room = 'lobby'): Promise<string> {
  return (await chat.send({ room, text, session: await session(chat, token) })).message.username
}

export const stateOf = (chat: Chat, room = 'lobby'): PresenceState | undefined =>
  chat.rooms.get(room)?.presence.state.presence

/** Waits until every process tells this of the lobby. */
export async function told(chats: readonly Chat[], state: object): Promise<void> {
  for (const chat of chats)
    await until(
      () => JSON.stringify(stateOf(chat)),
      (now) => now === JSON.stringify(state),
      HEARD_MS,
    )
}

/** The code with which something says no, or `done`. */
async function outcomeOf(call: () => Promise<unknown>): Promise<string> {
  return call().then(
    () => 'done',
    (error: unknown) => codeOf(() => Promise.reject(error)),
  )
}

export function directoryContract(name: string, open: OpenThree): void {
  describe(`who is here: ${name}`, () => {
    test('a message is changed by its session anywhere, and by no other session', async () => {
      const [a, b, c] = await open()
      const [token, other] = [await join(a, 'ada'), await join(c, 'bob')]
      const { message } = await a.send({ room: 'lobby', text: 'helo', session: await session(a, token) })
      const edit = async (chat: Chat, by: string) =>
        chat.amending.edit({ room: 'lobby', of: message.id, text: 'hello', session: await session(chat, by) })
      // That the message is there, and whose it is, comes to the others within a moment.
      for (let left = 100; left > 0; left--) {
        if ((await outcomeOf(() => edit(b, token))) === 'done') break
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      expect(await codeOf(() => edit(c, other))).toBe('forbidden')
      expect((await c.history('lobby', { limit: 500 })).messages).toContainEqual(
        expect.objectContaining({ id: message.id, text: 'hello' }),
      )
    })

    test('a session speaks, types, joins another room and leaves anywhere, and a wrong token is nobody', async () => {
      const [a, b, c] = await open()
      const token = await join(a, 'ada')
      expect(await say(b, token)).toBe('ada')
      await c.typing(await session(c, token), 'lobby', true)
      await c.join({ room: 'den', session: await session(c, token) })
      expect(await say(a, token, 'hi', 'den')).toBe('ada')
      expect(await say(b, token, 'ho', 'den')).toBe('ada')
      await b.leave(await session(b, token), 'lobby')
      await told([a, b, c], { members: [], typing: [] })
      for (const chat of [a, b, c]) expect(await codeOf(() => say(chat, token))).toBe('not_joined')
      expect(await codeOf(() => session(b, 'x'.repeat(22)))).toBe('unauthorized')
      expect(await texts(a)).toEqual(['ada joined', 'ada hi', 'ada left'])
    })

    test('of those who take one name at one time one has it, and the room is told of one', async () => {
      const chats = await open()
      for (let round = 1; round <= 10; round++) {
        const room = `room-${round}`
        const joins = await Promise.allSettled([...chats, ...chats].map((chat) => join(chat, `ada ${round}`, room)))
        expect(joins.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
        const codes = joins.flatMap((one) => (one.status === 'rejected' ? [one.reason.code] : []))
        expect(new Set(codes)).toEqual(new Set(['name_taken']))
        expect((await chats[1].history(room, { limit: 9 })).messages).toHaveLength(1)
      }
    })

    test('nobody speaks under a held name without its session, and whoever left has given it back at once', async () => {
      const [a, b, c] = await open()
      const speak = (chat: Chat): Promise<unknown> => chat.send({ room: 'lobby', username: 'A da', text: 'it is me' })
      await speak(b)
      for (let round = 0; round < 5; round++) {
        const token = await join(a, 'a_da')
        for (const chat of [b, c]) expect(await codeOf(() => speak(chat))).toBe('name_taken')
        await c.leaveAll(await session(c, token))
        await speak(b)
      }
    })

    test('members and typing are told everywhere, in one order and under one version', async () => {
      const [a, b, c] = await open()
      for (const chat of [a, b, c]) await chat.rooms.open('lobby')
      const [, bob] = [await join(a, 'ada'), await join(b, 'bob'), await join(c, 'cyd')]
      await told([a, b, c], { members: ['ada', 'bob', 'cyd'], typing: [] })
      await c.typing(await session(c, bob), 'lobby', true)
      await told([a, b, c], { members: ['ada', 'bob', 'cyd'], typing: ['bob'] })
      expect(new Set([a, b, c].map((chat) => chat.rooms.get('lobby')?.presence.state.version)).size).toBe(1)
      await say(a, bob)
      await told([a, b, c], { members: ['ada', 'bob', 'cyd'], typing: [] })
      expect((await c.members('lobby')).members).toEqual(['ada', 'bob', 'cyd'])
    })

    test('a room that was made in one process is listed by all, with who is in it', async () => {
      const [a, b, c] = await open()
      for (const chat of [a, b, c]) await chat.reachRooms()
      await join(a, 'ada', 'den')
      for (const chat of [a, b, c]) {
        const list = async (): Promise<string[]> => {
          await chat.reachRooms()
          return [...chat.rooms].map(({ name, last, presence }) => `${name} ${last} ${presence.size}`)
        }
        await expect.poll(list, { timeout: HEARD_MS }).toEqual(['den 1 1'])
      }
    })

    test('who is in a room that has not been opened here is told too', async () => {
      const [a, b] = await open()
      await join(a, 'ada', 'den')
      expect((await b.members('den')).members).toEqual(['ada'])
    })

    test('a connection that ends takes its people with it, everywhere', async () => {
      const [a, b, c] = await open()
      for (const chat of [a, b, c]) await chat.rooms.open('lobby')
      for (const chat of [a, b, c, a, b, c]) {
        const member = new ConnectionMember(chat)
        await member.join('lobby', 'ada')
        await member.end()
      }
      await told([a, b, c], { members: [], typing: [] })
      expect(await texts(c)).toEqual(Array.from({ length: 6 }, () => ['ada joined', 'ada left']).flat())
    })

    test('a moderator moderates anywhere, and everywhere what was ordered holds', async () => {
      const [a, b, c] = await open()
      for (const chat of [a, b, c]) await chat.rooms.open('lobby')
      const [ada, bob] = [await join(a, 'ada'), await join(b, 'bob')]
      await session(c, ada)
      await a.moderation.appoint(await session(a, ada))
      await c.moderation.mute(await session(c, ada), 'lobby', 'bob', 60)
      const refused = async (chat: Chat, token: string, is = 'forbidden'): Promise<void> => {
        const speak = (): Promise<string> => codeOf(() => say(chat, token)).catch(() => 'said')
        await expect.poll(speak, { timeout: HEARD_MS, interval: 5 }).toBe(is)
      }
      for (const chat of [a, b, c]) await refused(chat, bob)
      await a.moderation.mute(await session(a, ada), 'lobby', 'bob', 0)
      for (const chat of [a, b, c]) await refused(chat, bob, 'said')
      await b.moderation.close(await session(b, ada), 'lobby')
      await told([a, b, c], { members: ['ada', 'bob'], typing: [], closed: true })
      for (const chat of [a, b, c]) {
        expect(await codeOf(() => say(chat, bob))).toBe('forbidden')
        expect(await codeOf(() => join(chat, 'cyd'))).toBe('forbidden')
        expect(await say(chat, ada)).toBe('ada')
      }
      await c.moderation.close(await session(c, ada), 'lobby', false)
      await told([a, b, c], { members: ['ada', 'bob'], typing: [] })
    })

    test('who was made a moderator in one process stays one in all, also by a join or a new proof in another', async () => {
      const [a, b, c] = await open()
      const identity = { subject: 'u1', username: 'ada', rooms: undefined, until: Date.now() + 60_000 }
      const { session: ada } = await a.join({ room: 'lobby', identity, resumes: true })
      await session(b, ada.token)
      await session(c, ada.token)
      await a.moderation.appoint(ada)
      await b.join({ room: 'den', session: await session(b, ada.token) })
      expect((await c.join({ room: 'lobby', identity, resumes: true })).session.token).toBe(ada.token)
      for (const chat of [a, b, c]) await chat.moderation.slow(await session(chat, ada.token), 'lobby', 0)
    })

    test('hands are up everywhere, in the order in which they went up, until they are put down or their person leaves', async () => {
      const [a, b, c] = await open()
      for (const chat of [a, b, c]) await chat.rooms.open('lobby')
      const [ada, bob, cyd] = [await join(a, 'ada'), await join(b, 'bob'), await join(c, 'cyd')]
      const members = ['ada', 'bob', 'cyd']
      const hand = async (chat: Chat, token: string, isUp: boolean, username?: string) =>
        chat.hand(await session(chat, token), 'lobby', isUp, username)
      await hand(c, cyd, true)
      await hand(a, ada, true)
      await hand(b, cyd, true)
      await hand(a, bob, true)
      await told([a, b, c], { members, typing: [], hands: ['cyd', 'ada', 'bob'] })
      expect(await codeOf(() => hand(a, ada, false, 'bob'))).toBe('forbidden')
      expect(await codeOf(() => hand(a, ada, true, 'bob'))).toBe('bad_request')
      await a.moderation.appoint(await session(a, ada))
      await hand(b, ada, false, 'Cyd')
      await hand(c, ada, false)
      await told([a, b, c], { members, typing: [], hands: ['bob'] })
      await hand(c, ada, true)
      await told([a, b, c], { members, typing: [], hands: ['bob', 'ada'] })
      await c.leave(await session(c, bob), 'lobby')
      await told([a, b, c], { members: ['ada', 'cyd'], typing: [], hands: ['ada'] })
      await join(a, 'bob')
      await told([a, b, c], { members: ['ada', 'cyd', 'bob'], typing: [], hands: ['ada'] })
    })

    test('a room that is slow is slow everywhere, also for who spoke elsewhere', async () => {
      const [a, b, c] = await open()
      for (const chat of [a, b, c]) await chat.rooms.open('lobby')
      const [ada, bob] = [await join(a, 'ada'), await join(b, 'bob')]
      await a.moderation.appoint(await session(a, ada))
      await a.moderation.slow(await session(a, ada), 'lobby', 60)
      await told([a, b, c], { members: ['ada', 'bob'], typing: [], slow: 60 })
      expect(await say(b, bob)).toBe('bob')
      await expect.poll(() => c.rooms.get('lobby')?.last, { timeout: HEARD_MS }).toBe(3)
      for (const chat of [a, b, c]) {
        expect(await codeOf(() => say(chat, bob))).toBe('rate_limited')
        expect(await say(chat, ada)).toBe('ada')
      }
      await a.moderation.slow(await session(a, ada), 'lobby', 0)
      await told([a, b, c], { members: ['ada', 'bob'], typing: [] })
      for (const chat of [a, b, c]) expect(await say(chat, bob)).toBe('bob')
    })

    test('what is ordered in a room holds also where nobody has opened it', async () => {
      const [a, b] = await open()
      const ada = await join(a, 'ada', 'den')
      await a.moderation.appoint(await session(a, ada))
      await a.moderation.mute(await session(a, ada), 'den', 'bob', 60)
      expect(await codeOf(() => b.send({ room: 'den', username: 'bob', text: 'hi' }))).toBe('forbidden')
      await a.moderation.close(await session(a, ada), 'den')
      const speak = (): Promise<string> =>
        codeOf(() => b.send({ room: 'den', username: 'cyd', text: 'hi' })).catch(() => 'said')
      await expect.poll(speak, { timeout: HEARD_MS }).toBe('forbidden')
    })

    test('a message counts wherever it is said', async () => {
      const none = { perSecond: Infinity, burst: Infinity }
      const few = { perSecond: 0.001, burst: 5 }
      const [a, b, c] = await open({ person: few, address: none, joins: none, rooms: none, notes: none })
      const token = await join(a, 'ada')
      for (const chat of [a, b, c]) await session(chat, token)
      for (let i = 0; i < 5; i++) await say(a, token)
      for (const chat of [a, b, c]) {
        const { said } = await session(chat, token)
        await until(() => said.fullAt - chat.clock.now() > 4.5e6, Boolean, HEARD_MS)
        expect(await codeOf(() => say(chat, token))).toBe('rate_limited')
      }
    })
  })
}
