// How fast messages go through PostgreSQL, with fsync on. The figures of docs/scaling.md are for a machine that does
// nothing else. MINI_CHAT_MEASURE=1 checks them; without it only a result that no busy machine explains is an error.

import { expect, test } from 'vitest'
import { hasPostgres, postgresForTest, storeIn } from '../support/postgres.js'
import { hasRedis, redisForTest } from '../support/redis.js'
import { MEASURES } from '../support/retried.js'
import { childForTest, delays, PER_SECOND, SENDERS, sends } from '../support/speed.js'

const isQuiet = process.env['MINI_CHAT_MEASURE'] === '1'
const MOST_MS = isQuiet ? { p50: 10, p99: 50 } : { p50: 150, p99: 2000 }
const LEAST_A_SECOND = isQuiet ? 3000 : 300

test.skipIf(!hasPostgres || !hasRedis)(
  `of ${PER_SECOND} messages a second, each is soon with who listens to another process`,
  { ...MEASURES, timeout: 60_000 },
  async () => {
    const [postgres, redis] = [await postgresForTest(), await redisForTest()]
    const figures = new Map<string, { p50: number; p99: number }>()
    for (const [name, more] of [
      ['postgres', []],
      ['both', ['--redis', redis.url]],
    ] as const) {
      const args = ['--postgres', postgres.url, ...more]
      figures.set(name, await delays(await childForTest(args), await childForTest(args)))
    }
    process.stdout.write(`  ${JSON.stringify(Object.fromEntries(figures))}\n`)
    for (const { p50, p99 } of figures.values()) {
      expect(p50).toBeLessThan(MOST_MS.p50)
      expect(p99).toBeLessThan(MOST_MS.p99)
    }
  },
)

test.skipIf(!hasPostgres)(
  `${SENDERS} senders at once get on, in one room and in many: what waits together travels together`,
  { ...MEASURES, timeout: 30_000 },
  async () => {
    const postgres = await postgresForTest()
    const oneRoom = await sends(await storeIn(postgres.url))
    const eightRooms = await sends(await storeIn(postgres.url), ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'])
    process.stdout.write(`  ${JSON.stringify({ oneRoom, eightRooms })}\n`)
    expect(oneRoom).toBeGreaterThan(LEAST_A_SECOND)
  },
)
