// What happens to the people of a chat on Redis when something goes wrong, with two processes on it.

import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { Chat } from '../../src/core/chat.js'
import { ConnectionMember } from '../../src/core/connection-member.js'
import { LEASE_MS } from '../../src/directory/shared/directory.js'
import { codeOf } from '../support/chat.js'
import { processOn } from '../support/processes.js'
import { startProxy } from '../support/proxy.js'
import { hasRedis, redisForTest } from '../support/redis.js'
import type { RedisServer } from '../support/redis-server.js'
import { MEASURES } from '../support/retried.js'
import { until } from '../support/server.js'
import { join, say, session, stateOf, told, TOLD_MS } from './contract.js'

const NOBODY = { members: [], typing: [] }

const sessionKey = (token: string): string => `mini-chat:{s:${token}}`

/** What the log of the lobby says of coming and going. */
async function notes({ chat }: { readonly chat: Chat }): Promise<string[]> {
  const { messages } = await chat.history('lobby', { limit: 500 })
  return messages.map(({ username, text }) => `${username} ${text}`)
}

/** Lets the time of a session run out, as a minute without contact does. */
async function runOut(server: RedisServer, token: string): Promise<void> {
  expect(await server.command('PEXPIRE', sessionKey(token), '1')).toBe(1)
}

describe.skipIf(!hasRedis)('people in a Redis', () => {
  test('a process that dies takes its people with it: one of the others tells the room, once', async () => {
    const server = await redisForTest()
    const proxy = await startProxy(server.port)
    const dying = await processOn(server.url, undefined, `redis://127.0.0.1:${proxy.port}`)
    const others = [await processOn(server.url), await processOn(server.url)]
    const chats = others.map(({ chat }) => chat)
    for (const chat of chats) await chat.rooms.open('lobby')
    const member = new ConnectionMember(dying.chat)
    const { session: ada } = await member.join('lobby', 'ada')
    await told(chats, { members: ['ada'], typing: [] })
    proxy.lead(1)
    expect(Number(await server.command('PTTL', sessionKey(ada.token)))).toBeLessThanOrEqual(60_000)
    await runOut(server, ada.token)
    await told(chats, NOBODY)
    await until(
      () => others[0]?.chat.rooms.get('lobby')?.last,
      (last) => last === 2,
    )
    await sleep(1500)
    expect(await notes(others[0]!)).toEqual(['ada joined', 'ada left'])
    await join(others[1]!.chat, 'ada')
  })

  test('a name whose session is over can be taken at once, before anyone has looked', async () => {
    const server = await redisForTest()
    const [one, other] = [await processOn(server.url), await processOn(server.url)]
    const token = await join(one.chat, 'ada')
    one.chat.sessions.close(one.chat.sessions.get(token))
    await runOut(server, token)
    await join(other.chat, 'ada')
    expect((await notes(other)).at(-1)).toBe('ada joined')
  })

  test('what is connected keeps its session, for less than a minute each time', async () => {
    const server = await redisForTest()
    const { chat, directory } = await processOn(server.url)
    const token = await join(chat, 'ada')
    const disconnect = chat.sessions.get(token).connect()
    await server.command('PEXPIRE', sessionKey(token), '5000')
    await directory.reconcile(true)
    disconnect()
    const left = Number(await server.command('PTTL', sessionKey(token)))
    expect(left).toBeGreaterThan(LEASE_MS)
  })

  test('a process that stops leaves its sessions their minute: their people go on through another one', async () => {
    const server = await redisForTest()
    const [old, other] = [await processOn(server.url), await processOn(server.url)]
    await other.chat.rooms.open('lobby')
    const token = await join(old.chat, 'ada')
    await server.command('PEXPIRE', sessionKey(token), '20000')
    await old.chat.close()
    expect(Number(await server.command('PTTL', sessionKey(token)))).toBeGreaterThan(55_000)
    expect(await say(other.chat, token)).toBe('ada')
    expect(await notes(other)).toEqual(['ada joined', 'ada hi'])
    expect(stateOf(other.chat)).toEqual({ members: ['ada'], typing: [] })
  })

  test('away: who is known here goes on, names and tokens that are not are 503, and all is well when it is back', async () => {
    const [messages, server] = [await redisForTest(), await redisForTest()]
    const one = await processOn(messages.url, undefined, server.url)
    const other = await processOn(messages.url, undefined, server.url)
    await other.chat.rooms.open('lobby')
    const [ada, bob] = [await join(one.chat, 'ada'), await join(other.chat, 'bob')]
    await told([one.chat, other.chat], { members: ['ada', 'bob'], typing: [] })
    await server.stop()
    await until(
      () => one.directory.ready() || other.directory.ready(),
      (isReady) => !isReady,
    )
    expect(await say(one.chat, ada)).toBe('ada')
    await one.chat.typing(await session(one.chat, ada), 'lobby', true)
    expect(await codeOf(() => join(one.chat, 'cyd'))).toBe('unavailable')
    expect(await codeOf(() => one.chat.send({ room: 'lobby', username: 'cyd', text: 'hi' }))).toBe('unavailable')
    expect(await codeOf(() => session(one.chat, bob))).toBe('unavailable')
    expect(await codeOf(async () => one.chat.leave(await session(one.chat, ada), 'lobby'))).toBe('unavailable')
    // It comes back empty: who is here takes their names again.
    await server.start()
    await until(() => one.directory.ready() && other.directory.ready(), Boolean)
    await until(
      () => [one, other].map(({ chat }) => [...(stateOf(chat)?.members ?? [])].sort().join()).join(' '),
      (members) => members === 'ada,bob ada,bob',
    )
    expect(await say(other.chat, ada)).toBe('ada')
    expect(await codeOf(() => join(other.chat, 'ADA'))).toBe('name_taken')
    expect(await notes(one)).toEqual(['ada joined', 'bob joined', 'ada hi', 'ada hi'])
  })

  test('a name that another process has given away is refused before any news of it', async () => {
    const server = await redisForTest()
    const { chat } = await processOn(server.url)
    await chat.rooms.open('lobby')
    await server.command('HSET', sessionKey('token'), 'json', '{"username":"bob"}')
    await server.command('HSET', 'mini-chat:{lobby}:people', 'n:bob', '1 token bob')
    expect(await codeOf(() => chat.send({ room: 'lobby', username: 'Bob', text: 'it is me' }))).toBe('name_taken')
    expect(await codeOf(() => join(chat, 'bob'))).toBe('name_taken')
    expect(await notes({ chat })).toEqual([])
  })

  test('news that are lost are found out within five seconds', { timeout: 30_000, ...MEASURES }, async () => {
    const server = await redisForTest()
    const [one, other] = [await processOn(server.url), await processOn(server.url)]
    await other.chat.rooms.open('lobby')
    const token = await join(one.chat, 'ada')
    await told([other.chat], { members: ['ada'], typing: [] })
    const people = 'mini-chat:{lobby}:people'
    await server.command('HSET', people, 'n:bob', `9 ${token}x bob`)
    await server.command('HINCRBY', people, 'version', '1')
    await server.command('HSET', sessionKey(`${token}x`), 'json', '{"username":"bob"}')
    await until(
      () => stateOf(other.chat)?.members.join(),
      (members) => members === 'ada,bob',
      TOLD_MS,
    )
  })
})
