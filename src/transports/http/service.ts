// What every request goes through, whichever way it came in: the check of its origin, authentication, its route, and
// the one place that answers.
//
//     origins ─> auth ─> route ─> answer
//
// There is one `try` around everything that a request does. A `ChatError` becomes the answer that it describes.
// Anything else is a bug: it is logged whole, and answered with 500 and no more.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Undo } from '../../core/clock.js'
import { ChatError, type Code } from '../../core/errors.js'
import type { Logger } from '../../log.js'
import { type Authenticated, bearerOf } from '../../auth/auth.js'
import type { Caller } from '../address.js'
import { RequestAuth } from './request-auth.js'
import { ALWAYS, asChatError, problem, type Reply } from './answer.js'
import { readBody, streamBody } from './body.js'
import type { Connection } from './connection.js'
import { preflight, sharing } from './cors.js'
import { Exchange } from './exchange.js'
import { checkFraming, FramingError } from './framing.js'
import type { StreamReply } from './stream-reply.js'
import type { Origins } from './origins.js'
import { Mounts } from './mounts.js'
import { type Place, wantsUpgrade } from './place.js'
import type { Query } from './query.js'
import type { Request } from './request.js'
import type { Answer, Context, Route } from './route.js'
import { ROUTES } from './routes/index.js'

export type ServiceParts = {
  readonly context: Context
  readonly origins: Origins
  readonly log: Logger
  /** How many proxies in front are ours. */
  readonly proxies: number
  /** Routes beside those that are always there. */
  readonly routes?: readonly Route[]
}

/** A request before authentication, and after it. */
type Admitted = { readonly query: Query; authenticated: Authenticated | undefined }

export class Service {
  readonly mounts: Mounts
  readonly #parts: ServiceParts
  readonly #requestAuth: RequestAuth | undefined
  readonly #routes: Map<string, Map<string, Route>>
  #stopping = false
  #saidNoUpgrade = false

  constructor(parts: ServiceParts) {
    const { context, origins, proxies, routes = [] } = parts
    this.#routes = tableOf([...ROUTES, ...routes])
    const { auth, chat } = context
    this.#parts = parts
    this.#requestAuth = auth === undefined ? undefined : new RequestAuth({ auth, clock: chat.clock, proxies })
    this.mounts = new Mounts(origins, this.#requestAuth)
  }

  /** From now on every answer is its connection's last. */
  stop(): void {
    this.#stopping = true
  }

  /** Is this address one of the chat's? Inside another program the others are that program's. */
  has({ url, base }: Place, wantsUpgrade: boolean): boolean {
    const path = url.split('?', 1)[0] ?? ''
    if (path === base && base !== '') return true
    if (!path.startsWith(`${base}/`)) return false
    const rest = path.slice(base.length)
    const routes = this.#routesAt(rest)
    if (routes !== undefined)
      return [...routes.values()].some(({ isServed }) => isServed?.(this.#parts.context) !== false)
    if (this.mounts.has({ url }, base)) return true
    return wantsUpgrade && this.mounts.hasUpgrade({ url }, base)
  }

  /** The address for a log: a route or a mount. No word in it comes from the client. */
  routeOf({ url, base }: Place): string {
    const path = url.split('?', 1)[0] ?? ''
    // Outside of the base there are /health and /ready.
    const rest = path.startsWith(`${base}/`) ? path.slice(base.length) : path
    if (this.#routes.has(rest)) return rest
    if (this.#routesAt(rest) !== undefined) return wildOf(rest)
    return this.mounts.prefixOf({ url }, base) ?? 'none'
  }

  /** Answers a request of `node:http`. `base`: what its address begins with. */
  take(incoming: IncomingMessage, response: ServerResponse, connection: Connection, base: string): void {
    const { context, proxies } = this.#parts
    const exchange = new Exchange(incoming, response, connection, base, context.chat, proxies, (error) =>
      this.#refuse(exchange, error),
    )
    connection.inTurn(response, () =>
      this.attempt(
        () => this.#serve(exchange, incoming, response),
        (error) => this.#refuse(exchange, error),
      ),
    )
  }

  /** The one `try`. */
  attempt(serve: () => void | Promise<void>, refuse: (error: unknown) => void): void {
    try {
      const result = serve()
      if (result instanceof Promise) result.catch(refuse)
    } catch (error) {
      refuse(error)
    }
  }

  /** Counts a refusal, and logs it if it is our own fault. */
  note(error: unknown): Code {
    const { code } = asChatError(error)
    if (code === 'internal') this.#parts.log.error('bug', error)
    this.#parts.context.metrics.rejected.add(1, code)
    return code
  }

  /** An answer is on its way, until the undo. */
  hold(body: string | Buffer, socket: Socket): Undo | undefined {
    const { pending } = this.#parts.context.chat
    return pending.add(typeof body === 'string' ? {} : body, body.length, () => socket.destroy())
  }

  /** Adds the headers that depend on the server's state and not on the route. */
  dress<T extends Reply | StreamReply>(request: Pick<Request, 'header'>, reply: T): T {
    const { origins } = this.#parts
    if (!this.#stopping && !origins.anyOrigins) return reply
    return { ...reply, headers: [...reply.headers, ...sharing(request, origins), ...(this.#stopping ? CLOSE : [])] }
  }

  #serve(exchange: Exchange, incoming: IncomingMessage, response: ServerResponse): void | Promise<void> {
    const { origins } = this.#parts
    checkFraming(incoming)
    origins.check(incoming)
    exchange.parse()
    if (exchange.path === '') return exchange.answer(moved(`${exchange.base}/`))
    const reached = this.reach(exchange)
    if (reached !== undefined) return reached.then(() => this.#serveKnown(exchange, incoming, response))
    return this.#serveKnown(exchange, incoming, response)
  }

  /** Looks for a session that another process has opened; undefined where there is nothing to ask. */
  reach(request: Pick<Request, 'header'>): Promise<void> | undefined {
    const { chat } = this.#parts.context
    if (chat.isAlone) return undefined
    const given = request.header('authorization')
    const token = given === undefined ? undefined : bearerOf(given)
    return token === undefined ? undefined : chat.sessions.reach(token)
  }

  #serveKnown(exchange: Exchange, incoming: IncomingMessage, response: ServerResponse): void | Promise<void> {
    const route = this.#routesAt(exchange.path)?.get(exchange.method === 'HEAD' ? 'GET' : exchange.method)
    const authenticated = this.#admit(exchange, incoming, route)
    if (!(authenticated instanceof Promise)) return this.#go(exchange, route, incoming, response)
    return authenticated.then(() => this.#go(exchange, route, incoming, response))
  }

  /** Authenticates a request, where the chat asks for that, and notes the result in it. */
  admit(request: Admitted, caller: Caller, auth: Route['auth'] | 'login'): void | Promise<void> {
    const authenticated = this.#requestAuth?.request(caller, request.query, auth)
    if (authenticated instanceof Promise) return authenticated.then((one) => void (request.authenticated = one))
    request.authenticated = authenticated
  }

  #admit(exchange: Exchange, incoming: IncomingMessage, route: Route | undefined): void | Promise<void> {
    // A preflight can show nothing.
    const open = exchange.method === 'OPTIONS' ? 'open' : route?.auth
    return this.admit(exchange, incoming, this.mounts.has(incoming, exchange.base) ? 'login' : open)
  }

  #go(
    exchange: Exchange,
    route: Route | undefined,
    incoming: IncomingMessage,
    response: ServerResponse,
  ): void | Promise<void> {
    if (this.mounts.take(incoming, response, exchange.base, exchange.identity)) return
    const { context } = this.#parts
    const { pending } = context.chat
    const answer: Answer = (reply) => {
      exchange.answer(this.dress(exchange, reply))
      if (!('body' in reply) || response.socket === null || response.writableFinished) return
      const through = this.hold(reply.body, response.socket)
      if (through !== undefined) response.once('close', through)
    }
    if (route === undefined) return this.#serveOther(exchange, incoming, answer)
    if (route.method === 'GET') return route.handle(exchange, answer, context)
    if (route.isStreamed === true) {
      exchange.stream = (take) => streamBody(incoming, response, take)
      return route.handle(exchange, answer, context)
    }
    return readBody(incoming, response, pending).then((body) => {
      exchange.body = body
      return route.handle(exchange, answer, context)
    })
  }

  /** The routes of a path, by method. */
  #routesAt(path: string): Map<string, Route> | undefined {
    return this.#routes.get(path) ?? this.#routes.get(wildOf(path))
  }

  /** Everything that no route takes: preflights, other methods, and unknown addresses. */
  #serveOther(exchange: Exchange, incoming: IncomingMessage, answer: Answer): void {
    const { method, path } = exchange
    const permission = preflight(exchange, this.#parts.origins)
    if (permission !== undefined) return answer(permission)
    const methods = [...(this.#routesAt(path)?.keys() ?? [])]
    if (methods.length === 0 && wantsUpgrade(incoming) && this.mounts.hasUpgrade(incoming, exchange.base))
      throw this.#noUpgrade()
    const now = OLD.get(`${method} ${path}`)
    if (now !== undefined) throw new GoneError(now, exchange.base)
    if (methods.length === 0 && method !== 'OPTIONS')
      throw new ChatError('not_found', 'there is nothing at this address')
    throw new MethodError(methods)
  }

  /** A server that listens itself never comes here: the program around this chat has to pass its upgrades on. */
  #noUpgrade(): ChatError {
    const sentence = "the server does not hand upgrades to the chat: server.on('upgrade', chat.upgrade)"
    if (!this.#saidNoUpgrade) this.#parts.log.error('no_upgrade', sentence)
    this.#saidNoUpgrade = true
    return new ChatError('not_found', sentence)
  }

  #refuse(exchange: Exchange, error: unknown): void {
    const code = this.note(error)
    if (code === 'too_large' || error instanceof FramingError)
      exchange.answerAndLinger(this.dress(exchange, problem(error, this.#stopping ? [] : CLOSE)))
    else exchange.answer(this.dress(exchange, problem(error, headersOf(error))))
  }
}

const CLOSE = ['Connection', 'close']

/** A path as a route has it that stands for every last part. */
function wildOf(path: string): string {
  return `${path.slice(0, path.lastIndexOf('/'))}/{id}`
}

class MethodError extends ChatError {
  readonly allow: string

  constructor(methods: readonly string[]) {
    const allow = methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', ')
    super('method_not_allowed', allow === '' ? 'this method is not served here' : `use ${allow} here`)
    this.allow = allow
  }
}

/** The addresses where the oldest page sent and polled, and what replaces them. */
const OLD: ReadonlyMap<string, { readonly path: string; readonly use: string }> = new Map([
  ['POST /api/send', { path: '/send', use: 'send with POST /send and {"room","username","text"}' }],
  [
    'GET /api/poll',
    { path: '/poll', use: 'read with GET /poll?room=…&since=…, where since is the next of the last answer' },
  ],
])

class GoneError extends ChatError {
  /** The address that took the place of this one (RFC 5829, RFC 8288). */
  readonly link: string

  constructor({ path, use }: { readonly path: string; readonly use: string }, base: string) {
    super('gone', `this address is of an older chat, and nothing is here any more: ${use}`)
    this.link = `<${base}${path}>; rel="successor-version"`
  }
}

function headersOf(error: unknown): string[] {
  if (error instanceof MethodError) return ['Allow', error.allow]
  return error instanceof GoneError ? ['Link', error.link] : []
}

function moved(to: string): Reply {
  return { status: 308, headers: [...ALWAYS, 'Location', to, 'Content-Length', '0'], body: '' }
}

function tableOf(list: readonly Route[]): Map<string, Map<string, Route>> {
  const table = new Map<string, Map<string, Route>>()
  for (const route of list) {
    const methods = table.get(route.path) ?? new Map<string, Route>()
    methods.set(route.method, route)
    table.set(route.path, methods)
  }
  return table
}
