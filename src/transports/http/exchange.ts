// One request and its answer over `node:http`. This is the only file that knows both sides: a route sees the
// `Request` half, and calls `answer`.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Authenticated } from '../../auth/auth.js'
import type { Chat } from '../../core/chat.js'
import { ChatError } from '../../core/errors.js'
import type { Identity } from '../../core/people/identity.js'
import type { Session } from '../../core/people/sessions.js'
import { addressOf, isHttps } from '../address.js'
import type { Reply } from './answer.js'
import type { Connection } from './connection.js'
import { type StreamReply, openStream } from './stream-reply.js'
import { closes } from './fast/wire.js'
import { findHeader } from './header.js'
import { NO_QUERY, parseQuery, type Query } from './query.js'
import type { Request, Waiter } from './request.js'
import { sessionOf } from './token.js'

const EMPTY = Buffer.alloc(0)
const LINGER_MS = 500

export class Exchange implements Request {
  readonly method: string
  readonly base: string
  path = '/'
  query: Query = NO_QUERY
  body: Buffer = EMPTY
  /** The body as it comes, where the route takes it so. */
  stream: Request['stream']
  /** What authentication tells about the sender, where the chat has any. */
  authenticated: Authenticated | undefined
  readonly #chat: Chat
  readonly #incoming: IncomingMessage
  readonly #response: ServerResponse
  readonly #connection: Connection
  readonly #number: number
  readonly #proxies: number
  readonly #onError: (error: unknown) => void

  constructor(
    incoming: IncomingMessage,
    response: ServerResponse,
    connection: Connection,
    base: string,
    chat: Chat,
    proxies: number,
    onError: (error: unknown) => void,
  ) {
    this.method = incoming.method ?? 'GET'
    this.base = base
    this.#chat = chat
    this.#proxies = proxies
    this.#incoming = incoming
    this.#response = response
    this.#connection = connection
    this.#number = connection.next()
    this.#onError = onError
  }

  /** Parses the request target. Throws `bad_request` if it cannot be read. */
  parse(): void {
    const { url = '/' } = this.#incoming
    if (!url.startsWith('/')) throw new ChatError('bad_request', 'the request target is a path that begins with /')
    const cut = url.indexOf('?')
    const path = cut < 0 ? url : url.slice(0, cut)
    this.path = this.base === '' ? path : below(this.base, path)
    this.query = parseQuery(cut < 0 ? '' : url.slice(cut + 1))
  }

  get address(): string {
    return addressOf(this.#incoming, this.#proxies)
  }

  get connection(): object {
    return this.#connection
  }

  header(name: string): string | undefined {
    return findHeader(this.#incoming.rawHeaders, name)
  }

  get identity(): Identity | undefined {
    return this.authenticated?.identity
  }

  get isSecure(): boolean {
    return isHttps(this.#incoming, this.#proxies)
  }

  session(): Session | undefined {
    return this.authenticated?.isSpent === true ? undefined : sessionOf(this, this.#chat)
  }

  hold(waiter: Waiter): void {
    this.#connection.hold(waiter, this.#number)
  }

  fail(error: unknown): void {
    this.#onError(error)
  }

  /** Writes the answer. A second one, or one to a connection that has gone, is not written. */
  answer(reply: Reply | StreamReply): void {
    this.#connection.release(this.#number)
    const response = this.#response
    if (response.headersSent || response.destroyed) return
    if (closes(reply.headers) || 'open' in reply) this.#connection.end()
    if ('open' in reply) return openStream(this.#incoming, response, reply)
    response.writeHead(reply.status, reply.headers as string[])
    response.end(reply.body, reply.encoding ?? 'utf8')
  }

  /**
   * Answers a client that is still sending. Closing at once would reset the connection, and the answer would be lost
   * on its way. So the rest is read and thrown away for a moment (RFC 9112, section 9.6).
   */
  answerAndLinger({ status, headers, body }: Reply): void {
    const response = this.#response
    if (response.headersSent || response.destroyed) return
    this.#connection.end()
    response.writeHead(status, headers as string[])
    response.flushHeaders()
    response.write(body)
    const timer = setTimeout(() => response.end(), LINGER_MS)
    this.#incoming.once('close', () => {
      clearTimeout(timer)
      response.end()
    })
    this.#incoming.resume()
  }
}

/** A probe that asks whether the process lives need not know the base. */
const BARE = ['/health', '/ready']

/** The path without the base; empty if only the last slash of the base is missing. */
function below(base: string, path: string): string {
  if (path === base) return ''
  if (path.startsWith(`${base}/`)) return path.slice(base.length)
  if (BARE.includes(path)) return path
  throw new ChatError('not_found', `there is nothing at this address: everything is below ${base}/`)
}
