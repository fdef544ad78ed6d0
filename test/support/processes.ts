// Processes of one chat on one Redis or PostgreSQL, as far as the core goes: each has a store and a directory of its own.

import { onTestFinished } from 'vitest'
import { Chat } from '../../src/core/chat.js'
import type { Rates } from '../../src/core/people/limits.js'
import type { Store } from '../../src/core/rooms/store.js'
import { openPostgresDirectory } from '../../src/directory/postgres.js'
import { openRedisDirectory } from '../../src/directory/redis.js'
import type { SharedDirectory } from '../../src/directory/shared/directory.js'
import { systemClock, systemRandom } from '../../src/platform.js'
import { storeIn as postgresStoreIn } from './postgres.js'
import { storeIn as redisStoreIn } from './redis.js'

export type ChatProcess = { readonly chat: Chat; readonly directory: SharedDirectory }

const parts = {
  clock: systemClock,
  random: systemRandom,
  log: { info: () => undefined, error: () => undefined },
}

/** Ends with its test. `people`: another address of the same Redis, for the directory alone. */
export async function processOn(url: string, rates?: Rates, people = url): Promise<ChatProcess> {
  const directory = await openRedisDirectory({ url: people, ...parts })
  return processWith(directory, await redisStoreIn(url), rates)
}

/** The same on PostgreSQL, whose connections the store and the directory share. */
export async function processOnPostgres(url: string, rates?: Rates): Promise<ChatProcess> {
  const store = await postgresStoreIn(url)
  return processWith(await openPostgresDirectory({ link: store.link, ...parts }), store, rates)
}

function processWith(directory: SharedDirectory, store: Store, rates: Rates | undefined): ChatProcess {
  const limits = { rooms: 1000, bytes: 1e9, sessions: 1000 }
  const { clock, random } = parts
  const chat = new Chat({ store, directory, clock, random, ringSize: 500, limits, rates })
  onTestFinished(() => chat.close())
  return { chat, directory }
}
