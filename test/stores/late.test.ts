// Stores whose network is late now and then: each piece of data is 200 ms late with a chance of 1 %.

import { expect, test } from 'vitest'
import type { Message } from '../../src/core/rooms/message.js'
import type { Store } from '../../src/core/rooms/store.js'
import { hasPostgres, postgresForTest, storeIn as postgresStoreIn } from '../support/postgres.js'
import { startProxy } from '../support/proxy.js'
import { chanceFrom } from '../support/random.js'
import { hasRedis, redisForTest, storeIn as redisStoreIn } from '../support/redis.js'
import { until } from '../support/server.js'
import { idsOf, listen, say, texts, upTo } from '../support/shared-store.js'

const [LATE_MS, SHARE, SENDERS, EACH] = [200, 0.01, 8, 100]
/** More than all of them: what is said while a piece is late must not push out what came before. */
const RING = 2 * SENDERS * EACH
const chance = chanceFrom(200)

/** A store behind a network of its own, and how many pieces were late. */
async function behind(port: number, open: (port: number) => Promise<Store>) {
  const late = { count: 0 }
  const lateMs = (): number => {
    if (chance() >= SHARE) return 0
    late.count++
    return LATE_MS
  }
  const proxy = await startProxy(port, { lateMs })
  return { store: await open(proxy.port), late }
}

const CASES = [
  {
    name: 'Redis',
    isThere: hasRedis,
    async start() {
      const { port } = await redisForTest()
      return { port, open: (at: number) => redisStoreIn(`redis://127.0.0.1:${at}`, { recent: RING }) }
    },
  },
  {
    name: 'PostgreSQL',
    isThere: hasPostgres,
    async start() {
      const { port, url } = await postgresForTest()
      return { port, open: (at: number) => postgresStoreIn(url.replace(String(port), String(at)), { recent: RING }) }
    },
  },
]

for (const { name, isThere, ...one } of CASES)
  test.skipIf(!isThere)(
    `${name} on a network that is late now and then: one order everywhere, and each sender's own`,
    async () => {
      const { port, open } = await one.start()
      const [here, there] = [await behind(port, open), await behind(port, open)]
      const heard = [await listen(here.store), await listen(there.store)]
      const kept: Message[] = []
      const send = async (sender: number): Promise<void> => {
        for (let n = 1; n <= EACH; n++) {
          const { store } = chance() < 0.5 ? here : there
          kept.push(await say(store, `${sender}-${n}`))
        }
      }
      await Promise.all(upTo(SENDERS).map(send))
      for (const all of heard) {
        await until(
          () => all.messages.length,
          (length) => length >= SENDERS * EACH,
          8000,
        )
        expect(idsOf(all)).toEqual(upTo(SENDERS * EACH))
        expect(texts(all)).toEqual(kept.toSorted((a, b) => a.id - b.id).map(({ text }) => text))
        for (const sender of upTo(SENDERS))
          expect(texts(all).filter((text) => text.startsWith(`${sender}-`))).toEqual(
            upTo(EACH).map((n) => `${sender}-${n}`),
          )
      }
      expect(here.late.count + there.late.count).toBeGreaterThan(2)
    },
    60_000,
  )
