import { afterAll, beforeAll, describe } from 'vitest'
import { processOn } from '../support/processes.js'
import { REDIS_PROGRAMS, type RedisServer, startRedis } from '../support/redis-server.js'
import { directoryContract } from './contract.js'

describe.each(REDIS_PROGRAMS)('%s', (program) => {
  let server: RedisServer
  beforeAll(async () => {
    server = await startRedis([], program)
  })
  afterAll(() => server.close())

  directoryContract(`in ${program}`, async (rates) => {
    await server.command('FLUSHALL')
    const [a, b, c] = await Promise.all([1, 2, 3].map(() => processOn(server.url, rates)))
    if (a === undefined || b === undefined || c === undefined) throw new Error('three were asked for')
    return [a.chat, b.chat, c.chat]
  })
})
