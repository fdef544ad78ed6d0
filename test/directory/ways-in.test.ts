// Every way in, with three servers on one Redis, and on one PostgreSQL: each client, each request and each look comes to one of them by chance.

import { afterAll, beforeAll, describe } from 'vitest'
import type { Config } from '../../src/config.js'
import { hasPostgres } from '../support/postgres.js'
import { type PostgresServer, startPostgres } from '../support/postgres-server.js'
import { chanceFrom } from '../support/random.js'
import { hasRedis } from '../support/redis.js'
import { type RedisServer, startRedis } from '../support/redis-server.js'
import { startServer, type TestServer } from '../support/server.js'
import { SOCKETIO_FULL, SOCKETIO_SHORT, WEBSOCKET } from '../support/sockets.js'
import { LINES, PLAIN, SSE } from '../support/visits.js'
import { clientContract } from '../transports/contract.js'

const chance = chanceFrom(12)

/** One of them by chance, each time that something is asked of it. */
function anyOf(all: readonly [TestServer, TestServer, TestServer]): TestServer {
  const one = (): TestServer => all[Math.floor(chance() * all.length)] ?? all[0]
  return {
    all,
    get app() {
      return one().app
    },
    get port() {
      return one().port
    },
    get url() {
      return one().url
    },
    bugs: [],
    stop: async () => void (await Promise.all(all.map((server) => server.stop()))),
  }
}

const WAYS_IN = [SSE, LINES, PLAIN, WEBSOCKET, SOCKETIO_FULL, SOCKETIO_SHORT]

async function three(config: Partial<Config>): Promise<TestServer> {
  return anyOf([await startServer(config), await startServer(config), await startServer(config)])
}

describe.skipIf(!hasRedis)('three servers on one Redis', () => {
  let redis: RedisServer
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis.close())

  async function start(config: Partial<Config>): Promise<TestServer> {
    await redis.command('FLUSHALL')
    return three({ ...config, redis: redis.url })
  }

  for (const way of WAYS_IN) describe(way.name, () => clientContract(way, start))
})

describe.skipIf(!hasPostgres)('three servers on one PostgreSQL', () => {
  let postgres: PostgresServer
  beforeAll(async () => {
    postgres = await startPostgres(['fsync=off'])
  })
  afterAll(() => postgres.close())

  async function start(config: Partial<Config>): Promise<TestServer> {
    await postgres.query('drop schema public cascade')
    await postgres.query('create schema public')
    return three({ ...config, postgres: postgres.url })
  }

  for (const way of WAYS_IN) describe(way.name, () => clientContract(way, start))
})
