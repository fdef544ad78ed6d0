// What happens to the messages in Redis when something goes wrong, with two processes' stores or servers on it.

import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Message } from '../../src/core/rooms/message.js'
import type { Polled } from '../support/http.js'
import { startProxy } from '../support/proxy.js'
import { hasRedis, redisForTest, storeIn } from '../support/redis.js'
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
  servers as serversOf,
  texts,
  TOLD_MS,
  upTo,
} from '../support/shared-store.js'
import { torture } from '../torture.js'

/** `npm run torture -- --redis` kills 200 times; MINI_CHAT_KILLS says how often this does. */
const KILLS = Number(process.env['MINI_CHAT_KILLS'] ?? 10)

const servers = (url: string, count: number): Promise<TestServer[]> => serversOf(count, { redis: url })

describe.skipIf(!hasRedis)('two processes on one Redis', () => {
  test('have one order, and everything that either is told', async () => {
    const server = await redisForTest()
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
    const server = await redisForTest()
    const both = await servers(server.url, 2)
    const answers = await Promise.all(upTo(20).map((i) => send(both[i % 2] ?? both[0]!, 'once', 'k1')))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]))
    const bodies = (await Promise.all(answers.map((answer) => answer.json()))) as { message: Message; next: string }[]
    expect(new Set(bodies.map(({ message }) => message.id))).toEqual(new Set([1]))
    expect(answers.filter(({ headers }) => headers.get('idempotency-replayed') !== 'true')).toHaveLength(1)
    for (const server of both) expect((await send(server, 'other', 'k1')).status).toBe(422)
    for (const one of both) expect(texts({ messages: (await poll(one, 'since=0')).messages })).toEqual(['once'])
  })

  test('know a cursor of each other at once, and call nothing a gap that is only on its way', async () => {
    const server = await redisForTest()
    const [one, other] = (await servers(server.url, 2)) as [TestServer, TestServer]
    await poll(other, 'since=0&wait=0')
    for (let i = 1; i <= 20; i++) {
      // Deaf for a moment: what it knows it has asked for.
      await server.command('CLIENT', 'KILL', 'TYPE', 'pubsub')
      const { next } = (await (await send(one, `n${i}`)).json()) as Polled
      const { gaps, messages } = await poll(other, `since=${next}&wait=0`)
      expect({ i, gaps, messages }).toEqual({ i, gaps: [], messages: [] })
    }
  })

  test('lose and double nothing while their listening connections are killed every 100 ms', async () => {
    const server = await redisForTest()
    const [one, other] = [await storeIn(server.url), await storeIn(server.url)]
    const [here, there] = [await listen(one), await listen(other)]
    let [over, kills, said] = [false, 0, 0]
    const killing = (async () => {
      for (; !over; kills++) {
        await server.command('CLIENT', 'KILL', 'TYPE', 'pubsub')
        await sleep(100)
      }
    })()
    // On a slow machine fewer are killed meanwhile.
    while (said < 300 || kills <= 10) {
      said++
      await say(said % 2 === 0 ? one : other, `n${said}`)
      await sleep(5)
    }
    over = true
    await killing
    for (const heard of [here, there]) {
      await until(
        () => heard.messages.length,
        (length) => length >= said,
      )
      expect(idsOf(heard)).toEqual(upTo(said))
      expect(texts(heard)).toEqual(upTo(said).map((i) => `n${i}`))
    }
  })

  test('start and open rooms while their listening connections are killed all the time', async () => {
    const server = await redisForTest()
    let over = false
    const killing = (async () => {
      while (!over) await server.command('CLIENT', 'KILL', 'TYPE', 'pubsub')
    })()
    try {
      for (let i = 0; i < 30; i++) {
        const store = await storeIn(server.url)
        for (let room = 0; room < 5; room++) await store.subscribe(`room-${room}`, () => undefined)
        await store.close()
      }
    } finally {
      over = true
      await killing
    }
  }, 180_000)

  test(
    'are told within five seconds that a log was flushed, and agree on the one in its place',
    { timeout: 20_000, ...MEASURES },
    async () => {
      const server = await redisForTest()
      const both = await servers(server.url, 2)
      await agreeOnAnotherLog(both, () => server.command('FLUSHALL'), TOLD_MS)
    },
  )

  test('begin a log anew with a message that comes right after a flush', async () => {
    const server = await redisForTest()
    const [one, other] = [await storeIn(server.url), await storeIn(server.url)]
    const [here, there] = [await listen(one), await listen(other)]
    for (let i = 0; i < 5; i++) await say(one, `before ${i}`)
    const { epoch } = here
    await server.command('FLUSHALL')
    expect((await say(other, 'after')).id).toBe(1)
    for (const heard of [here, there])
      await until(
        () => texts(heard).join(),
        (all) => all === 'after',
      )
    expect([here.epoch === epoch, here.epoch]).toEqual([false, there.epoch])
  })

  for (const more of [2, 9]) {
    test(`give a log whose newest messages were lost another epoch, where ${more} came in their place meanwhile`, async () => {
      const primary = await redisForTest(['--repl-diskless-sync-delay', '0'])
      const replica = await redisForTest(['--replicaof', '127.0.0.1', String(primary.port)])
      const proxy = await startProxy(primary.port)
      const url = `redis://127.0.0.1:${proxy.port}`
      const one = await storeIn(url)
      const here = await listen(one)
      for (let i = 1; i <= 10; i++) await say(one, `kept ${i}`)
      while ((await replica.command('XLEN', 'mini-chat:{lobby}:log')) !== 10) await sleep(20)
      await replica.command('REPLICAOF', 'NO', 'ONE')
      for (let i = 1; i <= 5; i++) await say(one, `lost ${i}`)
      const { epoch } = here
      expect(here.messages).toHaveLength(15)
      // Another process, which knows nothing of what was lost, is first.
      const other = await storeIn(replica.url)
      const there = await listen(other)
      for (let i = 1; i <= more; i++) await say(other, `new ${i}`)
      proxy.lead(replica.port)
      const all = [...upTo(10).map((i) => `kept ${i}`), ...upTo(more).map((i) => `new ${i}`)]
      await until(
        () => texts(here),
        (now) => now.join() === all.join(),
      )
      await until(
        () => there.epoch,
        (now) => now === here.epoch,
      )
      expect(here.epoch).not.toBe(epoch)
      expect(idsOf(here)).toEqual(upTo(10 + more))
      await say(one, 'last')
      for (const heard of [here, there])
        await until(
          () => texts(heard).at(-1),
          (text) => text === 'last',
        )
      expect(there.messages).toEqual(here.messages)
      expect(there.epoch).toBe(here.epoch)
    }, 60_000)
  }
})

describe.skipIf(!hasRedis)('a Redis that is away', () => {
  test(
    'for ten seconds, stopped: sends are 503, polls stay parked, and all is well within five seconds of its return',
    { timeout: 40_000, ...MEASURES },
    async () => {
      const redis = await redisForTest()
      const [one] = (await servers(redis.url, 1)) as [TestServer]
      const { next } = (await (await send(one, 'before')).json()) as Polled
      const [parked] = await park([one], next)
      process.kill(redis.pid(), 'SIGSTOP')
      onTestFinished(() => void (redis.pid() > 0 && process.kill(redis.pid(), 'SIGCONT')))
      const stopped = performance.now()
      const first = await send(one, 'during', 'k1')
      expect([first.status, Number(first.headers.get('retry-after')) > 0]).toEqual([503, true])
      expect(performance.now() - stopped).toBeLessThan(4000)
      const at = performance.now()
      expect((await send(one, 'during', 'k2')).status).toBe(503)
      expect(performance.now() - at).toBeLessThan(500)
      expect((await fetch(`${one.url}/ready`)).status).toBe(503)
      expect((await poll(one, 'since=0')).messages.map(({ text }) => text)).toEqual(['before'])
      await sleep(Math.max(0, 10_000 - (performance.now() - stopped)))
      process.kill(redis.pid(), 'SIGCONT')
      const back = performance.now()
      while ((await fetch(`${one.url}/ready`)).status !== 200) await sleep(50)
      expect((await send(one, 'during', 'k1')).status).toBe(201)
      expect(performance.now() - back).toBeLessThan(5000)
      expect((await parked)?.messages.map(({ text }) => text)).toEqual(['during'])
      const { messages } = await poll(one, 'since=0')
      expect(messages.map(({ text }) => text)).toEqual(['before', 'during'])
      expect(one.bugs.splice(0).map(String)).toEqual([expect.stringMatching(/^Redis is away \(/)])
    },
  )

  test(
    'killed and started empty: readers are told, and no old epoch comes back',
    { timeout: 30_000, ...MEASURES },
    async () => {
      const redis = await redisForTest()
      const both = await servers(redis.url, 2)
      const { next } = (await (await send(both[0]!, 'before')).json()) as Polled
      const polls = await park(both, next)
      await redis.stop()
      expect((await send(both[0]!, 'nobody')).status).toBe(503)
      await redis.start()
      const at = performance.now()
      const told = await Promise.all(polls)
      expect(performance.now() - at).toBeLessThan(TOLD_MS)
      for (const { gaps } of told) expect(gaps[0]?.reason).toBe('restart')
      expect(new Set(told.map((answer) => answer.next)).size).toBe(1)
      for (const { bugs } of both) expect(bugs.splice(0)).toHaveLength(1)
    },
  )

  test(
    'again and again, killed under load, with appendfsync always: nothing is lost, doubled or out of order',
    async () => {
      const options = { kills: KILLS, senders: 8, lifeMs: 300, sync: 'always', store: 'redis' as const }
      const { acknowledged, lost, doubled, disorder } = await torture(options)
      expect({ lost, doubled, disorder }).toEqual({ lost: 0, doubled: 0, disorder: 0 })
      expect(acknowledged).toBeGreaterThanOrEqual(KILLS)
    },
    30_000 + KILLS * 4000,
  )
})
