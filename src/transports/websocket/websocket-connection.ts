// One open WebSocket: frames go out as the ring has them and the socket has room, frames come in one after another,
// and a ping now and then finds out whether the client is still there.

import type { Duplex } from 'node:stream'
import type { Chat } from '../../core/chat.js'
import type { Joined } from '../../core/people/membership.js'
import type { Undo } from '../../core/clock.js'
import type { Place } from '../../core/rooms/cursor.js'
import { ChatError } from '../../core/errors.js'
import { parseFlag } from '../../core/people/fields.js'
import { Feed } from '../../core/feed.js'
import type { Metrics } from '../../core/metrics.js'
import type { Frame, Frames } from '../../core/rooms/stream.js'
import type { Logger } from '../../log.js'
import { problemOf } from '../http/answer.js'

/** A client that has not answered a ping when the next one is due is gone. */
export const PING_MS = 20_000

/** How long a closing handshake may take (RFC 6455, section 7.1.1). */
const CLOSE_MS = 1000

/** Going away (RFC 6455, section 7.4.1). */
const GOING_AWAY = 1001

/** The state of a `WebSocket` that is open. */
const OPEN = 1

/** The part of a `WebSocket` of the package `ws` that is used here. */
export type WebSocketClient = {
  readonly readyState: number
  on(event: 'message', call: (data: Buffer | ArrayBuffer | Buffer[], isBinary: boolean) => void): unknown
  on(event: 'close' | 'pong', call: () => void): unknown
  on(event: 'error', call: (error: Error) => void): unknown
  send(data: Buffer | string, options: { binary: boolean }): void
  ping(): void
  pause(): void
  resume(): void
  close(code: number, reason: string): void
  terminate(): void
}

export type WebSocketConnectionParts = {
  readonly client: WebSocketClient
  readonly socket: Duplex
  readonly chat: Chat
  readonly metrics: Metrics
  readonly log: Logger
  readonly joined: Joined
}

export class WebSocketConnection {
  readonly #parts: WebSocketConnectionParts
  readonly #feed: Feed
  readonly #closed: Promise<void>
  #ping: Undo | undefined
  #isHeard = true
  /** The frames that came in, done one after another. */
  #doing: Promise<void> = Promise.resolve()
  #queued = 0

  constructor(parts: WebSocketConnectionParts) {
    this.#parts = parts
    const { client, socket, chat, metrics } = parts
    this.#feed = new Feed({ chat, metrics, transport: 'websocket', rests: true }, { cut: () => client.terminate() })
    this.#closed = new Promise((resolve) => client.on('close', resolve))
    socket.on('drain', () => this.#feed.drained())
    client.on('error', () => undefined) // A frame against the protocol: `ws` closes with the code that says so.
    client.on('pong', () => (this.#isHeard = true))
    client.on('message', (data, isBinary) => this.#queue(Buffer.isBuffer(data) ? data.toString('utf8') : '', isBinary))
  }

  /** Reads and writes until the connection has closed. */
  async run(place: Place, frames: Frames<Buffer>): Promise<void> {
    const { joined } = this.#parts
    this.#feed.name = joined.session.username
    this.#feed.endWith(joined.session.identity)
    this.#feed.follow(joined.room, place, frames, (frame) => this.#write(frame), joined.session)
    this.#pingLater()
    await this.#closed
    this.#ping?.()
    this.#feed.close()
    await this.#doing
  }

  stop(): void {
    const { client, socket } = this.#parts
    client.close(GOING_AWAY, 'the server is stopping')
    const timer = setTimeout(() => client.terminate(), CLOSE_MS)
    socket.once('close', () => clearTimeout(timer))
  }

  #write({ form }: Frame<Buffer>): boolean {
    const { client, socket } = this.#parts
    // Nothing may be written behind a close frame.
    return client.readyState !== OPEN || socket.write(form)
  }

  #tell(value: object): void {
    const { client, socket } = this.#parts
    client.send(JSON.stringify(value), { binary: false })
    if (socket.writableNeedDrain) this.#feed.full()
  }

  // One frame is done at a time, and the rest of a flood waits in the sender's own buffers.
  #queue(data: string, isBinary: boolean): void {
    const { client } = this.#parts
    if (++this.#queued === 1) client.pause()
    this.#doing = this.#doing
      .then(() => this.#take(data, isBinary))
      .catch((error: unknown) => this.#refuse(error))
      .finally(() => {
        if (--this.#queued === 0) client.resume()
      })
  }

  async #take(data: string, isBinary: boolean): Promise<void> {
    const { chat, joined } = this.#parts
    if (isBinary) throw new ChatError('bad_request', 'send text frames: {"text":"hi"}, or the text itself')
    const { type, up, ...said } = parseFrame(data)
    const { session } = joined
    const room = joined.room.name
    if (type === 'edit') await chat.amending.edit({ ...said, of: said.of, room, session })
    else if (type === 'delete') await chat.remove(session, room, said.of)
    else if (type === 'reaction') await chat.amending.react({ ...said, of: said.of, room, session })
    else if (type === 'hand') await chat.hand(session, room, parseFlag('up', up))
    else await chat.send({ ...said, room, session })
    this.#feed.catchUp()
  }

  #refuse(error: unknown): void {
    const { log, metrics } = this.#parts
    if (!(error instanceof ChatError)) log.error('bug', error)
    const problem = problemOf(error)
    metrics.rejected.add(1, problem.code)
    this.#tell({ ...problem, type: 'error' })
  }

  #pingLater(): void {
    const { client, chat } = this.#parts
    this.#ping = chat.timers.after(PING_MS, () => {
      if (!this.#isHeard) return client.terminate()
      this.#isHeard = false
      client.ping()
      this.#pingLater()
    })
  }
}

type Said = {
  readonly type?: unknown
  readonly text: unknown
  readonly key?: unknown
  readonly of?: unknown
  readonly on?: unknown
  readonly up?: unknown
  readonly file?: unknown
}

/** A JSON object has the text, perhaps a key, and the message that it speaks of. Anything else is the text itself. */
function parseFrame(data: string): Said {
  if (!data.trimStart().startsWith('{')) return { text: data }
  let value: unknown
  try {
    value = JSON.parse(data)
  } catch {
    // A text that only begins like JSON.
    return { text: data }
  }
  const fields = new Map<string, unknown>(Object.entries(Object(value)))
  const names = ['type', 'text', 'key', 'of', 'on', 'up', 'file']
  const [type, text, key, of, on, up, file] = names.map((name) => fields.get(name) ?? undefined)
  return { type, text, key, of, on, up, file }
}
