// One plain request of the fast path, as its route sees it.

import type { Socket } from 'node:net'
import type { Authenticated } from '../../../auth/auth.js'
import type { Identity } from '../../../core/people/identity.js'
import type { Session } from '../../../core/people/sessions.js'
import { addressOf, type Caller, isHttps } from '../../address.js'
import { problem } from '../answer.js'
import type { Connection } from '../connection.js'
import { findHeader } from '../header.js'
import type { FastRoute, FastPath } from './fast-path.js'
import type { Head, Plain } from './parse.js'
import { NO_QUERY } from '../query.js'
import type { Request, Waiter } from '../request.js'
import type { Answer } from '../route.js'
import { sessionOf } from '../token.js'
import type { FastSocket } from './fast-socket.js'

export class FastRequest implements Request {
  readonly method: string
  readonly base: string
  readonly path: string
  readonly body: Buffer
  readonly number: number
  query = NO_QUERY
  /** What authentication tells about the sender, where the chat has any. */
  authenticated: Authenticated | undefined
  readonly #fastPath: FastPath
  readonly #socket: Socket
  readonly #connection: Connection
  readonly #head: Head
  readonly #fastSocket: FastSocket

  constructor(
    fastPath: FastPath,
    socket: Socket,
    connection: Connection,
    plain: Plain<FastRoute>,
    fastSocket: FastSocket,
  ) {
    this.method = plain.start.route.method
    this.base = fastPath.parts.context.base
    this.path = plain.start.route.path
    this.body = plain.body
    this.#fastPath = fastPath
    this.#socket = socket
    this.#connection = connection
    this.#head = plain.head
    this.#fastSocket = fastSocket
    this.number = connection.next()
  }

  get address(): string {
    return addressOf(this.caller, this.#fastPath.parts.proxies)
  }

  get isSecure(): boolean {
    return isHttps(this.caller, this.#fastPath.parts.proxies)
  }

  get connection(): object {
    return this.#connection
  }

  header(name: string): string | undefined {
    return findHeader(this.#head.rawHeaders, name)
  }

  get identity(): Identity | undefined {
    return this.authenticated?.identity
  }

  session(): Session | undefined {
    return this.authenticated?.isSpent === true ? undefined : sessionOf(this, this.#fastPath.parts.context.chat)
  }

  hold(waiter: Waiter): void {
    this.#connection.hold(waiter, this.number)
  }

  fail(error: unknown): void {
    this.#fastPath.parts.service.note(error)
    this.answer(problem(error))
  }

  readonly answer: Answer = (reply) => {
    if ('body' in reply) this.#fastSocket.answer(this, reply)
    else this.#fastSocket.stream(this, reply)
  }

  get caller(): Caller {
    return { socket: this.#socket, rawHeaders: this.#head.rawHeaders }
  }
}
