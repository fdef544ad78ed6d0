// What happens to the messages in PostgreSQL when something goes wrong, with two processes' stores or servers on it;
// and the same where Redis carries the news between them.

import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { Message } from '../../src/core/rooms/message.js'
import { systemClock } from '../../src/platform.js'
import { openRedisWakes } from '../../src/stores/redis/wakes.js'
import { RECONCILE_MS } from '../../src/stores/shared/followers.js'
import type { OpenWakes } from '../../src/stores/shared/wakes.js'
import type { Polled } from '../support/http.js'
import { hasPostgres, postgresForTest, storeIn } from '../support/postgres.js'
import { hasRedis, redisForTest } from '../support/redis.js'
import { MEASURES } from '../support/retried.js'
import { type TestServer, until } from '../support/server.js'
import {
  agreeOnAnotherLog,
  idsOf,
  listen,
  park,
  poll,
  say,
  send,
  servers,
  texts,
  TOLD_MS,
  upTo,
} from '../support/shared-store.js'
import { torture } from '../torture.js'
import { draft } from './contract.js'

/** `npm run torture -- --postgres` kills 100 times; MINI_CHAT_KILLS says how often this does. */
const KILLS = Number(process.env['MINI_CHAT_KILLS'] ?? 5)

const END =
  'select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1 order by random() limit $2'
const END_LISTENING = `select pg_terminate_backend(pid) from pg_stat_activity
  where application_name = $1 and (query like 'listen%' or query like '%pg_is_in_recovery%')`
const US = 'mini-chat'

describe.skipIf(!hasPostgres)('two processes on one PostgreSQL', () => {
  test('have one order, and everything that either is told', async () => {
    const server = await postgresForTest(['fsync=off'])
    const [one, other] = [await storeIn(server.url), await storeIn(server.url)]
    const [here, there] = [await listen(one), await listen(other)]
    await Promise.all(upTo(200).map((i) => say(i % 2 === 0 ? one : other, `n${i}`)))
    await until(
      () => there.messages.length + here.messages.length,
      (length) => length === 400,
    )
    expect(idsOf(here)).toEqual(upTo(200))
    expect(there.messages).toEqual(here.messages)
    expect(here.epoch).toBe(there.epoch)
  })

  test('make one message of a key that is used on both at once, and refuse it for another text', async () => {
    const server = await postgresForTest(['fsync=off'])
    const both = await servers(2, { postgres: server.url })
    const answers = await Promise.all(upTo(20).map((i) => send(both[i % 2] ?? both[0]!, 'once', 'k1')))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]))
    const bodies = (await Promise.all(answers.map((answer) => answer.json()))) as { message: Message; next: string }[]
    expect(new Set(bodies.map(({ message }) => message.id))).toEqual(new Set([1]))
    expect(answers.filter(({ headers }) => headers.get('idempotency-replayed') !== 'true')).toHaveLength(1)
    for (const one of both) expect((await send(one, 'other', 'k1')).status).toBe(422)
    for (const one of both) expect(texts({ messages: (await poll(one, 'since=0')).messages })).toEqual(['once'])
  })

  test('know a cursor of each other at once, and call nothing a gap that is only on its way', async () => {
    const server = await postgresForTest(['fsync=off'])
    const [one, other] = (await servers(2, { postgres: server.url })) as [TestServer, TestServer]
    await poll(other, 'since=0&wait=0')
    for (let i = 1; i <= 20; i++) {
      // Deaf for a moment: what it knows it has asked for.
      await server.query(END_LISTENING, [US])
      const { next } = (await (await send(one, `n${i}`)).json()) as Polled
      const { gaps, messages } = await poll(other, `since=${next}&wait=0`)
      expect({ i, gaps, messages }).toEqual({ i, gaps: [], messages: [] })
    }
  })

  test('lose and double nothing while their connections are ended at random', async () => {
    const server = await postgresForTest(['fsync=off'])
    const [one, other] = [await storeIn(server.url), await storeIn(server.url)]
    const [here, there] = [await listen(one), await listen(other)]
    let over = false
    const ending = (async () => {
      for (let ended = 0; ; await sleep(50)) {
        if (over) return ended
        ended += (await server.query(END, [US, 3])).length
      }
    })()
    await Promise.all(
      upTo(8).map(async (sender) => {
        for (let i = 1; i <= 50; i++) {
          await say(sender % 2 === 0 ? one : other, `${sender}-${i}`)
          // On a quick machine all would be said before anything is ended.
          await sleep(30)
        }
      }),
    )
    over = true
    expect(await ending).toBeGreaterThan(10)
    for (const heard of [here, there]) {
      await until(
        () => heard.messages.length,
        (length) => length >= 400,
      )
      expect(idsOf(heard)).toEqual(upTo(400))
      expect(new Set(texts(heard)).size).toBe(400)
    }
    expect(there.messages).toEqual(here.messages)
    expect([here.epochs, there.epochs]).toEqual([2, 2])
  }, 60_000)

  test(
    'wait for a room that somebody locks, and no longer than two seconds; other rooms go on',
    { timeout: 30_000, ...MEASURES },
    async () => {
      const server = await postgresForTest(['fsync=off'])
      const store = await storeIn(server.url)
      for (const room of ['lobby', 'den']) await store.append(room, draft('hi', room))
      const locking = server.query(
        `begin; select from mini_chat_rooms where room = 'lobby' for update; select pg_sleep(4)`,
      )
      const locks = `select from pg_stat_activity where query like '%for update; select pg_sleep%' and wait_event = 'PgSleep'`
      await expect.poll(async () => (await server.query(locks)).length).toBe(1)
      const at = performance.now()
      const waiting = store.append('lobby', draft('late')).then(
        () => 'kept',
        (error: unknown) => error,
      )
      expect((await store.append('den', draft('soon', 'den'))).message.id).toBe(2)
      expect(performance.now() - at).toBeLessThan(1500)
      expect(await waiting).toMatchObject({ code: 'unavailable', message: expect.stringContaining('busy') })
      expect([performance.now() - at < 3500, store.ready()]).toEqual([true, true])
      await locking
      expect((await store.append('lobby', draft('now'))).message.id).toBe(2)
    },
  )

  test(
    'are told within five seconds that the tables were emptied, and agree on the log in their place',
    { timeout: 30_000, ...MEASURES },
    async () => {
      const server = await postgresForTest(['fsync=off'])
      const both = await servers(2, { postgres: server.url })
      await agreeOnAnotherLog(both, () => server.query('truncate mini_chat_rooms, mini_chat_messages'), TOLD_MS)
    },
  )

  test('make tables again that were dropped', async () => {
    const server = await postgresForTest(['fsync=off'])
    const store = await storeIn(server.url)
    const here = await listen(store)
    await say(store, 'before')
    await server.query(`drop schema public cascade; create schema public`)
    expect((await say(store, 'after')).id).toBe(1)
    await until(
      () => texts(here).join(),
      (all) => all === 'after',
    )
  })

  for (const more of [2, 9]) {
    test(`give a log whose newest messages were lost another epoch, where ${more} came in their place meanwhile`, async () => {
      const server = await postgresForTest(['fsync=off'])
      const one = await storeIn(server.url)
      const here = await listen(one)
      for (let i = 1; i <= 15; i++) await say(one, i <= 10 ? `kept ${i}` : `lost ${i}`)
      const { epoch } = here
      // As a replica has it that takes over and lacks the tail; and another process comes there first.
      const held = server.query(`begin; lock table mini_chat_messages in share mode;
        lock table mini_chat_rooms in exclusive mode; delete from mini_chat_messages where id > 10;
        update mini_chat_rooms set id = 10, mark = (select mark from mini_chat_messages where id = 10);
        insert into mini_chat_messages select log, 10 + n, 'm' || n, type, username, 'new ' || n, said, null, null, false
          from mini_chat_messages, generate_series(1, ${more}) n where id = 10;
        update mini_chat_rooms set id = ${10 + more}, mark = 'm${more}'; commit`)
      await held
      const all = [...upTo(10).map((i) => `kept ${i}`), ...upTo(more).map((i) => `new ${i}`)]
      await until(
        () => texts(here).join(),
        (now) => now === all.join(),
      )
      expect([here.epoch === epoch, idsOf(here)]).toEqual([false, upTo(10 + more)])
      const there = await listen(await storeIn(server.url))
      await say(one, 'last')
      for (const heard of [here, there])
        await until(
          () => texts(heard).at(-1),
          (text) => text === 'last',
        )
      expect([there.messages, there.epoch]).toEqual([here.messages, here.epoch])
    })
  }
})

describe.skipIf(!hasPostgres)('a PostgreSQL that is away', () => {
  test(
    'stopped for some seconds: sends are 503, polls stay parked, and all is well within five seconds of its return',
    { timeout: 60_000, ...MEASURES },
    async () => {
      const server = await postgresForTest()
      const [one] = (await servers(1, { postgres: server.url })) as [TestServer]
      const { next } = (await (await send(one, 'before')).json()) as Polled
      const [parked] = await park([one], next)
      await server.stop('SIGINT')
      const at = performance.now()
      const during = await send(one, 'during', 'k1')
      expect([during.status, Number(during.headers.get('retry-after')) > 0]).toEqual([503, true])
      expect(performance.now() - at).toBeLessThan(2000)
      await until(
        () => one.app.chat.rooms.get('lobby')?.waiting,
        (waiting) => waiting === 1,
      )
      while ((await fetch(`${one.url}/ready`)).status !== 503) await sleep(20)
      expect((await poll(one, 'since=0')).messages.map(({ text }) => text)).toEqual(['before'])
      await sleep(1500)
      await server.start()
      const back = performance.now()
      while ((await fetch(`${one.url}/ready`)).status !== 200) await sleep(20)
      expect((await send(one, 'during', 'k1')).status).toBe(201)
      expect(performance.now() - back).toBeLessThan(5000)
      expect((await parked)?.messages.map(({ text }) => text)).toEqual(['during'])
      expect(one.bugs.splice(0).map(String)).toEqual([expect.stringMatching(/^PostgreSQL is away \(/)])
    },
  )

  test('takes no writes any more: sends are 503 until it does', async () => {
    const server = await postgresForTest(['fsync=off'])
    const store = await storeIn(server.url)
    await say(store, 'before')
    await server.query('alter database postgres set default_transaction_read_only = on')
    await server.query(END, [US, 100])
    await until(
      () => store.ready(),
      (ready) => !ready,
    )
    await expect(store.append('lobby', draft('no'))).rejects.toMatchObject({ code: 'unavailable', retryAfter: 2 })
    await server.query('begin read write; alter database postgres reset default_transaction_read_only; commit')
    expect((await say(store, 'after')).id).toBe(2)
  })

  test(
    'killed under load again and again: nothing is lost, doubled or out of order',
    async () => {
      const options = { kills: KILLS, senders: 8, lifeMs: 1500, sync: 'always', store: 'postgres' as const }
      const { acknowledged, lost, doubled, disorder } = await torture(options)
      expect({ lost, doubled, disorder }).toEqual({ lost: 0, doubled: 0, disorder: 0 })
      expect(acknowledged).toBeGreaterThanOrEqual(KILLS)
    },
    60_000 + KILLS * 6000,
  )
})

describe.skipIf(!hasPostgres || !hasRedis)('PostgreSQL and Redis together', () => {
  test('bring each message to every server, and ask PostgreSQL for none of them', async () => {
    const [postgres, redis] = [await postgresForTest(['fsync=off']), await redisForTest()]
    const [one, other] = (await servers(2, { postgres: postgres.url, redis: redis.url })) as [TestServer, TestServer]
    const first = (await (await send(one, 'n0')).json()) as Polled
    const [parked] = await park([other], first.next)
    await send(one, 'n1')
    expect((await parked)?.messages.map(({ text }) => text)).toEqual(['n1'])
    // The log is in PostgreSQL, and Redis keeps none of it.
    expect(await postgres.query('select text from mini_chat_messages order by id')).toEqual([
      { text: 'n0' },
      { text: 'n1' },
    ])
    expect(await redis.command('EXISTS', 'mini-chat:{lobby}:log')).toBe(0)
  })

  test('go on without Redis by NOTIFY, and use it again when it is back', async () => {
    const [postgres, redis] = [await postgresForTest(['fsync=off']), await redisForTest()]
    const said: string[] = []
    const log = {
      info: (event: string) => void said.push(event),
      error: (event: string) => void said.push(event),
    }
    const openWakes: OpenWakes = (onBack) => openRedisWakes({ url: redis.url, clock: systemClock, log, onBack })
    const [one, other] = [await storeIn(postgres.url, { openWakes }), await storeIn(postgres.url, { openWakes })]
    const there = await listen(other)
    const arrives = async (text: string): Promise<void> => {
      await say(one, text)
      // Sooner than by comparing.
      await until(
        () => texts(there).at(-1),
        (last) => last === text,
        RECONCILE_MS / 2,
      )
    }
    await arrives('before')
    await redis.stop()
    const isSaid =
      (event: string) =>
      (all: string): boolean =>
        all === [event, event].join()
    await until(() => said.join(), isSaid('wakes_away'))
    await arrives('without')
    expect([one.ready(), other.ready()]).toEqual([true, true])
    said.length = 0
    await redis.start()
    await until(() => said.join(), isSaid('wakes_back'))
    await arrives('with')
    expect(idsOf(there)).toEqual([1, 2, 3])
  }, 40_000)
})
