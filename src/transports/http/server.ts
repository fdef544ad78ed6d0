// HTTP on `node:http`: takes a request apart, lets a route answer it, and writes the answer.
//
//     socket ─> node:http ─> gate ─> door ─> route ─> answer ─> node:http ─> socket
//
// There is one `try` around everything a request does. What is thrown on purpose becomes the answer that it says;
// anything else is a bug, is logged whole, and is answered with 500 and no more.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Undo } from '../../core/clock.js'
import { ChatError, type Code } from '../../core/errors.js'
import type { Crowd } from '../../core/limit.js'
import type { Log } from '../../log.js'
import { addressOf, type Caller } from '../address.js'
import { Admission } from './admission.js'
import { ALWAYS, asChatError, NO_CONTENT, problem, type Reply } from './answer.js'
import type { Assets } from './assets.js'
import { Backlog } from './backlog.js'
import { readBody } from './body.js'
import { Connection, Exchange } from './exchange.js'
import type { FlowReply } from './flow.js'
import { type Gate, MAX_HEADERS } from './gate.js'
import { type Mount, Mounts, type Upgrade, writeReply } from './mounts.js'
import type { Answer, Context, Route } from './route.js'
import { ROUTES } from './routes/index.js'

export type Http = {
  /** For an existing `node:http` or Express server. */
  readonly handler: (request: IncomingMessage, response: ServerResponse) => void
  /** For the `upgrade` event of an existing server. */
  readonly upgrade: Upgrade
  readonly server: Server
  /** Whom a request, or an upgrade, is counted to. */
  addressOf(caller: Caller): string
  /** Gives a part of the address space to another engine. */
  mount(mount: Mount): Undo
  /** Resolves with the port that it listens on. Rejects as `net.Server` does, for example with `EADDRINUSE`. */
  listen(port: number, host: string): Promise<number>
  /** Answers every parked poll, finishes what is under way, and resolves when nothing is left open, within `ms`. */
  stop(ms: number): Promise<void>
}

export type HttpParts = {
  readonly context: Context
  readonly gate: Gate
  readonly assets: Assets
  readonly log: Log
  /** How many proxies in front are ours. */
  readonly proxies: number
  /** How many connections each address has. */
  readonly crowd: Crowd
}

const LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 20_000,
  connectionsCheckingInterval: 2000,
  keepAliveTimeout: 75_000,
}
const SOCKET_MS = 60_000
const BACKLOG = 4096

/** A property of the socket itself: a look into a table of ten thousand sockets at each request would cost more. */
const CONNECTION = Symbol('connection')
declare module 'node:net' {
  interface Socket {
    [CONNECTION]?: Connection
  }
}

export function createHttp({ context, gate, assets, log, proxies, crowd }: HttpParts): Http {
  const connections = new Set<Connection>()
  const backlog = new Backlog()
  const routes = tableOf(ROUTES)
  const { base, access } = context
  const admission = access === undefined ? undefined : new Admission({ access, clock: context.chat.clock, proxies })
  const mounts = new Mounts(gate, base, admission)
  let stopping = false

  function handler(incoming: IncomingMessage, response: ServerResponse): void {
    const connection = connectionOf(incoming.socket)
    const exchange = new Exchange(incoming, response, connection, context.chat, proxies, refuse)
    connection.inTurn(response, () => begin(exchange, incoming, response))
  }

  function begin(exchange: Exchange, incoming: IncomingMessage, response: ServerResponse): void {
    try {
      const result = serve(exchange, incoming, response)
      if (result instanceof Promise) result.catch((error: unknown) => refuse(exchange, error))
    } catch (error) {
      refuse(exchange, error)
    }
  }

  function serve(exchange: Exchange, incoming: IncomingMessage, response: ServerResponse): void | Promise<void> {
    gate.check(incoming)
    exchange.parse(base)
    if (exchange.path === '')
      return exchange.answer({
        status: 308,
        headers: [...ALWAYS, 'Location', `${base}/`, 'Content-Length', '0'],
        body: '',
      })
    const route = routes.get(exchange.path)?.get(exchange.method === 'HEAD' ? 'GET' : exchange.method)
    if (admission === undefined) return go(exchange, route, incoming, response)
    const access = mounts.has(incoming) ? 'door' : isFile(exchange) ? 'open' : route?.access
    const admitted = admission.request(incoming, exchange.query, access)
    if (admitted instanceof Promise) {
      return admitted.then((one) => {
        exchange.admitted = one
        return go(exchange, route, incoming, response)
      })
    }
    exchange.admitted = admitted
    return go(exchange, route, incoming, response)
  }

  /** Whoever asks for one of the page's files, or what may be asked, needs no password. */
  function isFile({ method, path }: Exchange): boolean {
    return method === 'OPTIONS' || ((method === 'GET' || method === 'HEAD') && assets.has(path))
  }

  function go(
    exchange: Exchange,
    route: Route | undefined,
    incoming: IncomingMessage,
    response: ServerResponse,
  ): void | Promise<void> {
    if (mounts.take(incoming, response, exchange.grant)) return
    const answer: Answer = (reply) => {
      exchange.answer(dress(exchange, reply))
      if ('body' in reply) backlog.add(reply.body, response)
    }
    if (route === undefined) return serveOther(exchange, answer)
    if (route.method === 'GET') return route.handle(exchange, answer, context)
    return readBody(incoming, response).then((body) => {
      exchange.body = body
      return route.handle(exchange, answer, context)
    })
  }

  /** Everything that no route takes: the page's files, preflights, and what is not there. */
  function serveOther(exchange: Exchange, answer: Answer): void {
    const { method, path } = exchange
    const origin = exchange.header('origin')
    if (method === 'OPTIONS' && origin !== undefined && gate.allows(origin)) {
      return answer({ ...NO_CONTENT, headers: [...NO_CONTENT.headers, ...PREFLIGHT] })
    }
    const methods = [...(routes.get(path)?.keys() ?? (assets.has(path) ? ['GET'] : []))]
    if (methods.length === 0 && method !== 'OPTIONS')
      throw new ChatError('not_found', 'there is nothing at this address')
    if (!assets.has(path) || (method !== 'GET' && method !== 'HEAD')) throw new MethodError(methods)
    const file = assets.get(exchange)
    if (file !== undefined) answer(file)
  }

  function refuse(exchange: Exchange, error: unknown): void {
    const code = noteRefusal(error)
    if (code === 'too_large') exchange.answerAndLinger(dress(exchange, problem(error, stopping ? [] : CLOSE)))
    else exchange.answer(dress(exchange, problem(error, error instanceof MethodError ? ['Allow', error.allow] : [])))
  }

  function noteRefusal(error: unknown): Code {
    const { code } = asChatError(error)
    if (code === 'internal') log.error('bug', error)
    context.metrics.rejected.add(1, code)
    return code
  }

  /** Adds what depends on the server's state and not on the route. */
  function dress<T extends Reply | FlowReply>(exchange: Exchange, reply: T): T {
    if (!stopping && !gate.anyOrigins) return reply
    const origin = exchange.header('origin')
    const shared = origin !== undefined && gate.allows(origin) ? ['Access-Control-Allow-Origin', origin, ...SHARED] : []
    return { ...reply, headers: [...reply.headers, ...shared, ...(stopping ? CLOSE : [])] }
  }

  function connectionOf(socket: Socket): Connection {
    const known = socket[CONNECTION]
    if (known !== undefined) return known
    const connection = new Connection()
    socket[CONNECTION] = connection
    connections.add(connection)
    // On the socket, not on the response: of several pipelined responses only one is told that the socket closed.
    socket.once('close', () => {
      connections.delete(connection)
      connection.close()
    })
    if (socket.destroyed) connection.close()
    return connection
  }

  /** Counts a socket to its address, and closes one that is too many. Behind a proxy all sockets have one address. */
  function count(socket: Socket): void {
    const address = addressOf({ socket, rawHeaders: [] }, 0)
    if (!crowd.counts(address)) return
    const exit = crowd.enter(address)
    if (exit !== undefined) return void socket.once('close', exit)
    context.metrics.rejected.add(1, CROWDED.code)
    writeReply(socket, problem(CROWDED))
  }

  const server = createServer(
    { ...LIMITS, maxHeaderSize: 8192, keepAlive: true, keepAliveInitialDelay: 10_000, requireHostHeader: false },
    handler,
  )
  server.timeout = SOCKET_MS
  server.maxHeadersCount = MAX_HEADERS
  server.on('checkContinue', handler)
  server.on('checkExpectation', handler)
  if (proxies === 0) server.on('connection', count)
  server.on('clientError', (error, socket) => {
    // Somebody who connected and never said a word gets none back.
    if ('bytesRead' in socket && socket.bytesRead === 0) return void socket.destroy()
    context.metrics.rejected.add(1, 'bad_request')
    if (error.name === 'Error' && 'code' in error && error.code === 'ECONNRESET') return void socket.destroy()
    // A peer that does not take even this is cut by the socket's timeout.
    writeReply(socket, problem(NO_REQUEST))
  })

  const upgrade = mounts.upgrade(handler, (error) => noteRefusal(error))

  return {
    handler,
    upgrade,
    server,
    addressOf: (caller) => addressOf(caller, proxies),
    mount(mount) {
      if (server.listenerCount('upgrade') === 0) server.on('upgrade', upgrade)
      return mounts.add(mount)
    },
    listen: (port, host) =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen({ port, host, backlog: BACKLOG }, () => {
          server.off('error', reject)
          resolve((server.address() as AddressInfo).port)
        })
      }),
    stop: (ms) =>
      new Promise((resolve) => {
        stopping = true
        const deadline = setTimeout(() => server.closeAllConnections(), ms)
        server.close(() => {
          clearTimeout(deadline)
          resolve()
        })
        for (const connection of connections) connection.letGo('stop')
        server.closeIdleConnections()
      }),
  }
}

const NO_REQUEST = new ChatError('bad_request', 'this is no HTTP request, or its head is too large or too slow')
const CROWDED = new ChatError(
  'unavailable',
  'your address has too many connections: close some, or try again in a moment',
  5,
)
const CLOSE = ['Connection', 'close']
const SHARED = ['Access-Control-Expose-Headers', 'Idempotency-Replayed, Retry-After', 'Vary', 'Origin']
const PREFLIGHT = [
  'Access-Control-Allow-Methods',
  'GET, POST',
  'Access-Control-Allow-Headers',
  'Authorization, Content-Type, Idempotency-Key, Last-Event-ID',
  'Access-Control-Max-Age',
  '600',
]

class MethodError extends ChatError {
  readonly allow: string

  constructor(methods: readonly string[]) {
    const allow = methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', ')
    super('method_not_allowed', allow === '' ? 'this method is not served here' : `use ${allow} here`)
    this.allow = allow
  }
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
