// The soak in short: `npm run soak` is the whole of it.

import { expect, test } from 'vitest'
import { isWell, soak } from '../soak.js'
import { needs } from '../support/needs.js'
import { hasPostgres } from '../support/postgres.js'
import { hasRedis } from '../support/redis.js'

const isThere = needs('nginx', 'nginx-light') && hasRedis && hasPostgres

test.skipIf(!isThere).each(['redis', 'postgres'] as const)(
  'three instances on %s are restarted and their stores harmed: nothing is lost or doubled, and there is one order',
  async (store) => {
    const soaked = await soak({ store, messages: 400, clients: 18, instances: 3, rolls: 1, seed: 7, pauseMs: 3000 })
    expect({ ...soaked, isWell: isWell(soaked) }).toMatchObject({ isWell: true, acknowledged: 400, rolls: 3 })
  },
  180_000,
)
