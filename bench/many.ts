// What a second instance adds: how many readers a second two instances on one Redis could tell, beside one.
//
//     npm run bench:many
//
// Two instances, Redis and the readers are more than two cores can run at their full speed. So nothing is driven to its
// limit: a message is said now and then to a hall of readers, and the processor time that each instance takes for a
// reader is measured. A core that does nothing else tells as many a second as fit into it; two instances on two cores
// tell the sum. Readers and Redis have other cores in that sum.

import { setTimeout as sleep } from 'node:timers/promises'
import { MINI_CHAT } from './dialects.js'
import { type Hall, openHall, openSender, type Sender } from './hall.js'
import { startUsage } from './measure.js'
import { pinned, type Server, startRedis, startServer } from './processes.js'
import { machine } from './table.js'

const READERS = 8000
const MESSAGES = 30
const PAUSE_MS = 400
const ROUNDS = 3

type Setup = { readonly name: string; readonly instances: number; readonly isShared: boolean }

const SETUPS: readonly Setup[] = [
  { name: 'one, without a store', instances: 1, isShared: false },
  { name: 'one on Redis', instances: 1, isShared: true },
  { name: 'two on Redis, together', instances: 2, isShared: true },
]

const rounds: (readonly number[])[][] = SETUPS.map(() => [])
for (let round = 0; round < ROUNDS; round++)
  for (const [i, setup] of SETUPS.entries()) rounds[i]?.push(await measure(setup))
process.stdout.write(`${tableOf(rounds)}\n\n${machine('npm run bench:many', pinned)}\n`)

/** Microseconds of processor time that each instance takes to tell one reader. */
async function measure({ instances, isShared }: Setup): Promise<number[]> {
  const redis = isShared ? await startRedis() : undefined
  const flags = redis === undefined ? [] : ['--redis', `redis://127.0.0.1:${redis.port}`]
  const servers: Server[] = []
  try {
    for (let i = 0; i < instances; i++) servers.push(await startServer('ours', undefined, flags))
    const targets = servers.map(({ port }) => ({ host: '127.0.0.1', port, dialect: MINI_CHAT }))
    const halls: Hall[] = []
    for (const target of targets) halls.push(await openHall(target, READERS / instances, 55))
    const senders: Sender[] = []
    for (const target of targets) senders.push(await openSender(target))
    const say = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) {
        await senders[i % senders.length]?.send('hall')
        await sleep(PAUSE_MS)
      }
    }
    // The first ones warm it up.
    await say(10)
    const before = halls.map((hall) => hall.answers())
    const stops = servers.map(({ pid }) => startUsage(pid, false))
    await say(MESSAGES)
    const costs = stops.map((stop, i) => {
      const { seconds, server: cores } = stop()
      if (cores === undefined) throw new Error('the processor time of another process is told on Linux only')
      return (cores * seconds * 1e6) / ((halls[i]?.answers() ?? 0) - (before[i] ?? 0))
    })
    for (const one of [...halls, ...senders]) one.close()
    return costs
  } finally {
    await Promise.all([...servers, ...(redis === undefined ? [] : [redis])].map((server) => server.stop()))
  }
}

function tableOf(all: readonly (readonly (readonly number[])[])[]): string {
  const told = all.map((costs) => median(costs.map((each) => each.reduce((sum, us) => sum + 1e6 / us, 0))))
  const rows = SETUPS.map(({ name }, i) => {
    const us = median((all[i] ?? []).map((each) => each.reduce((sum, one) => sum + one, 0) / each.length))
    const times = ((told[i] ?? 0) / (told[1] ?? 1)).toFixed(2)
    return `| ${name} | ${us.toFixed(1)} µs | ${Math.round(told[i] ?? 0).toLocaleString('en')} | ${times} |`
  })
  return [
    '| instances | a reader told | readers a second, a core each | beside one on Redis |',
    '| --- | --: | --: | --: |',
    ...rows,
  ].join('\n')
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN
}
