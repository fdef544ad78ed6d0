// What happens to the people of a chat on PostgreSQL alone when something goes wrong, with two processes on it.

import { describe, expect, test } from 'vitest'
import type { Chat } from '../../src/core/chat.js'
import { LEASE_MS } from '../../src/directory/shared/directory.js'
import { codeOf } from '../support/chat.js'
import { hasPostgres, postgresForTest } from '../support/postgres.js'
import type { PostgresServer } from '../support/postgres-server.js'
import { processOnPostgres } from '../support/processes.js'
import { MEASURES } from '../support/retried.js'
import { until } from '../support/server.js'
import { join, say, session, stateOf, told, TOLD_MS } from './contract.js'

/** What the log of the lobby says of coming and going. */
async function notes(chat: Chat): Promise<string[]> {
  const { messages } = await chat.history('lobby', { limit: 500 })
  return messages.map(({ username, text }) => `${username} ${text}`)
}

/** Lets the time of a session run out, as a minute without contact does. */
async function runOut(server: PostgresServer, token: string): Promise<void> {
  await server.query('update mini_chat_sessions set until = clock_timestamp() where token = $1', [token])
}

async function leftOf(server: PostgresServer, token: string): Promise<number> {
  const [row] = await server.query(
    'select extract(epoch from until - clock_timestamp()) * 1000 as ms from mini_chat_sessions where token = $1',
    [token],
  )
  return Number(row?.['ms'])
}

describe.skipIf(!hasPostgres)('people in a PostgreSQL', () => {
  test('a session that runs out takes its name with it: one process tells the room, once', async () => {
    const server = await postgresForTest()
    const [dying, one, other] = [
      await processOnPostgres(server.url),
      await processOnPostgres(server.url),
      await processOnPostgres(server.url),
    ]
    const chats = [one.chat, other.chat]
    for (const chat of chats) await chat.rooms.open('lobby')
    const token = await join(dying.chat, 'ada')
    await told(chats, { members: ['ada'], typing: [] })
    await dying.chat.close()
    await runOut(server, token)
    await told(chats, { members: [], typing: [] })
    await until(
      () => one.chat.rooms.get('lobby')?.last,
      (last) => last === 2,
    )
    expect(await notes(other.chat)).toEqual(['ada joined', 'ada left'])
    await join(other.chat, 'ada')
  })

  test('a name whose session is over can be taken at once, before anyone has looked', async () => {
    const server = await postgresForTest()
    const [one, other] = [await processOnPostgres(server.url), await processOnPostgres(server.url)]
    const token = await join(one.chat, 'ada')
    one.chat.sessions.close(one.chat.sessions.get(token))
    await runOut(server, token)
    await join(other.chat, 'ada')
    expect((await notes(other.chat)).at(-1)).toBe('ada joined')
  })

  test('what is connected keeps its session, and a process that stops leaves it its minute', async () => {
    const server = await postgresForTest()
    const [old, other] = [await processOnPostgres(server.url), await processOnPostgres(server.url)]
    const token = await join(old.chat, 'ada')
    const shorten = `update mini_chat_sessions set until = clock_timestamp() + interval '5 seconds'`
    const disconnect = old.chat.sessions.get(token).connect()
    await server.query(shorten)
    await old.directory.reconcile(true)
    expect(await leftOf(server, token)).toBeGreaterThan(LEASE_MS)
    disconnect()
    await server.query(shorten)
    await old.chat.close()
    expect(await leftOf(server, token)).toBeGreaterThan(LEASE_MS)
    expect(await say(other.chat, token)).toBe('ada')
  })

  test('killed: its tables are empty when it is back, and who is here takes their names again', async () => {
    const server = await postgresForTest()
    const [one, other] = [await processOnPostgres(server.url), await processOnPostgres(server.url)]
    await other.chat.rooms.open('lobby')
    const [ada] = [await join(one.chat, 'ada'), await join(other.chat, 'bob')]
    await told([one.chat, other.chat], { members: ['ada', 'bob'], typing: [] })
    await server.stop()
    expect(await codeOf(() => join(one.chat, 'cyd'))).toBe('unavailable')
    await server.start()
    await until(() => one.directory.ready() && other.directory.ready(), Boolean, 10_000)
    await until(
      () => [one, other].map(({ chat }) => [...(stateOf(chat)?.members ?? [])].sort().join()).join(' '),
      (members) => members === 'ada,bob ada,bob',
      10_000,
    )
    expect(await say(other.chat, ada)).toBe('ada')
    expect(await codeOf(() => join(other.chat, 'ADA'))).toBe('name_taken')
    expect(await notes(one.chat)).toEqual(['ada joined', 'bob joined', 'ada hi'])
  }, 40_000)

  test('news that are lost are found out within five seconds', { timeout: 30_000, ...MEASURES }, async () => {
    const server = await postgresForTest()
    const [one, other] = [await processOnPostgres(server.url), await processOnPostgres(server.url)]
    await other.chat.rooms.open('lobby')
    await join(one.chat, 'ada')
    await told([other.chat], { members: ['ada'], typing: [] })
    await server.query(
      `insert into mini_chat_sessions values ('token', '{"username":"bob"}', false, '{}', clock_timestamp() + interval '1 minute')`,
    )
    await server.query(`select * from mini_chat_claim('lobby', 'fresh', 'bob', 'token', 'bob')`)
    await until(
      () => stateOf(other.chat)?.members.join(),
      (members) => members === 'ada,bob',
      TOLD_MS,
    )
  })

  test('what is over goes: sessions after a minute, and rooms where nobody is after days', async () => {
    const server = await postgresForTest()
    const { chat, directory } = await processOnPostgres(server.url)
    const token = await join(chat, 'ada')
    await chat.leaveAll(await session(chat, token))
    await chat.end(await session(chat, token))
    await server.query(
      `insert into mini_chat_sessions values ('old', '{"username":"bob"}', false, '{}', clock_timestamp() - interval '2 minutes')`,
    )
    await server.query(`update mini_chat_people set changed = clock_timestamp() - interval '3 days'`)
    await directory.tidy()
    expect(await server.query('select token from mini_chat_sessions')).toEqual([])
    expect(await server.query('select room from mini_chat_people')).toEqual([])
  })
})
