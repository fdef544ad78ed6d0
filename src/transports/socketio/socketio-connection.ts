// One connection of a Socket.IO client: it takes its events one after another, and emits answers and messages.
//
//     event ──> queue ──> visitor ──> {ok: true}, or {ok: false, error} and an `error` event
//     emit ───> the engine's packets ──> flush
//
// The engine keeps packets while its transport is busy, or while no poll of the client waits; a flush takes all of
// them. As long as it keeps packets, the feed rests.

import type { Chat } from '../../core/chat.js'
import { ChatError } from '../../core/errors.js'
import { Feed } from '../../core/feed.js'
import type { Identity } from '../../core/people/identity.js'
import type { Metrics } from '../../core/metrics.js'
import type { Logger } from '../../log.js'
import { problemOf } from '../http/answer.js'
import type { Event } from './dialect.js'
import { type EventFields, parseFields } from './fields.js'

/** The part of a `Socket` of the package `socket.io` that is used here. */
export type SocketIoClient = {
  on(event: string, call: (...args: unknown[]) => void): unknown
  emit(event: string, value: unknown): unknown
  disconnect(close: boolean): unknown
  readonly conn: { on(event: 'packetCreate' | 'flush' | 'drain', call: () => void): unknown }
}

export type SocketIoConnectionParts = {
  readonly client: SocketIoClient
  /** The person's identity, where authentication tells it. */
  readonly identity: Identity | undefined
  readonly chat: Chat
  readonly metrics: Metrics
  readonly log: Logger
}

/** So many events may wait; a client that sends more is cut. */
const MAX_QUEUED = 1000

export class SocketIoConnection {
  readonly feed: Feed
  isGone = false
  readonly #parts: SocketIoConnectionParts
  #doing: Promise<void> = Promise.resolve()
  #queued = 0
  /** Packets that the engine has not handed on yet. */
  #buffered = 0

  /** `onDrained`: the client takes more again. */
  constructor(parts: SocketIoConnectionParts, onDrained: () => void) {
    const { client, identity, chat, metrics } = parts
    this.#parts = parts
    this.feed = new Feed({ chat, metrics, transport: 'socketio', copies: true }, { cut: () => client.disconnect(true) })
    this.feed.endWith(identity)
    client.conn.on('packetCreate', () => this.#buffered++)
    client.conn.on('flush', () => (this.#buffered = 0))
    client.conn.on('drain', () => {
      this.feed.drained()
      onDrained()
    })
  }

  /** Does what an event asks for, after the events before it, and acknowledges it if the client asks for that. */
  on(event: string, act: (fields: EventFields) => Promise<void> | void): void {
    this.#parts.client.on(event, (...args) => {
      if (++this.#queued > MAX_QUEUED) return void this.#parts.client.disconnect(true)
      const last = args.at(-1)
      const ack =
        typeof last === 'function' ? (value: unknown): unknown => Reflect.apply(last, undefined, [value]) : undefined
      this.#doing = this.#doing
        .then(() => (this.isGone ? undefined : act(parseFields(args[0]))))
        .then(() => void ack?.({ ok: true }))
        .catch((error: unknown) => this.#refuse(error, ack))
        .finally(() => this.#queued--)
    })
  }

  /** False when the engine still keeps some of it. */
  write(events: readonly Event[]): boolean {
    for (const [name, value] of events) this.#parts.client.emit(name, value)
    return this.#buffered === 0
  }

  /** `bytes`: the length of the event, if that may be much. */
  emit(event: Event, bytes = 0): void {
    if (!this.isGone && !this.write([event])) this.feed.full(bytes)
  }

  /** The connection has ended: nothing more is done or told. Resolves when the events under way are done. */
  close(): Promise<void> {
    this.isGone = true
    this.feed.close()
    return this.#doing
  }

  #refuse(error: unknown, ack: ((value: unknown) => unknown) | undefined): void {
    const { log, metrics } = this.#parts
    if (!(error instanceof ChatError)) log.error('bug', error)
    const problem = problemOf(error)
    metrics.rejected.add(1, problem.code)
    ack?.({ ok: false, error: problem })
    this.emit(['error', { ...problem, message: problem.detail }])
  }
}
