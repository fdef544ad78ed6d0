// The connections of the package `pg`, as far as they are used here: a pool that asks, and one connection that
// listens.

import type { Client, Pool } from 'pg'
import { loadPeer } from '../../peer.js'
import { whyNoStart } from './trouble.js'

export type { Client, Pool, PoolClient } from 'pg'

export type Clients = {
  readonly pool: Pool
  /** Connects one more client, beside the pool. */
  connect(): Promise<Client>
}

/** How long a statement may take before PostgreSQL cancels it. */
export const STATEMENT_MS = 2000

/** How many connections a process has, beside the listening one. Ten processes have 60 of the usual 100. */
const MOST_CONNECTIONS = 5
const CONNECT_MS = 2000

/** Throws `UsageError` without the package. Nothing is connected yet. */
export async function openClients(url: string): Promise<Clients> {
  const { Client: PgClient, Pool: PgPool } = await loadPeer('pg', '--postgres', () => import('pg'))
  const options = {
    connectionString: url,
    application_name: 'mini-chat',
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: STATEMENT_MS,
    keepAlive: true,
  }
  try {
    const pool = new PgPool({ ...options, max: MOST_CONNECTIONS })
    // Without a listener the error of a connection ends the process. The pool takes out an idle connection that
    // broke; for a connection in use, the statement fails as well.
    pool.on('error', () => undefined)
    pool.on('connect', (client) => client.on('error', () => undefined))
    return {
      pool,
      async connect() {
        const client = new PgClient(options)
        client.on('error', () => undefined)
        try {
          await client.connect()
        } catch (error) {
          client.end().catch(() => undefined)
          throw error
        }
        return client
      },
    }
  } catch (error) {
    // For example, a certificate in the address cannot be read.
    throw whyNoStart(error, url)
  }
}
