// Redis in tests: servers and stores that end with their test.

import { onTestFinished } from 'vitest'
import { systemClock, systemRandom } from '../../src/platform.js'
import { openRedis, type RedisOptions, type RedisStore } from '../../src/stores/redis.js'
import type { Said } from './journal.js'
import { needs } from './needs.js'
import { REDIS_PROGRAMS, type RedisServer, startRedis } from './redis-server.js'

/** Is one of Debian's servers there? */
export const hasRedis = REDIS_PROGRAMS.length > 0 || needs('redis-server', 'redis-server')

/** A server that ends with its test. */
export async function redisForTest(args: readonly string[] = []): Promise<RedisServer> {
  const server = await startRedis(args)
  onTestFinished(() => server.close())
  return server
}

/** Connects one process's store, closed with its test at the latest; `said`: what it logged. */
export async function storeIn(url: string, given: Partial<RedisOptions> = {}, said: Said[] = []): Promise<RedisStore> {
  const log = {
    info: (event: string, fields = {}) => void said.push({ event, ...fields }),
    error: (event: string, error: unknown) => void said.push({ event, error }),
  }
  const store = await openRedis({
    url,
    recent: 500,
    keepMs: undefined,
    expireMs: undefined,
    rooms: 1000,
    clock: systemClock,
    random: systemRandom,
    log,
    ...given,
  })
  onTestFinished(() => store.close())
  return store
}
