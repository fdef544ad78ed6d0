// Readers of the lab. Each is a client with its own connection, and goes on whatever happens to it. It compares what
// it is given with the ids (src/client/ledger.ts).
//
//     poll        GET /poll from the cursor, again and again; `pauseMs` between two makes it a short poll
//     events      GET /events, and again from the last event's id when the stream breaks
//     websocket   /ws, and again from the last id and its epoch
//
// A broken connection is no loss: the reader comes back with its cursor, and the server makes up for it.

import { Agent, get, type IncomingMessage, request } from 'node:http'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Way } from '../client/lab.js'
import { Ledger } from '../client/ledger.js'
import type { Gap } from '../client/wire.js'

/** How long a reader waits after trouble, at least half of it. */
const BACK_MS = 400

/** How much longer than a poll's wait its answer may take. A stopped server is waited for. */
const GRACE_MS = 15_000

/** A stream is never silent for longer than this. */
const SILENCE_MS = 40_000

const WAIT_SECONDS = 20

export type Place = {
  readonly url: string
  readonly room: string
  readonly headers: Readonly<Record<string, string>>
}

export type Said = { readonly id: number; readonly text: string }

export type LabReader = {
  readonly name: string
  readonly way: Way
  readonly ledger: Ledger
  /** Requests and bytes, both ways, as the sockets count them. */
  traffic(): { readonly requests: number; readonly bytes: number }
  /** The port of its connection, on its own side. */
  port(): number | undefined
  close(): void
}

export type ReaderParts = Place & {
  readonly name: string
  readonly way: Way
  /** Milliseconds between two polls that do not wait; undefined for a long poll. */
  readonly pauseMs?: number | undefined
  /** Where the reader begins; by default at the oldest message. */
  readonly since?: string
  onMessage?(message: Said): void
}

/** Opens a reader that reads until it is closed. */
export function openReader(parts: ReaderParts): LabReader {
  const { name, way } = parts
  const reading = new Reading(parts)
  const begin = { poll: () => reading.poll(), events: () => reading.events(), websocket: () => reading.webSocket() }
  void begin[way]()
  return {
    name,
    way,
    ledger: reading.ledger,
    traffic: () => reading.traffic,
    port: () => reading.port,
    close: () => reading.close(),
  }
}

class Reading {
  readonly ledger = new Ledger()
  readonly #parts: ReaderParts
  readonly #ending = new AbortController()
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })
  #since: string
  #socket: Socket | undefined
  #requests = 0
  /** The bytes of connections that are over. */
  #bytes = 0

  constructor(parts: ReaderParts) {
    this.#parts = parts
    this.#since = parts.since ?? '0'
  }

  get traffic(): { readonly requests: number; readonly bytes: number } {
    return { requests: this.#requests, bytes: this.#bytes + bytesOf(this.#socket) }
  }

  get port(): number | undefined {
    return this.#socket?.localPort
  }

  close(): void {
    this.#ending.abort()
    this.#agent.destroy()
    this.#socket?.destroy()
  }

  async poll(): Promise<void> {
    const { pauseMs, room } = this.#parts
    const wait = pauseMs === undefined ? WAIT_SECONDS : 0
    // Readers that begin together do not ask together.
    if (pauseMs !== undefined) await this.#sleep(Math.random() * pauseMs)
    await this.#forever(async () => {
      const path = `/poll?room=${room}&since=${this.#since}&wait=${wait}`
      const answer = parseAnswer(await this.#ask(path, wait * 1000 + GRACE_MS))
      for (const gap of answer.gaps) this.ledger.gap(gap)
      for (const message of answer.messages) this.#see(message)
      this.#since = answer.next
      const pause = answer.retry ?? (answer.more ? 0 : pauseMs)
      if (pause !== undefined && pause > 0) await this.#sleep(pause)
    })
  }

  async events(): Promise<void> {
    await this.#forever(async () => {
      const response = await this.#open(`/events?room=${this.#parts.room}&since=${this.#since}`)
      response.setEncoding('utf8')
      response.setTimeout(SILENCE_MS, () => response.destroy(new Error('the stream is silent')))
      let text = ''
      for await (const chunk of response) {
        text += String(chunk)
        const blocks = text.split('\n\n')
        text = blocks.pop() ?? ''
        for (const block of blocks) this.#event(block)
      }
      throw new Error('the stream has ended')
    })
  }

  async webSocket(): Promise<void> {
    const { WebSocket } = await import('ws')
    const { url, room, name, headers } = this.#parts
    let epoch: string | undefined
    let last: number | undefined
    let isAsking = false
    await this.#forever(async () => {
      const since = last === undefined ? this.#since : epoch === undefined ? String(last) : `${epoch}.${last}`
      const address = `${url.replace(/^http/, 'ws')}/ws/${room}/${encodeURIComponent(name)}?since=${since}`
      const client = new WebSocket(address, { headers, perMessageDeflate: false, handshakeTimeout: GRACE_MS })
      this.#requests++
      client.on('upgrade', ({ socket }) => this.#use(socket))
      client.on('message', (data) => {
        const value: unknown = JSON.parse(Buffer.isBuffer(data) ? data.toString() : '')
        if (isGap(value)) {
          this.ledger.gap(value)
          epoch = value.reason === 'overflow' ? epoch : undefined
          last = Math.max(0, value.first - 1)
        } else if (isSaid(value)) {
          this.#see(value)
          last = value.id
          if (epoch === undefined && !isAsking) {
            isAsking = true
            void this.#epoch().then((found) => {
              isAsking = false
              epoch ??= found
            })
          }
        }
      })
      const cut = (): void => client.terminate()
      this.#ending.signal.addEventListener('abort', cut, { once: true })
      await new Promise<void>((resolve) => {
        client.once('close', () => resolve())
        client.on('error', () => undefined) // `close` follows, and the reader comes back.
      })
      this.#ending.signal.removeEventListener('abort', cut)
      throw new Error('the connection has ended')
    })
  }

  /** Does something again and again until the reader is closed; after a failure with a pause. */
  async #forever(once: () => Promise<void>): Promise<void> {
    while (!this.#ending.signal.aborted) {
      try {
        await once()
      } catch {
        // Not swallowed: trouble with the network is what the lab is for, and the reader comes back.
        await this.#sleep(BACK_MS * (0.5 + Math.random() / 2))
      }
    }
  }

  #see(message: Said): void {
    this.ledger.see(message.id)
    this.#parts.onMessage?.(message)
  }

  #event(block: string): void {
    const fields = new Map(block.split('\n').map((line): [string, string] => splitField(line)))
    const data = fields.get('data')
    if (data === undefined) return
    const value: unknown = JSON.parse(data)
    if (fields.get('event') === 'gap' && isGap(value)) this.ledger.gap(value)
    else if (isSaid(value)) this.#see(value)
    this.#since = fields.get('id') ?? this.#since
  }

  async #epoch(): Promise<string | undefined> {
    try {
      const answer: unknown = JSON.parse(await this.#ask(`/history?room=${this.#parts.room}&limit=1`, GRACE_MS, false))
      return typeof answer === 'object' && answer !== null && 'epoch' in answer ? String(answer.epoch) : undefined
    } catch {
      // Not swallowed: without it the next connection begins from the bare id, and asks again.
      return undefined
    }
  }

  async #ask(path: string, ms: number, isMain = true): Promise<string> {
    const response = await this.#open(path, ms, isMain)
    let text = ''
    response.setEncoding('utf8')
    for await (const chunk of response) text += String(chunk)
    return text
  }

  #open(path: string, ms = GRACE_MS, isMain = true): Promise<IncomingMessage> {
    const { url, headers } = this.#parts
    this.#requests++
    return new Promise((resolve, reject) => {
      const asked = get(`${url}${path}`, { agent: this.#agent, headers, timeout: ms }, (response) => {
        asked.setTimeout(0)
        if (response.statusCode === 200) return resolve(response)
        response.resume()
        reject(new Error(`the server answered ${response.statusCode}`))
      })
      if (isMain) asked.once('socket', (socket) => this.#use(socket))
      asked.on('error', reject)
      asked.on('timeout', () => asked.destroy(new Error('no answer came in time')))
    })
  }

  #use(socket: Socket): void {
    if (socket === this.#socket) return
    this.#bytes += bytesOf(this.#socket)
    this.#socket = socket
  }

  async #sleep(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#ending.signal }).catch(() => undefined) // Closed meanwhile.
  }
}

/** Sends one message; resolves with its id. Rejects if it may not have arrived. */
export function say(
  { url, room, headers }: Place,
  agent: Agent,
  said: Readonly<Record<string, string>>,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const body = JSON.stringify({ room, ...said })
    const options = {
      agent,
      method: 'POST',
      headers: { ...headers, 'Content-Type': 'application/json' },
      timeout: GRACE_MS,
    }
    const asked = request(`${url}/send`, options, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (text += chunk))
      response.on('error', reject)
      response.on('end', () => {
        const id = response.statusCode === 201 ? Number(/"id":(\d+)/.exec(text)?.[1]) : Number.NaN
        if (Number.isFinite(id)) resolve(id)
        else reject(new Error(`the server answered ${response.statusCode}`))
      })
    })
    asked.on('error', reject)
    asked.on('timeout', () => asked.destroy(new Error('no answer came in time')))
    asked.end(body)
  })
}

type Answer = {
  readonly messages: readonly Said[]
  readonly gaps: readonly Gap[]
  readonly next: string
  readonly more: boolean
  readonly retry?: number
}

function parseAnswer(text: string): Answer {
  const value: unknown = JSON.parse(text)
  if (typeof value === 'object' && value !== null && 'messages' in value && 'next' in value) return value as Answer
  throw new Error('this is no answer to a poll')
}

function isSaid(value: unknown): value is Said {
  return typeof value === 'object' && value !== null && 'id' in value && typeof value.id === 'number'
}

function isGap(value: unknown): value is Gap {
  return typeof value === 'object' && value !== null && 'reason' in value && 'first' in value
}

function splitField(line: string): [string, string] {
  const cut = line.indexOf(': ')
  return cut < 0 ? [line, ''] : [line.slice(0, cut), line.slice(cut + 2)]
}

function bytesOf(socket: Socket | undefined): number {
  return socket === undefined ? 0 : socket.bytesRead + socket.bytesWritten
}
