import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { UsageError } from '../../src/flags.js'
import type { Said } from '../support/journal.js'
import { hasPostgres, postgresForTest, storeIn } from '../support/postgres.js'
import { type PostgresServer, startPostgres } from '../support/postgres-server.js'
import { startProxy } from '../support/proxy.js'
import { startServer } from '../support/server.js'
import { upTo } from '../support/shared-store.js'
import { draft, storeContract } from './contract.js'

const { key: _, ...order } = { ...draft('removed'), type: 'delete', of: 1 }

describe.skipIf(!hasPostgres)('postgres', () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await startPostgres(['fsync=off'])
  }, 60_000)
  afterAll(() => server.close())

  /** The address of a database of its own. */
  async function database(): Promise<string> {
    const name = `chat${Math.floor(Math.random() * 2 ** 32)}`
    await server.query(`create database ${name}`)
    return server.url.replace(/postgres$/, name)
  }

  const dump = async (url: string): Promise<string> =>
    JSON.stringify(await server.query('select * from mini_chat_messages', [], url))

  storeContract('postgres', async (recent) => {
    const store = await storeIn(server.url, { recent })
    await server.query('truncate mini_chat_rooms, mini_chat_messages, mini_chat_dropped')
    return store
  })

  test('ten processes that start at once make the tables once, and share one log', async () => {
    const url = await database()
    const stores = await Promise.all(upTo(10).map(() => storeIn(url)))
    expect(await server.query('select version from mini_chat_versions', [], url)).toEqual([
      { version: 1 },
      { version: 2 },
      { version: 3 },
      { version: 4 },
      { version: 5 },
      { version: 6 },
      { version: 7 },
      { version: 8 },
    ])
    await Promise.all(stores.map((store, i) => store.append('lobby', { ...draft(`n${i}`), key: `k${i}` })))
    const { messages, last } = await (stores[0] ?? (await storeIn(url))).read('lobby', { limit: 50 })
    expect([messages.map(({ id }) => id), last]).toEqual([upTo(10), 10])
  })

  test('the tables of a newer program are left alone, with a sentence', async () => {
    const url = await database()
    await (await storeIn(url)).close()
    await server.query('insert into mini_chat_versions values (99)', [], url)
    await expect(storeIn(url)).rejects.toThrow('were made by a newer mini-chat: update this one')
  })

  test('every message can be read, and a subscriber is given the newest', async () => {
    const url = await database()
    const store = await storeIn(url, { recent: 4 })
    for (let i = 1; i <= 10; i++) await store.append('lobby', { ...draft(`text ${i}`), key: `k${i}` })
    expect((await store.subscribe('lobby', () => undefined)).recent.map(({ id }) => id)).toEqual([7, 8, 9, 10])
    const { messages, first, more } = await store.read('lobby', { limit: 500 })
    expect([messages.map(({ id }) => id), first, more]).toEqual([upTo(10), 1, false])
  })

  test('a message that was taken out is gone from the table itself, and given as removed by every process', async () => {
    const url = await database()
    const [here, there] = [await storeIn(url), await storeIn(url)]
    await here.append('lobby', draft('a rude word'))
    await here.append('lobby', order)
    await there.append('lobby', { ...draft('next'), key: 'c_2' })
    const { messages } = await there.read('lobby', { limit: 9 })
    expect(messages.map(({ id, type, text }) => [id, type, text])).toEqual([
      [1, 'removed', 'removed'],
      [2, 'delete', 'removed'],
      [3, 'chat', 'next'],
    ])
    expect(await dump(url)).not.toContain('rude')
  })

  test('an edit whose own message has expired gives its text up all the same', async () => {
    const url = await database()
    const store = await storeIn(url)
    await store.append('lobby', draft('helo'))
    await store.append('lobby', { ...draft('a rude word'), type: 'edit', of: 1 })
    await server.query('delete from mini_chat_messages where id = 1', [], url)
    await store.append('lobby', { ...draft('hello'), type: 'edit', of: 1 })
    const { messages } = await store.read('lobby', { limit: 9 })
    expect(messages.map(({ id, type }) => [id, type])).toEqual([
      [2, 'removed'],
      [3, 'edit'],
    ])
    expect(await dump(url)).not.toContain('rude')
  })

  test('a room that is cleared is gone from the table soon, however long it was', async () => {
    const url = await database()
    const store = await storeIn(url)
    await Promise.all(upTo(2500).map((i) => store.append('lobby', { ...draft('rude'), key: `k${i}` })))
    await store.append('lobby', { ...order, type: 'clear' })
    for (let rows = ''; !/^\[\{[^}]*"clear"[^}]*\}\]$/.test(rows); rows = await dump(url));
    expect(await server.query('select * from mini_chat_dropped', [], url)).toEqual([])
  })

  test('with a time to keep, what is older is in no answer at once, and deleted in batches', async () => {
    const url = await database()
    const store = await storeIn(url, { keepMs: 60 * 60_000 })
    const now = Date.now()
    const old = upTo(2500).map((i) =>
      store.append('lobby', { ...draft('old'), key: `k${i}`, timestamp: now - 7_200_000 }),
    )
    await Promise.all(old)
    const young = { ...draft('young'), key: 'y', timestamp: now }
    await store.append('lobby', young)
    const { messages, first, last } = await store.read('lobby', { limit: 500 })
    expect([messages, first, last]).toEqual([[{ id: 2501, ...young }], 2501, 2501])
    await store.expireNow()
    expect(await server.query('select id::int from mini_chat_messages', [], url)).toEqual([{ id: 2501 }])
  })

  test('a room whose every message has expired goes on with its ids', async () => {
    const url = await database()
    const old = { ...draft('old'), timestamp: Date.now() - 7_200_000 }
    const store = await storeIn(url, { keepMs: 60 * 60_000 })
    const { epoch } = await store.append('lobby', old)
    await store.expireNow()
    expect(await dump(url)).toBe('[]')
    expect(await store.read('lobby', { limit: 9 })).toEqual({ messages: [], epoch, first: 2, last: 1, more: false })
    const app = await startServer({ postgres: url, keepMs: 60 * 60_000 })
    const response = await fetch(`${app.url}/send?room=lobby&username=ada`, { method: 'POST', body: 'new' })
    expect(await response.json()).toMatchObject({ message: { id: 2 }, next: `${epoch}.2` })
  })

  test('a start brings back the rooms, the one with the newest message first', async () => {
    const url = await database()
    const store = await storeIn(url)
    for (const [i, room] of ['den', 'lobby', 'attic'].entries())
      await store.append(room, { ...draft('hi', room), timestamp: 1000 + i })
    expect((await storeIn(url, { rooms: 2 })).rooms()).toEqual(['attic', 'lobby'])
  })

  test('U+0000, which PostgreSQL cannot keep, is refused before it gets there, and harms no other message', async () => {
    const { url } = await startServer({ postgres: await database() })
    const send = (body: unknown): Promise<Response> =>
      fetch(`${url}/send`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      })
    const sent = ['a', 'b\0', '\ud800', 'c'].map((text) => send({ room: 'lobby', username: 'ada', text }))
    expect((await Promise.all(sent)).map(({ status }) => status)).toEqual([201, 400, 400, 201])
    expect((await send({ room: 'lobby', username: 'a\0', text: 'd' })).status).toBe(400)
  })

  test('says in one line that a PostgreSQL may lose what it acknowledged, and nothing where it does not', async () => {
    const said: Said[][] = [[], []]
    await storeIn(await database(), {}, said[0])
    await storeIn((await postgresForTest()).url, {}, said[1])
    expect(said).toEqual([[{ event: 'postgres', warning: expect.stringContaining('fsync off') }], []])
  })

  describe('that cannot be used says why in one sentence:', () => {
    const why = async (url: string): Promise<string> =>
      storeIn(url).then(
        () => 'it opened',
        (error: unknown) =>
          error instanceof UsageError ? 'usage' : error instanceof Error ? error.message : 'no error',
      )

    test('nobody is there', async () => {
      expect(await why('postgres://127.0.0.1:1/chat')).toBe(
        'no PostgreSQL answers at "127.0.0.1:1" (ECONNREFUSED): start it, or give its address with --postgres',
      )
    })

    test('the password is wrong, or missing; it is never said', async () => {
      for (const login of ['postgres', 'postgres:wrong', 'eve:wrong']) {
        const said = await why(`postgres://${login}@127.0.0.1:${server.port}/postgres`)
        expect(said).toMatch(/^the PostgreSQL at "127\.0\.0\.1:\d+" refuses the user or the password: write them as /)
        expect(said).not.toContain('wrong')
      }
    })

    test('it has no such database', async () => {
      expect(await why(server.url.replace(/postgres$/, 'nowhere'))).toMatch(
        / has no such database: make it with `createdb`/,
      )
    })

    test('it is too old', async () => {
      const age = (chunk: Buffer): Buffer =>
        Buffer.from(chunk.toString('latin1').replaceAll(/\b1[2-9]\d{4}\b/g, '090624'), 'latin1')
      const { port } = await startProxy(server.port, { change: age })
      expect(await why(server.url.replace(String(server.port), String(port)))).toMatch(
        / is version 9: it has to be 12 or newer$/,
      )
    })

    test('it takes no writes', async () => {
      const url = await database()
      await server.query(`alter database ${new URL(url).pathname.slice(1)} set default_transaction_read_only = on`)
      expect(await why(url)).toMatch(/ takes no messages \(a replica, or .*: give the address of its primary$/)
    })

    test('the user may make no tables', async () => {
      const url = await database()
      await server.query(`create role guest login password 'guest'`)
      expect(await why(url.replace('postgres:sesame', 'guest:guest'))).toMatch(/^the user may make no tables in /)
    })

    test('it is a replica', async () => {
      const replica = await postgresForTest([], true)
      expect(await why(replica.url)).toMatch(/ takes no messages \(a replica, or /)
    }, 60_000)
  })
})
