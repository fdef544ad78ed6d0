// Processes of one chat on one Redis, as far as the core goes: each has a store and a directory of its own.

import { onTestFinished } from 'vitest'
import { Chat } from '../../src/core/chat.js'
import type { Rates } from '../../src/core/people/limits.js'
import { openRedisDirectory, type RedisDirectory } from '../../src/directory/redis.js'
import { systemClock, systemRandom } from '../../src/platform.js'
import { storeIn } from './redis.js'

export type ChatProcess = { readonly chat: Chat; readonly directory: RedisDirectory }

/** Ends with its test. `people`: another address of the same Redis, for the directory alone. */
export async function processOn(url: string, rates?: Rates, people = url): Promise<ChatProcess> {
  const log = { info: () => undefined, error: () => undefined }
  const directory = await openRedisDirectory({ url: people, clock: systemClock, random: systemRandom, log })
  const chat = new Chat({
    store: await storeIn(url),
    directory,
    clock: systemClock,
    random: systemRandom,
    ringSize: 500,
    limits: { rooms: 1000, bytes: 1e9, sessions: 1000 },
    rates,
  })
  onTestFinished(() => chat.close())
  return { chat, directory }
}
