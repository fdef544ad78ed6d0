// `npm run abuse`: every known attack in turn, each against a server of its own with a heap of 256 MB, while ten
// people chat. A row passes if the server lives, has never taken more than 512 MB, answers /health and carries the
// chat in 100 ms (99 of 100), and has its memory back within half a minute.
//
//     npm run abuse -- [--seconds 60] [--connections 2000] [--pause 1000] [--p99 100] [--growth 1.2]
//                       [--calm 3] [--only WORD]
//
// The first measurement of memory comes after a tenth of the attack and `--calm` seconds of rest, as in bad.ts: a server
// that has just started has not reached its usual size. Below 192 MB growth is not judged: V8's young objects, and
// memory that malloc keeps, take as much anyway. The column `calm` is how long /health and the chat take on this
// machine in the `--calm` seconds before the attack, and `load` its load average: they show which part of a delay is
// the machine's own.

import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startChild } from '../support/child.js'
import { type Attack, ATTACKS } from './attacks.js'
import { p99, startPeople } from './people.js'

const MB = 2 ** 20
const MOST_BYTES = 512 * MB
const USUAL_BYTES = 192 * MB
const REST_MS = 30_000

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    connections: { type: 'string', default: '2000' },
    pause: { type: 'string', default: '1000' },
    p99: { type: 'string', default: '100' },
    growth: { type: 'string', default: '1.2' },
    calm: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
  },
})
const [seconds, mostMs, growth] = [Number(values.seconds), Number(values.p99), Number(values.growth)]
const calmMs = 1000 * Number(values.calm)

type Row = {
  readonly attack: string
  /** What was written a second. */
  readonly perSecond: number
  /** Milliseconds, 99 of 100, of /health and the chat without an attack; then each with it. */
  readonly calm: number
  readonly health: number
  readonly chat: number
  readonly before: number
  readonly peak: number
  readonly after: number
  /** The machine's load average. */
  readonly load: number
  readonly faults: readonly string[]
}

function rssOf(pid: number): number {
  try {
    return 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
  } catch {
    return 0 // It has ended.
  }
}

/** Asks for /health on one connection, again and again, until it is stopped; answers how long each took. */
function probe(url: string): { readonly delays: number[]; stop(): void } {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const delays: number[] = []
  let isOver = false
  const askOnce = (): Promise<void> =>
    new Promise((resolve) => {
      const started = performance.now()
      const done = (): void => {
        delays.push(performance.now() - started)
        resolve()
      }
      const asked = request(`${url}/health`, { agent, timeout: 30_000 }, (answer) => answer.resume().on('end', done))
      asked.on('timeout', () => asked.destroy())
      asked.on('error', () => {
        delays.push(30_000) // It was not answered.
        resolve()
      })
      asked.end()
    })
  void (async () => {
    for (; !isOver; await sleep(50)) await askOnce()
    agent.destroy()
  })()
  return { delays, stop: () => (isOver = true) }
}

/** Answers how often it has written. */
async function attackFor(name: string, port: string, time: number): Promise<number> {
  const script = fileURLToPath(new URL('attacks.js', import.meta.url))
  const child = fork(script, [name, port, String(time), values.connections, values.pause])
  let written = 0
  child.on('message', (message: { readonly written?: number }) => (written = message.written ?? 0))
  const stop = setTimeout(() => child.kill('SIGKILL'), 1000 * time + 60_000)
  await once(child, 'close')
  clearTimeout(stop)
  return written
}

async function run({ name, args = [], isKept = false, descriptors }: Attack): Promise<Row> {
  const folder = mkdtempSync(join(tmpdir(), 'mini-chat-abuse-'))
  const limits = descriptors === undefined ? 'true' : `ulimit -n ${descriptors}`
  const wrapped = ['sh', '-c', `${limits}; NODE_OPTIONS=--max-old-space-size=256 exec "$0" "$@"`]
  const server = await startChild(['--rate', '5', ...args, ...(isKept ? ['--data', folder] : [])], wrapped)
  const { port } = new URL(server.url)
  let peak = 0
  const watch = setInterval(() => (peak = Math.max(peak, rssOf(server.pid))), 100)
  const people = startPeople(server.url)
  const health = probe(server.url)
  try {
    await sleep(calmMs)
    const calm = p99([...health.delays, ...people.delays])
    await attackFor(name, port, seconds / 10)
    await sleep(calmMs)
    const before = rssOf(server.pid)
    const most = Math.max(before * growth, USUAL_BYTES)
    people.delays.length = 0
    health.delays.length = 0
    const started = performance.now()
    const perSecond = (1000 * (await attackFor(name, port, seconds))) / (performance.now() - started)
    const [healthMs, chatMs] = [p99(health.delays), p99(people.delays)]
    let after = rssOf(server.pid)
    for (const end = performance.now() + REST_MS; performance.now() < end && after > most;) {
      await sleep(1000)
      after = Math.min(after, rssOf(server.pid))
    }
    const faults = [
      ...(server.child.exitCode === null && server.child.signalCode === null ? [] : ['it ended']),
      ...(peak <= MOST_BYTES ? [] : ['too much memory']),
      ...(healthMs <= mostMs ? [] : ['/health is slow']),
      ...(chatMs <= mostMs ? [] : ['the chat is slow']),
      ...(people.failures.length === 0 ? [] : [`the chat failed: ${people.failures[0]}`]),
      ...(after <= most ? [] : ['it keeps the memory']),
      ...(/"bug"|EMFILE/.test(server.output()) ? ['it logged a fault'] : []),
    ]
    return {
      attack: name,
      perSecond,
      calm,
      health: healthMs,
      chat: chatMs,
      before,
      peak,
      after,
      load: loadavg()[0] ?? 0,
      faults,
    }
  } finally {
    clearInterval(watch)
    health.stop()
    await Promise.race([people.stop(), sleep(5000)])
    await server.end('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
}

function line({ attack, perSecond, calm, health, chat, before, peak, after, load, faults }: Row): string {
  const [ms, mb] = [
    (value: number) => value.toFixed(0).padStart(7),
    (value: number) => (value / MB).toFixed(0).padStart(6),
  ]
  const verdict = faults.length === 0 ? 'ok' : `FAILED: ${faults.join(', ')}`
  const times = [perSecond, calm, health, chat].map(ms).join('')
  return `${attack.padEnd(34)}${times}${mb(before)}${mb(peak)}${mb(after)}${load.toFixed(1).padStart(6)}  ${verdict}`
}

const rows: Row[] = []
for (const one of ATTACKS.filter(({ name }) => name.includes(values.only))) {
  const row = await run(one)
  rows.push(row)
  process.stderr.write(`${line(row)}\n`)
}
const title = `${'attack'.padEnd(34)} writes   calm health   chat before  peak after  load`
const units = `${`${seconds} s, ${values.connections} connections`.padEnd(34)}    1/s p99 ms p99 ms p99 ms    MB    MB    MB`
process.stdout.write(`\n${[title, units, ...rows.map(line)].join('\n')}\n`)
process.exitCode = rows.length > 0 && rows.every(({ faults }) => faults.length === 0) ? 0 : 1
