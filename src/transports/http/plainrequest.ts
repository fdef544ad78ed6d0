// One plain request of the fast lane, as its route sees it.

import type { Socket } from 'node:net'
import type { Session } from '../../core/sessions.js'
import { addressOf, type Caller, isHttps } from '../address.js'
import { problem } from './answer.js'
import type { Connection } from './connection.js'
import { findHeader } from './header.js'
import type { Entrance, Lane } from './lane.js'
import type { Head, Plain } from './plain.js'
import { NO_QUERY } from './query.js'
import type { Request, Waiter } from './request.js'
import type { Answer } from './route.js'
import { sessionOf } from './token.js'
import type { Track } from './track.js'

export class PlainRequest implements Request {
  readonly method: string
  readonly path: string
  readonly body: Buffer
  readonly identity = undefined
  readonly number: number
  query = NO_QUERY
  readonly #lane: Lane
  readonly #socket: Socket
  readonly #connection: Connection
  readonly #head: Head
  readonly #track: Track

  constructor(lane: Lane, socket: Socket, connection: Connection, plain: Plain<Entrance>, track: Track) {
    this.method = plain.start.route.method
    this.path = plain.start.route.path
    this.body = plain.body
    this.#lane = lane
    this.#socket = socket
    this.#connection = connection
    this.#head = plain.head
    this.#track = track
    this.number = connection.next()
  }

  get address(): string {
    return addressOf(this.#caller, this.#lane.parts.proxies)
  }

  get isSecure(): boolean {
    return isHttps(this.#caller, this.#lane.parts.proxies)
  }

  header(name: string): string | undefined {
    return findHeader(this.#head.rawHeaders, name)
  }

  session(): Session | undefined {
    return sessionOf(this, this.#lane.parts.context.chat)
  }

  hold(waiter: Waiter): void {
    this.#connection.hold(waiter, this.number)
  }

  fail(error: unknown): void {
    this.#lane.parts.service.note(error)
    this.answer(problem(error))
  }

  readonly answer: Answer = (reply) => {
    // These routes' answers have an end: they never writer.
    if ('body' in reply) this.#track.answer(this, this.#lane.parts.service.dress(this, reply))
  }

  get #caller(): Caller {
    return { socket: this.#socket, rawHeaders: this.#head.rawHeaders }
  }
}
