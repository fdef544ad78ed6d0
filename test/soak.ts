// Several instances behind nginx, people by every way in, and what goes wrong in a year within minutes: `npm run soak`,
// with `-- --store redis|postgres|both`.
//
//     every 100 ms       each connection that listens to Redis is killed
//     every 250 ms       one of PostgreSQL's backends is ended
//     once, in between   Redis is stopped for ten seconds
//     all the time       one instance after the other is told to stop, and started again
//
// Then it is counted (soak/judge.ts): nothing lost, nothing doubled, one order everywhere, and no send that a client
// gave up. `--calm` leaves the stores alone, `--seed` takes the same chances again.

import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { type Faults, openHouse, readLog, startFaults, type StoreName } from './soak/house.js'
import { judge } from './soak/judge.js'
import { type Person, startPeople } from './soak/people.js'
import { Talk } from './soak/talk.js'
import { chanceFrom } from './support/random.js'

export type SoakOptions = {
  readonly store: StoreName
  readonly messages: number
  readonly clients: number
  readonly instances: number
  /** How often each instance is restarted. */
  readonly rolls: number
  readonly seed: number
  /** Are the stores left alone? */
  readonly calm?: boolean
  /** How long Redis is stopped. */
  readonly pauseMs?: number
  readonly onRoll?: (roll: number) => void
}

export type Soaked = {
  readonly seconds: number
  readonly acknowledged: number
  /** Said without a key and not heard: kept or not. */
  readonly unknown: number
  /** Sends that a client gave up. */
  readonly failed: number
  readonly resent: number
  readonly inTheLog: number
  /** Connections that people made. */
  readonly visits: number
  readonly rolls: number
  readonly lost: number
  readonly doubled: number
  readonly disorder: number
  /** What the instances said of bugs. */
  readonly bugs: number
  readonly faults: readonly string[]
} & Faults

/** So many that what comes while a person is away is still there. */
const RING = 1000

/** About what a restart takes, on two cores that do the rest as well. */
const ROLL_MS = 2500
const HEARD_MS = 60_000

export async function soak(options: SoakOptions): Promise<Soaked> {
  const { store, messages, clients, instances, rolls, seed, calm = false, pauseMs = 10_000 } = options
  const chance = chanceFrom(seed)
  const began = performance.now()
  const house = await openHouse(instances, store, RING)
  const total = instances * rolls
  let rolled = 0
  const talk = new Talk({
    messages,
    mostMs: Math.min((2 * clients * total * ROLL_MS) / messages, 3000),
    progress: () => (rolled + 1) / (total + 1),
    chance,
  })
  const stopFaults = startFaults(house, chance, { calm, pauseMs, isHalfway: () => rolled * 2 >= total })
  try {
    const people = startPeople(clients, { house, talk, chance })
    for (; rolled < total; rolled++) {
      await house.roll(rolled % instances)
      options.onRoll?.(rolled + 1)
      await sleep(300 * chance())
    }
    await Promise.all(people.map(({ said }) => said))
    const faults = await stopFaults()
    const log = await readLog(house.port)
    talk.last = log.messages.findLast(({ type }) => type === 'chat')?.text
    await heard(people)
    const verdict = judge(
      log,
      talk.acknowledged,
      people.map(({ reader }) => reader),
    )
    const { acknowledged, unknown, failed, resent } = talk
    await house.close()
    return {
      seconds: Math.round((performance.now() - began) / 1000),
      acknowledged: acknowledged.length,
      unknown,
      failed,
      resent,
      inTheLog: log.messages.filter(({ type }) => type === 'chat').length,
      visits: people.reduce((sum, { reader }) => sum + reader.visits.length, 0),
      rolls: total,
      ...faults,
      ...verdict,
      bugs: house.bugs.length,
      faults: [...verdict.faults, ...house.bugs].slice(0, 20),
    }
  } finally {
    await stopFaults()
    await house.close()
  }
}

/** Waits until every reader has been told of the last message, but not for ever: who was not is judged by it. */
async function heard(people: readonly Person[]): Promise<void> {
  await Promise.race([Promise.all(people.map(({ read }) => read)), sleep(HEARD_MS, undefined, { ref: false })])
  for (const person of people) person.close()
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      store: { type: 'string', default: 'redis' },
      messages: { type: 'string', default: '6000' },
      clients: { type: 'string', default: '30' },
      instances: { type: 'string', default: '3' },
      rolls: { type: 'string', default: '20' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      calm: { type: 'boolean', default: false },
    },
  })
  const { store, calm } = values
  if (store !== 'redis' && store !== 'postgres' && store !== 'both') throw new Error('--store redis|postgres|both')
  const [messages, clients, instances, rolls, seed] = [
    values.messages,
    values.clients,
    values.instances,
    values.rolls,
    values.seed,
  ].map(Number)
  process.stderr.write(`  seed ${seed}\n`)
  const onRoll = (roll: number): void => void (roll % 10 === 0 && process.stderr.write(`  ${roll} restarts\n`))
  const result = await soak({ store, messages, clients, instances, rolls, seed, calm, onRoll } as SoakOptions)
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`)
  process.exitCode = isWell(result) ? 0 : 1
}

export function isWell({ lost, doubled, disorder, failed, bugs }: Soaked): boolean {
  return lost + doubled + disorder + failed + bugs === 0
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main()
