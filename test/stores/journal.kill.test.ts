import { expect, test } from 'vitest'
import { torture } from '../torture.js'

/** `npm run torture` kills 500 times; MINI_CHAT_KILLS says how often this does. */
const KILLS = Number(process.env['MINI_CHAT_KILLS'] ?? 5)

for (const sync of ['always', 'never']) {
  test(
    `a server that is killed again and again under load loses, doubles and disorders nothing (sync ${sync})`,
    async () => {
      const { acknowledged, lost, doubled, disorder } = await torture({ kills: KILLS, senders: 8, lifeMs: 300, sync })
      expect({ lost, doubled, disorder }).toEqual({ lost: 0, doubled: 0, disorder: 0 })
      expect(acknowledged).toBeGreaterThanOrEqual(KILLS)
    },
    20_000 + KILLS * 3000,
  )
}
