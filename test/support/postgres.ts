// PostgreSQL in tests: servers and stores that end with their test.

import { afterAll, onTestFinished } from 'vitest'
import { systemClock, systemRandom } from '../../src/platform.js'
import { openPostgres, type PostgresOptions, type PostgresStore } from '../../src/stores/postgres.js'
import type { Said } from './journal.js'
import { lacks } from './needs.js'
import { forgetTemplate, POSTGRES_BIN, type PostgresServer, startPostgres } from './postgres-server.js'

/** Is Debian's server there? */
export const hasPostgres =
  POSTGRES_BIN !== undefined || lacks('postgres is missing: install it with `apt-get install postgresql`')

// A worker of the tests is ended without a word to it.
afterAll(forgetTemplate)

/** A server that ends with its test. */
export async function postgresForTest(settings: readonly string[] = [], isReplica = false): Promise<PostgresServer> {
  const server = await startPostgres(settings, isReplica)
  onTestFinished(() => server.close())
  return server
}

/** Connects one process's store, closed with its test at the latest; `said`: what it logged. */
export async function storeIn(
  url: string,
  given: Partial<PostgresOptions> = {},
  said: Said[] = [],
): Promise<PostgresStore> {
  const log = {
    info: (event: string, fields = {}) => void said.push({ event, ...fields }),
    error: (event: string, error: unknown) => void said.push({ event, error }),
  }
  const parts = { clock: systemClock, random: systemRandom, log }
  const store = await openPostgres({ url, recent: 500, keepMs: undefined, rooms: 1000, ...parts, ...given })
  onTestFinished(() => store.close())
  return store
}
