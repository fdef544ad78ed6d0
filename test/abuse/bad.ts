// A million bad requests and lines against a server in a process of its own: it must not end, not answer one with a
// 5xx, not log a bug, and have its memory back afterwards.
//
//     node dist/test/abuse/bad.js [--count 1000000] [--seed 1]

import { connect, type Socket } from 'node:net'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { type ChildServer, startChild } from '../support/child.js'
import { type Bad, badLine, badRequest, type Chance, chanceOf } from './generate.js'

export type Outcome = {
  /** How many requests were answered with a status, or 0 for a connection that was closed instead. */
  readonly statuses: Readonly<Record<number, number>>
  readonly lines: number
  /** The server's memory after a tenth of it all, and at the end. */
  readonly rssBefore: number
  readonly rssAfter: number
  readonly seconds: number
  /** What it wrote beside that it listens. */
  readonly logged: string
}

const SENDERS = 16
const BATCH = 32
const LINES = 100
/** One line for so many requests. */
const LINE_SHARE = 5
const PATIENCE_MS = 20_000
/** How long the server may take to clean up. */
const REST_MS = { before: 3000, after: 15_000 }

/** With fewer the server has not come to its usual size when they begin to count. */
const ENOUGH = 500_000
const GROWTH = 1.1

export async function sendBad(count: number, seed: number): Promise<Outcome> {
  const server = await startChild(['--tcp', '0'])
  try {
    const chance = chanceOf(seed)
    const started = performance.now()
    const statuses: Record<number, number> = {}
    let lines = await pass(server, chance, count / 10, statuses)
    const rssBefore = await rest(server, REST_MS.before)
    lines += await pass(server, chance, count - count / 10, statuses)
    const seconds = (performance.now() - started) / 1000
    const rssAfter = await rest(server, REST_MS.after, rssBefore)
    return { statuses, lines, rssBefore, rssAfter, seconds, logged: unexpected(server.output()) }
  } finally {
    await server.end('SIGKILL')
  }
}

/** What a log tells of bad requests: how many were refused for which reason, and once a host that is not known. */
const EXPECTED = /^\{"time":"[\dT:.Z-]+","level":"info","event":"(?:refused|unknown_host)",/

/** The lines of a log behind the first one, which says that it listens, without those that bad requests lead to. */
function unexpected(output: string): string {
  const lines = output.split('\n').slice(1)
  return lines.filter((line) => !EXPECTED.test(line)).join('\n')
}

/** Nothing was answered with a 5xx, and nothing was logged but refusals. */
export function isSound({ statuses, logged }: Outcome): boolean {
  return logged === '' && Object.keys(statuses).every((status) => Number(status) < 500)
}

/** Sends so many; answers how many of them were lines. */
async function pass(
  server: ChildServer,
  chance: Chance,
  count: number,
  statuses: Record<number, number>,
): Promise<number> {
  const port = Number(new URL(server.url).port)
  const tcpPort = Number(/"tcp":(\d+)/.exec(server.output())?.[1])
  const left = { requests: Math.round(count * (1 - 1 / LINE_SHARE)), lines: Math.round(count / LINE_SHARE) }
  const { lines } = left
  const sendRequests = async (): Promise<void> => {
    while (left.requests > 0) await overOneSocket(port, chance, left, statuses)
  }
  const sendLines = async (): Promise<void> => {
    while (left.lines > 0) {
      const batch = Math.min(LINES, left.lines)
      left.lines -= batch
      await talkOnce(
        tcpPort,
        Array.from({ length: batch }, () => badLine(chance)),
      )
    }
  }
  await Promise.all([...Array.from({ length: SENDERS }, sendRequests), sendLines(), sendLines()])
  return lines
}

/** Sends batch after batch, until there are no more to send or a request ends the connection. */
async function overOneSocket(
  port: number,
  chance: Chance,
  left: { requests: number },
  statuses: Record<number, number>,
): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1' })
  const answers = new Answers(socket)
  for (let open = true; open && left.requests > 0;) {
    const batch: Bad[] = []
    while (batch.length < BATCH && batch.length < left.requests && batch.at(-1)?.ends !== true)
      batch.push(badRequest(chance))
    left.requests -= batch.length
    socket.write(Buffer.concat(batch.map(({ bytes }) => bytes)))
    for (const { method } of batch) {
      const status = await answers.next(method)
      statuses[status] = (statuses[status] ?? 0) + 1
      if (status === 0) open = false
    }
    if (batch.at(-1)?.ends === true) open = false
  }
  socket.destroy()
}

/** The statuses of the answers on one socket, in their order; 0 once it is closed. */
class Answers {
  #data = Buffer.alloc(0)
  #isClosed = false
  #wake: () => void = () => undefined

  constructor(socket: Socket) {
    socket.on('data', (chunk) => {
      this.#data = Buffer.concat([this.#data, chunk])
      this.#wake()
    })
    socket.on('error', () => undefined) // A reset is one of the ends that are expected.
    socket.on('close', () => {
      this.#isClosed = true
      this.#wake()
    })
    socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error('no answer in time')))
  }

  async next(method: string): Promise<number> {
    for (;;) {
      const status = this.#take(method)
      if (status !== undefined) return status
      if (this.#isClosed) return 0
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  #take(method: string): number | undefined {
    const end = this.#data.indexOf('\r\n\r\n')
    if (end < 0) return undefined
    const head = this.#data.toString('latin1', 0, end)
    const status = Number(head.slice(9, 12))
    const isEmpty = method === 'HEAD' || status < 200 || status === 204 || status === 304
    const length = isEmpty ? 0 : Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0)
    if (this.#data.length < end + 4 + length) return undefined
    this.#data = this.#data.subarray(end + 4 + length)
    return status < 200 ? this.#take(method) : status
  }
}

/** Says some lines, hangs up, and waits until the server has too. Throws where it speaks of a fault of its own. */
function talkOnce(port: number, lines: readonly Buffer[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' })
    let isFault = false
    socket.on('data', (chunk) => (isFault ||= chunk.includes('fault of the server')))
    socket.on('error', () => undefined) // A reset is one of the ends that are expected.
    socket.on('close', () => (isFault ? reject(new Error('a line was a fault of the server')) : resolve()))
    socket.setTimeout(PATIENCE_MS, () => reject(new Error('the server did not hang up')))
    socket.end(Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')])))
  })
}

/**
 * The server's memory when it has had time to clean up; at once when it is no more than what it was before. It has a
 * little to do meanwhile, as a server has: one that does nothing at all does not look for garbage either.
 */
async function rest({ url }: ChildServer, ms: number, before = 0): Promise<number> {
  const rss = async (): Promise<number> => Number(/"rss":(\d+)/.exec(await (await fetch(`${url}/stats`)).text())?.[1])
  let least = await rss()
  for (const end = performance.now() + ms; performance.now() < end && least > before;) {
    for (let i = 0; i < 500; i++) await (await fetch(`${url}/poll?room=calm&wait=0`)).text()
    least = Math.min(least, await rss())
  }
  return least
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { values } = parseArgs({
    options: { count: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '1' } },
  })
  const count = Number(values.count)
  const outcome = await sendBad(count, Number(values.seed))
  process.stdout.write(`${JSON.stringify(outcome, undefined, 2)}\n`)
  const isSmall = count < ENOUGH || outcome.rssAfter < outcome.rssBefore * GROWTH
  process.exitCode = isSmall && isSound(outcome) ? 0 : 1
}
