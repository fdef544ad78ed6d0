import { afterAll, beforeAll, describe } from 'vitest'
import { hasPostgres } from '../support/postgres.js'
import { type PostgresServer, startPostgres } from '../support/postgres-server.js'
import { processOnPostgres } from '../support/processes.js'
import { directoryContract } from './contract.js'

describe.skipIf(!hasPostgres)('postgres', () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await startPostgres(['fsync=off'])
  })
  afterAll(() => server.close())

  directoryContract('in PostgreSQL', async (rates) => {
    await server.query('drop schema public cascade')
    await server.query('create schema public')
    const [a, b, c] = await Promise.all([1, 2, 3].map(() => processOnPostgres(server.url, rates)))
    if (a === undefined || b === undefined || c === undefined) throw new Error('three were asked for')
    return [a.chat, b.chat, c.chat]
  })
})
