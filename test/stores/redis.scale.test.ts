// How fast messages go through Redis. The figures of docs/scaling.md are for a machine that does nothing else.
// MINI_CHAT_MEASURE=1 checks them; without it only a result that no busy machine explains is an error.

import { expect, test } from 'vitest'
import { hasRedis, redisForTest, storeIn } from '../support/redis.js'
import { MEASURES } from '../support/retried.js'
import { childForTest, delays, PER_SECOND, SENDERS, sends } from '../support/speed.js'

const isQuiet = process.env['MINI_CHAT_MEASURE'] === '1'
const MOST_MS = isQuiet ? { p50: 3, p99: 20 } : { p50: 60, p99: 1000 }
const LEAST_A_SECOND = isQuiet ? 8000 : 800

test.skipIf(!hasRedis)(
  `of ${PER_SECOND} messages a second, each is soon with who listens to another process`,
  { ...MEASURES, timeout: 60_000 },
  async () => {
    const redis = await redisForTest()
    const alone = await childForTest([])
    const [one, other] = [await childForTest(['--redis', redis.url]), await childForTest(['--redis', redis.url])]
    const memory = await delays(alone, alone)
    const figures = await delays(one, other)
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
    const aSecond = await sends(await storeIn(redis.url))
    process.stdout.write(`  ${JSON.stringify({ aSecond })}\n`)
    expect(aSecond).toBeGreaterThan(LEAST_A_SECOND)
  },
)
