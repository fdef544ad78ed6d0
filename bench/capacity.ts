// Measures what an instance needs for a parked reader and for a message, and makes plans of it (plan.ts).
//
//     npm run bench:capacity             measures, and prints figures and plans
//     npm run bench:capacity -- --plan   plans with the figures that docs/scaling.md has

import { setTimeout as sleep } from 'node:timers/promises'
import { MINI_CHAT } from './dialects.js'
import { openHall, openSender } from './hall.js'
import { residentBytes, startUsage } from './measure.js'
import { FIGURES } from './figures.js'
import { coresOf, type Figures, type Limits, type Load, planFor, simulate } from './plan.js'
import { pinned, startServer } from './processes.js'
import { machine } from './table.js'

const READERS = 2000
const LISTENING = 8000
const IDLE_WAIT = 2
const IDLE_SECONDS = 12
const MESSAGES = 40
const PAUSE_MS = 400
const SENDS = 20_000

const figures = process.argv.includes('--plan') ? FIGURES : await measure()
process.stdout.write(
  `${JSON.stringify(figures)}\n\n${tableOf(figures)}\n\n${machine('npm run bench:capacity', pinned)}\n`,
)

async function measure(): Promise<Figures> {
  const server = await startServer('ours')
  const target = { host: '127.0.0.1', port: server.port, dialect: MINI_CHAT }
  const cpuOf = async (work: () => Promise<void>): Promise<number> => {
    const stop = startUsage(server.pid, false)
    await work()
    const { seconds, server: cores } = stop()
    if (cores === undefined) throw new Error('the processor time of another process is told on Linux only')
    return cores * seconds * 1e6
  }
  try {
    await sleep(1000)
    const baseBytes = residentBytes(server.pid) ?? 0
    const hall = await openHall(target, READERS, IDLE_WAIT)
    await sleep(3000)
    let before = hall.answers()
    const idleUs = await cpuOf(() => sleep(IDLE_SECONDS * 1000))
    const pollUs = idleUs / (hall.answers() - before)
    hall.close()
    await sleep(500)
    // The server is warm: what it takes from here on is for the connections.
    const warmBytes = residentBytes(server.pid) ?? 0
    const listening = await openHall(target, LISTENING, 25)
    await sleep(3000)
    const pollBytes = ((residentBytes(server.pid) ?? 0) - warmBytes) / LISTENING
    const sender = await openSender(target)
    await sleep(500)
    before = listening.answers()
    const deliveredUs = await cpuOf(async () => {
      for (let i = 0; i < MESSAGES; i++) {
        await sender.send('hall')
        await sleep(PAUSE_MS)
      }
    })
    const deliveryUs = deliveredUs / (listening.answers() - before)
    listening.close()
    const sentUs = await cpuOf(async () => {
      for (let i = 0; i < SENDS; i++) await sender.send('empty')
    })
    sender.close()
    return { pollUs, deliveryUs, sendUs: sentUs / SENDS, pollBytes, baseBytes }
  } finally {
    await server.stop()
  }
}

function tableOf(measured: Figures): string {
  const limits: Limits = { polls: 30_000, share: 0.7, zones: 3 }
  const loads: [string, Load][] = [
    ['1 M in rooms of 1,000, a message a minute', { readers: 1e6, roomSize: 1000, roomRate: 1 / 60, wait: 25 }],
    ['1 M in rooms of 1,000, a message in 10 s', { readers: 1e6, roomSize: 1000, roomRate: 0.1, wait: 25 }],
    ['1 M in rooms of 1,000, a message a second', { readers: 1e6, roomSize: 1000, roomRate: 1, wait: 25 }],
    ['30 classes of 30, a message a second', { readers: 900, roomSize: 30, roomRate: 1, wait: 25 }],
  ]
  const rows = loads.map(([name, load]) => {
    const { instances, withZoneLost, because } = planFor(load, measured, limits)
    const { busiest, mostReaders, p50Ms, p99Ms } = simulate(load, instances, measured, 20, seeded())
    const cells = [name, coresOf(load, measured).toFixed(2), `${instances} (${because})`, withZoneLost]
    const seen = [
      `${(busiest * 100).toFixed(0)} %`,
      mostReaders.toLocaleString('en'),
      `${p50Ms.toFixed(1)} / ${p99Ms.toFixed(1)} ms`,
    ]
    return `| ${[...cells, ...seen].join(' | ')} |`
  })
  return [
    '| load | cores | instances (because of) | with a zone lost | busiest | most parked | told within, p50 / p99 |',
    '| --- | --: | --: | --: | --: | --: | --: |',
    ...rows,
  ].join('\n')
}

/** Marsaglia's xorshift, so that a plan is the same each time. */
function seeded(): () => number {
  let state = 2463534242
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}
