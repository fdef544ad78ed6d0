import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasRedis, redisForTest, type RedisServer, startRedis, storeIn } from '../support/redis.js'
import { draft, storeContract } from './contract.js'

describe.skipIf(!hasRedis)('redis', () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await startRedis()
  })
  afterAll(() => server.close())

  storeContract('redis', async (recent) => {
    await server.command('FLUSHALL')
    return storeIn(server.url, { recent })
  })

  test('a room keeps its newest messages, and no more', async () => {
    const one = await redisForTest()
    const store = await storeIn(one.url, { recent: 4 })
    for (let i = 1; i <= 10; i++) await store.append('lobby', draft(`text ${i}`))
    const { messages, first, last, more } = await store.read('lobby', { limit: 500 })
    expect([messages.map(({ id }) => id), first, last, more]).toEqual([[7, 8, 9, 10], 7, 10, false])
  })
})
