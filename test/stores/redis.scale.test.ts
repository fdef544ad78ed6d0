// How fast messages go through Redis. The figures of docs/scaling.md are for a machine that does nothing else:
// MINI_CHAT_MEASURE=1 holds it to them, and without it only what no busy machine explains is a fault.

import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import type { Message } from '../../src/core/rooms/message.js'
import { type ChildServer, startChild } from '../support/child.js'
import { hasRedis, redisForTest, storeIn } from '../support/redis.js'
import { MEASURES } from '../support/retried.js'
import { draft } from './contract.js'

const isQuiet = process.env['MINI_CHAT_MEASURE'] === '1'
const MOST_MS = isQuiet ? { p50: 3, p99: 20 } : { p50: 60, p99: 1000 }
const LEAST_A_SECOND = isQuiet ? 8000 : 800

const PER_SECOND = 200
const MESSAGES = 1000
/** Nothing is compiled yet for the first ones. */
const WARM = 100
const SENDERS = 32

/** Sends to one server, and says how long it took until another one's listener had it. */
async function measure(to: ChildServer, from: ChildServer): Promise<{ p50: number; p99: number }> {
  const sentAt = new Map<string, number>()
  const took: number[] = []
  const control = new AbortController()
  const events = await fetch(`${from.url}/events?room=lobby&since=now`, { signal: control.signal })
  const reading = (async () => {
    let rest = ''
    for await (const bytes of events.body ?? []) {
      const now = performance.now()
      const lines = (rest + Buffer.from(bytes).toString()).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines.filter((candidate) => candidate.startsWith('data:'))) {
        const { text } = JSON.parse(line.slice(5)) as Message
        took.push(now - (sentAt.get(text) ?? 0))
      }
      if (took.length === WARM + MESSAGES) return
    }
  })()
  const begin = performance.now()
  const sending: Promise<Response>[] = []
  for (let i = 0; i < WARM + MESSAGES; i++) {
    await sleep(Math.max(0, begin + (i * 1000) / PER_SECOND - performance.now()))
    sentAt.set(`n${i}`, performance.now())
    sending.push(fetch(`${to.url}/send?room=lobby&username=user${i % 20}`, { method: 'POST', body: `n${i}` }))
  }
  expect(new Set((await Promise.all(sending)).map(({ status }) => status))).toEqual(new Set([201]))
  await reading
  control.abort()
  const sorted = took.slice(WARM).sort((a, b) => a - b)
  return { p50: sorted[MESSAGES / 2] ?? 0, p99: sorted[Math.floor(MESSAGES * 0.99)] ?? 0 }
}

async function start(args: readonly string[]): Promise<ChildServer> {
  const server = await startChild(args)
  onTestFinished(async () => void (await server.end('SIGTERM')))
  return server
}

test.skipIf(!hasRedis)(
  `of ${PER_SECOND} messages a second, each is soon with who listens to another process`,
  { ...MEASURES, timeout: 60_000 },
  async () => {
    const redis = await redisForTest()
    const alone = await start([])
    const [one, other] = [await start(['--redis', redis.url]), await start(['--redis', redis.url])]
    const memory = await measure(alone, alone)
    const figures = await measure(one, other)
    process.stdout.write(`  ${JSON.stringify({ memory, redis: figures })}\n`)
    expect(figures.p50).toBeLessThan(MOST_MS.p50)
    expect(figures.p99).toBeLessThan(MOST_MS.p99)
  },
)

test.skipIf(!hasRedis)(
  `${SENDERS} senders at once get on: what waits together travels together`,
  { ...MEASURES, timeout: 30_000 },
  async () => {
    const redis = await redisForTest()
    const store = await storeIn(redis.url)
    await store.subscribe('lobby', () => undefined)
    const end = performance.now() + 2000
    let count = 0
    await Promise.all(
      Array.from({ length: SENDERS }, async (_, sender) => {
        for (let i = 0; performance.now() < end; i++) {
          await store.appendOnce('lobby', { ...draft(`n${i}`), key: `k${sender}-${i}` })
          count++
        }
      }),
    )
    process.stdout.write(`  ${JSON.stringify({ aSecond: count / 2 })}\n`)
    expect(count / 2).toBeGreaterThan(LEAST_A_SECOND)
  },
)
