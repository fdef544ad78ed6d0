// Sends the same requests to a server with the fast path and to one with `node:http` alone. It compares the answers,
// until the connection closes, and the messages in the room.
//
//     batch ──> pieces ──> fast path ──> answers ─┐
//        └────> pieces ──> node:http ──> answers ─┴─> the same?
//
// The two servers get the same bytes in different pieces, because pieces must not matter. A batch with different
// answers is sent again, with more patience, to a fresh room.

import { connect } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { type App, createApp } from '../../src/app.js'
import { defaults } from '../../src/command.js'
import { systemClock } from '../../src/platform.js'
import { batchOf, slice } from './generate.js'

export type Difference = {
  /** With this seed alone the batch is made again. */
  readonly seed: number
  readonly requests: readonly string[]
  readonly fast: string
  readonly node: string
}

export type Compared = {
  readonly cases: number
  readonly connections: number
  /** Answers of the server with the fast path, and how many of them `node:http` gave. */
  readonly answers: number
  readonly byNode: number
  /** Batches that were sent once more because they seemed to differ. */
  readonly again: number
  readonly bugs: readonly unknown[]
  readonly differences: readonly Difference[]
  readonly seconds: number
}

export type FuzzOptions = {
  readonly seed: number
  /** It ends with so many requests, or after so many seconds. */
  readonly count: number
  readonly seconds: number
  /** It ends with so many differences too. */
  readonly most?: number
  /** Changes what the server with the fast path is sent: for a test that sees a difference found. */
  readonly tamper?: (request: Buffer) => Buffer
}

type Side = { readonly app: App; readonly port: number }

const LANES = 24
/**
 * How long a client waits, in turns of the event loop: servers and clients share it, and an answer takes a few turns
 * however busy the machine is. Without an answer it sends its next request, and then takes the silence for the end.
 */
const STEP_TURNS = { answered: 100, parked: 6 }
const QUIET_TURNS = [30, 300, 3000]
const MOST_DIFFERENCES = 10

export async function fuzz({
  seed,
  count,
  seconds,
  most = MOST_DIFFERENCES,
  tamper = (request) => request,
}: FuzzOptions): Promise<Compared> {
  const bugs: unknown[] = []
  const log = { info: () => undefined, error: (_event: string, error: unknown) => void bugs.push(error) }
  const start = async (withFastPath: boolean): Promise<Side> => {
    const config = defaults({
      port: 0,
      host: '127.0.0.1',
      quiet: true,
      rate: Infinity,
      wait: 0,
      ring: 16,
      addressConnections: 1e6,
    })
    const app = await createApp(config, log, systemClock, withFastPath)
    return { app, port: await app.listen() }
  }
  const [fast, node] = await Promise.all([start(true), start(false)])
  const tally = { cases: 0, connections: 0, answers: 0, byNode: 0, again: 0 }
  fast.app.http.server.on('request', () => tally.byNode++)
  const differences: Difference[] = []
  const started = performance.now()
  const passed = (): number => (performance.now() - started) / 1000
  let batches = 0
  const isOver = (): boolean => tally.cases >= count || passed() >= seconds || differences.length >= most

  async function lane(number: number): Promise<void> {
    let room = `f${number}`
    for (let fresh = 0; !isOver();) {
      // Far apart, so that the numbers of one seed are not those of the next.
      const seedOfBatch = (seed * 1_000_003 + batches++ * 7919) >>> 0
      for (const quiet of QUIET_TURNS) {
        const compared = await compare(seedOfBatch, room, quiet)
        if (compared === undefined) break
        room = `f${number}-${++fresh}`
        if (quiet === QUIET_TURNS.at(-1)) differences.push(compared)
        else tally.again++
      }
    }
  }

  async function compare(seedOfBatch: number, room: string, quiet: number): Promise<Difference | undefined> {
    const { requests } = batchOf(seedOfBatch, room)
    const [a, b] = await Promise.all([
      converse(fast.port, slice(requests.map(tamper), seedOfBatch + 1), quiet),
      converse(node.port, slice(requests, seedOfBatch + 2), quiet),
    ])
    if (quiet === QUIET_TURNS[0]) {
      tally.cases += requests.length
      tally.connections += 2
      tally.answers += a.split('HTTP/1.1 ').length - 1
    }
    const said = (side: Side): string => ` last: ${side.app.chat.rooms.get(room)?.last ?? 0}`
    const [ours, theirs] = [shape(a) + said(fast), shape(b) + said(node)]
    if (ours === theirs) return undefined
    return { seed: seedOfBatch, requests: requests.map((one) => one.toString('latin1')), fast: ours, node: theirs }
  }

  try {
    await Promise.all(Array.from({ length: LANES }, (_, number) => lane(number)))
  } finally {
    for (const { app } of [fast, node]) {
      app.http.server.closeAllConnections()
      await app.stop()
    }
  }
  return { ...tally, bugs, differences, seconds: passed() }
}

/** Sends pieces one after another; answers all that came back until the connection closed. */
function converse(port: number, { pieces, isInStep }: ReturnType<typeof slice>, quiet: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    const chunks: Buffer[] = []
    let isOver = false
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.on('error', () => undefined) // A reset is an end like any other.
    socket.on('end', () => (isOver = true))
    socket.on('close', () => {
      isOver = true
      resolve(Buffer.concat(chunks).toString('latin1'))
    })
    /** Waits until more has come than so many chunks, but not for long. */
    const more = async (before: number, turns: number): Promise<void> => {
      for (let i = 0; i < turns && !isOver && chunks.length === before; i++) await turn()
    }
    const talk = async (): Promise<void> => {
      for (const piece of pieces) {
        if (isOver) return
        const before = chunks.length
        socket.write(piece)
        if (isInStep) await more(before, piece.includes('wait=1') ? STEP_TURNS.parked : STEP_TURNS.answered)
        else await more(-1, 2)
      }
      for (let seen = -1; !isOver && seen !== chunks.length;) {
        seen = chunks.length
        await more(seen, quiet)
      }
      if (!isOver) socket.end()
    }
    socket.once('connect', () => void talk())
  })
}

/**
 * What came back, without what time, chance and pieces change. Of a body that has come already, and is broken, 100 need
 * not be said (RFC 9110, section 10.1.1): whether it is depends on the packet in which the body came.
 */
function shape(answers: string): string {
  return unpack(answers)
    .replaceAll(/HTTP\/1\.1 100 Continue\r\n\r\n(?=HTTP\/1\.1 400 )/g, '')
    .replaceAll(/\r\nDate: [^\r]*/g, '')
    .replaceAll(/"(now|timestamp|retry)":\d+/g, '"$1":0')
    .replaceAll(/"epoch":"[a-z0-9]{8}"/g, '"epoch":""')
    .replaceAll(/(["~.]|id: )[a-z0-9]{8}\.(\d)/g, '$1E.$2')
}

/** The head of an answer that is compressed, from its length on. */
const PACKED = /(?<=\r\nContent-Length: )(\d+)(\r\n(?:[^\r\n]+\r\n)*?Content-Encoding: gzip\r\n(?:[^\r\n]+\r\n)*\r\n)/

/** Answers without compression: time and chance stand in their bodies too. */
function unpack(answers: string): string {
  const packed = PACKED.exec(answers)
  if (packed === null) return answers
  const [all, length = '', head = ''] = packed
  const body = packed.index + all.length
  const end = body + Number(length)
  const text = gunzip(answers.slice(body, end))
  return `${answers.slice(0, packed.index)}${text.length}${head}${text}${unpack(answers.slice(end))}`
}

/** Of a connection that was cut all that came. */
function gunzip(bytes: string): string {
  try {
    return gunzipSync(Buffer.from(bytes, 'latin1')).toString('latin1')
  } catch {
    return bytes
  }
}
