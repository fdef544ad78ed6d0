// Everyone in one room at once, by every way in, on a network that breaks.

import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { poll, send } from '../support/http.js'
import { startProxy } from '../support/proxy.js'
import { startServer, type TestServer, until } from '../support/server.js'
import { SOCKETIO_FULL, SOCKETIO_SHORT, WEBSOCKET } from '../support/sockets.js'
import { type WayIn, LINES, parseTold, PLAIN, SSE, type Visit } from '../support/visits.js'
import { Program } from '../terminal/program.js'
import { held, nothingIsHeld, portOf, UNLIMITED } from './contract.js'

const EACH = 200
// The ring holds all of it: one who joins anew by Socket.IO has no cursor, and cannot be told what it missed.
const ALL = { ...UNLIMITED, tcp: 0, websocket: true, socketio: true, ring: 10_000 }
const WAYS_IN = [SSE, LINES, PLAIN, WEBSOCKET, SOCKETIO_FULL, SOCKETIO_SHORT]
const SAYING = [LINES, PLAIN, WEBSOCKET, SOCKETIO_FULL]
const TOTAL = EACH * (SAYING.length + 2)

/** What a reader has had, however often its connection broke. */
type Had = { readonly texts: string[]; missed: number; cuts: number }

const isAll = ({ texts, missed }: Had): boolean => texts.length + missed >= TOTAL

/** Numbers that look random and are the same each time (a linear congruential generator, Numerical Recipes). */
function chance(seed: number): (size: number) => number {
  let state = seed
  return (size) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * size)
  }
}

/** Tries again until it works: a connection may break at any time. */
async function insist<T>(act: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await act()
    } catch (error) {
      if (tries > 500) throw error
      await sleep(5)
    }
  }
}

async function read(way: WayIn, port: number, username: string): Promise<Had> {
  const had: Had = { texts: [], missed: 0, cuts: -1 }
  const seen = new Set<string>()
  let last: string | undefined
  let visits = 0
  while (!isAll(had)) {
    // Under a new name each time: the one before is held until the server has noticed.
    const visit = await insist(() => way.open(port, 'lobby', `${username}-${visits++}`, last))
    let taken = 0
    const take = (): boolean => {
      // A way in that cannot go on where it was tells what was said once more, and a reader knows it again.
      for (const text of visit.texts.slice(taken)) if (way.resumes || !seen.has(text)) had.texts.push(text)
      for (const text of visit.texts.slice(taken)) seen.add(text)
      taken = visit.texts.length
      return visit.isClosed || isAll({ ...had, missed: had.missed + visit.missed })
    }
    await until(take, (isOver) => isOver, 30_000)
    had.missed += visit.missed
    had.cuts++
    last = visit.last()
    visit.close()
  }
  return had
}

async function readByPoll(port: number): Promise<Had> {
  const had: Had = { texts: [], missed: 0, cuts: 0 }
  let next = '0'
  while (!isAll(had)) {
    const answer = await poll(port, `room=lobby&since=${next}&wait=1`).catch(() => undefined)
    if (answer === undefined) had.cuts++
    for (const { type, text } of answer?.messages ?? []) if (type === 'chat') had.texts.push(text)
    for (const { missed } of answer?.gaps ?? []) had.missed += missed ?? NaN
    next = answer?.next ?? next
  }
  return had
}

/** The terminal client, which goes on by itself where it was. */
class Terminal {
  readonly #program: Program
  readonly #hadBy: (program: Program) => Had

  constructor(args: readonly string[], hadBy: (program: Program) => Had) {
    this.#program = new Program(args)
    this.#hadBy = hadBy
  }

  /** It has had its first answer once it prints that a person came. */
  async begun(): Promise<void> {
    await until(
      () => this.#program.lines.length,
      (count) => count > 0,
      20_000,
    )
  }

  async read(): Promise<Had> {
    // All that it printed is looked at anew each time, which is not cheap.
    while (!isAll(this.#hadBy(this.#program))) await sleep(100)
    return this.#hadBy(this.#program)
  }

  async end(): Promise<void> {
    this.#program.signal('SIGINT')
    await this.#program.ended
  }
}

function tail(port: number): Terminal {
  const args = ['tail', 'lobby', '--json', '--since', '0', '--url', `http://127.0.0.1:${port}`]
  return new Terminal(args, ({ lines, err }) => {
    const told = lines.map(parseTold)
    return {
      texts: told.flatMap(({ type, text = '' }) => (type === 'chat' ? [text] : [])),
      missed: told.reduce((sum, { type, missed }) => (type === 'gap' ? sum + (missed ?? NaN) : sum), 0),
      cuts: countOf(err, /no connection/g),
    }
  })
}

function pipe(port: number): Terminal {
  return new Terminal(['join', `http://127.0.0.1:${port}`, 'lobby', '--as', 'pipe'], ({ lines, err }) => ({
    texts: lines.flatMap((line) => / #lobby [^*]\S*: (.*)$/.exec(line)?.[1] ?? []),
    missed: [...err.matchAll(/(\d+) messages? missed in lobby/g)].reduce((sum, [, count]) => sum + Number(count), 0),
    cuts: countOf(err, /no connection/g),
  }))
}

function countOf(text: string, pattern: RegExp): number {
  return [...text.matchAll(pattern)].length
}

async function write(visit: Visit, name: string): Promise<void> {
  for (let i = 0; i < EACH; i++) {
    visit.say(`${name}-${i}`)
    await sleep(8)
  }
}

/** Over the network that breaks; with a key a repeat is no second message. */
async function writeByHttp(port: number, name: string): Promise<void> {
  for (let i = 0; i < EACH; i++) {
    await insist(async () => {
      const { status } = await send(port, 'lobby', name, `${name}-${i}`, { key: `${name}-${i}` })
      if (status !== 201) throw new Error(String(status))
    })
    await sleep(4)
  }
}

/** Each message once, in the order of the log; what is lacking was told as missed. */
function isTheLog({ texts, missed }: Had, log: readonly string[]): void {
  const places = texts.map((text) => log.indexOf(text))
  expect(places).not.toContain(-1)
  expect(places).toEqual([...new Set(places)].toSorted((a, b) => a - b))
  expect(TOTAL - texts.length).toBeLessThanOrEqual(missed)
  if (missed === 0) expect(texts).toEqual(log)
}

async function start(): Promise<{ server: TestServer; log: string[] }> {
  const server = await startServer(ALL)
  const log: string[] = []
  onTestFinished(server.app.chat.onPublish(({ type, text }) => void (type === 'chat' && log.push(text))))
  return { server, log }
}

test('every reader has every message once and in one order, whatever breaks', { timeout: 120_000 }, async () => {
  const { server, log } = await start()
  const [web, tcp] = [await startProxy(server.port), await startProxy(server.app.tcpPort ?? 0)]
  const readers = WAYS_IN.map((way, i) => read(way, way.transport === 'lines' ? tcp.port : web.port, `reader${i}`))
  readers.push(readByPoll(web.port))
  const terminals = [tail(web.port), pipe(web.port)]
  await Promise.all(terminals.map((terminal) => terminal.begun()))
  readers.push(...terminals.map((terminal) => terminal.read()))
  const writers = await Promise.all(SAYING.map((way, i) => way.open(portOf(server, way), 'lobby', `writer${i}`)))
  const choose = chance(7)
  const cutter = setInterval(() => (choose(2) === 0 ? web : tcp).cut(choose), 20)
  await Promise.all([
    ...writers.map((visit, i) => write(visit, `w${i}`)),
    writeByHttp(web.port, 'w8'),
    writeByHttp(web.port, 'w9'),
  ])
  clearInterval(cutter)
  const had = await Promise.all(readers)
  expect(log.length).toBe(TOTAL)
  for (const reader of had) isTheLog(reader, log)
  expect(had.reduce((sum, { cuts }) => sum + cuts, 0)).toBeGreaterThan(20)
  for (const visit of writers) visit.close()
  await Promise.all(terminals.map((terminal) => terminal.end()))
  // Socket.IO's polling may have lost an answer, which its server finds out by a ping: most of a minute later.
  if (process.env['MINI_CHAT_TEST_ALL'] !== '1') return
  await until(
    () => held(server)['members'],
    (members) => members === 0,
    50_000,
  )
  // A person who joined by HTTP and left may come back for a minute.
  server.app.chat.sessions.closeAll()
  // One that had not joined yet when its answer was lost is found out in the same way.
  await nothingIsHeld(server, 50_000)
})
