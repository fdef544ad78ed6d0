// HTTP: listens, sorts the requests that come in, and stops.
//
//     socket ─> fast ── a plain poll or send ─────────────> route ─> answer ─> socket
//                └───── all else ─> node:http ─> service ─> route ─> answer ─> node:http ─> socket

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { EventEmitter } from 'node:events'
import { type AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Undo } from '../../core/clock.js'
import { ChatError } from '../../core/errors.js'
import { ALL_SOCKETS, type ConnectionLimit } from '../../core/people/limits.js'
import { addressOf, type Caller } from '../address.js'
import { problem, problemOf } from './answer.js'
import { type Connection, Connections } from './connection.js'
import { MAX_HEADERS } from './origins.js'
import { FastPath } from './fast/fast-path.js'
import type { Handler, UpgradeHandler } from './handler.js'
import { shareReads } from './fast/shared-read.js'
import { readInPieces } from './inflow.js'
import { LargeReads } from './large-reads.js'
import { type Mount, type Upgrade, writeReply } from './mounts.js'
import { placeOf, wantsUpgrade } from './place.js'
import { Service, type ServiceParts } from './service.js'

export type Http = {
  /** For an existing `node:http` or Express server. Calls `next` for an address that is not the chat's. */
  readonly handler: Handler
  /** For the `upgrade` event of an existing server. */
  readonly upgrade: UpgradeHandler
  readonly server: Server
  /** The address to which a request, or an upgrade, is counted. */
  addressOf(caller: Caller): string
  /** Gives a part of the address space to another engine. */
  mount(mount: Mount): Undo
  /** Resolves with the port that it listens on. Rejects as `net.Server` does, for example with `EADDRINUSE`. */
  listen(port: number, host: string): Promise<number>
  /** Answers every parked poll, finishes what is under way, and resolves when nothing is left open, within `ms`. */
  stop(ms: number): Promise<void>
}

export type HttpParts = ServiceParts & {
  /** How many connections each address has. */
  readonly connectionLimit: ConnectionLimit
  /** How many sockets there are in all, under one key. */
  readonly sockets: ConnectionLimit
  /** False for tests that compare the fast path with `node:http` alone. */
  readonly withFastPath?: boolean
}

const LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 20_000,
  connectionsCheckingInterval: 2000,
  keepAliveTimeout: 75_000,
}
const SOCKET_MS = 60_000
const KEEP_ALIVE_MS = 10_000
const BACKLOG = 4096

export function createHttp({ connectionLimit, sockets, withFastPath = true, ...parts }: HttpParts): Http {
  const { context, origins, proxies, log } = parts
  const service = new Service(parts)
  const connections = new Connections()
  const largeReads = new LargeReads()

  const handler: Handler = (incoming, response, next) => {
    const place = placeOf(incoming, context.base)
    if (next !== undefined && !service.has(place, wantsUpgrade(incoming))) return next()
    incoming.url = place.url
    if (log.debug !== undefined) logRequest(incoming, response, service.routeOf(place))
    service.take(incoming, response, connections.of(incoming.socket), place.base)
  }

  /** Logs one line a request, when it is over. `route` is a word of ours, and not of the client's. */
  function logRequest(incoming: IncomingMessage, response: ServerResponse, route: string): void {
    const { clock } = context.chat
    const [start, address, method] = [clock.now(), addressOf(incoming, proxies), incoming.method ?? '']
    response.once('close', () => {
      const status = response.headersSent ? response.statusCode : undefined
      const ms = Math.round(clock.now() - start)
      log.debug?.('request', { method, route, status, ms, address, cut: response.writableFinished ? undefined : true })
    })
  }

  const server = createServer(
    { ...LIMITS, maxHeaderSize: 8192, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS, requireHostHeader: false },
    handler,
  )
  server.timeout = SOCKET_MS
  server.maxHeadersCount = MAX_HEADERS
  server.on('checkContinue', handler)
  server.on('checkExpectation', handler)
  server.on('clientError', (error, socket) => {
    // A client that connected and never sent anything gets no answer.
    if ('bytesRead' in socket && socket.bytesRead === 0) return void socket.destroy()
    context.metrics.rejected.add(1, 'bad_request')
    if (error.name === 'Error' && 'code' in error && error.code === 'ECONNRESET') return void socket.destroy()
    // A peer that does not take even this is cut by the socket's timeout.
    const reply = (): void => writeReply(socket, problem(NO_REQUEST))
    if (socket instanceof Socket) connections.of(socket).breakInTurn(reply)
    else reply()
  })

  server.on('connect', (_request, socket) => {
    context.metrics.rejected.add(1, 'bad_request')
    takeOver(socket, () => writeReply(socket, problem(NO_PROXY)))
  })

  /**
   * Takes a socket from `node:http`. `begin` is called with the bytes that were read, when the requests before were
   * answered.
   */
  function takeOver(socket: Duplex, begin: (rest: Buffer) => void): void {
    socket.on('error', () => undefined) // A peer that vanished: `close` follows.
    if (!(socket instanceof Socket)) return begin(NOTHING)
    const connection = connections.of(socket)
    const rest = connection.leaveNode()
    const cut = (): void => void socket.destroy()
    socket.once('timeout', cut) // A peer that does not read its answers.
    connection.takeInTurn(() => {
      socket.off('timeout', cut)
      begin(rest)
    })
  }

  // The listener of `node:http` for new sockets: the fast path is put before it.
  const toNode = server.listeners('connection')
  server.removeAllListeners('connection')
  const handOver = (socket: Socket): void => {
    for (const listener of toNode) listener.call(server, socket)
    readInPieces(socket, connections.of(socket), largeReads)
  }
  const fastPath = new FastPath({
    context,
    service,
    origins,
    proxies,
    firstMs: LIMITS.headersTimeout,
    idleMs: LIMITS.keepAliveTimeout,
    handOver,
  })
  // The fast path does not log requests.
  const hasFastPath = withFastPath && log.debug === undefined
  server.on('connection', (socket: Socket) => {
    const connection = connections.of(socket)
    if (!isOneMore(socket, connection) || (proxies === 0 && !hasRoom(socket, connection))) return
    if (hasFastPath) fastPath.take(socket, connection)
    else handOver(socket)
  })
  if (hasFastPath) server.on('listening', () => shareReads(server, KEEP_ALIVE_MS))

  /**
   * Counts a socket among all sockets, and closes it at once if it is one too many: an answer would hold its
   * descriptor for as long as the peer likes.
   */
  function isOneMore(socket: Socket, connection: Connection): boolean {
    const exit = sockets.enter(ALL_SOCKETS)
    if (exit !== undefined) {
      connection.onClose(exit)
      return true
    }
    context.metrics.rejected.add(1, CROWDED.code)
    socket.destroy()
    return false
  }

  /**
   * Counts a socket to its address, and closes it if it is one too many. Behind a proxy all sockets have one address.
   */
  function hasRoom(socket: Socket, connection: Connection): boolean {
    const address = addressOf({ socket, rawHeaders: [] }, 0)
    if (!connectionLimit.counts(address)) return true
    const exit = connectionLimit.enter(address)
    if (exit !== undefined) {
      connection.onClose(exit)
      return true
    }
    context.metrics.rejected.add(1, CROWDED.code)
    socket.on('error', () => undefined).resume() // What it says is thrown away, so that it can read the answer.
    writeReply(socket, problem(CROWDED))
    return false
  }

  const { mounts } = service
  const upgradeNow = mounts.upgrade(
    context.base,
    (socket) => (socket instanceof Socket ? handOver(socket) : socket.destroy()),
    (incoming, route, error) => {
      if (error !== undefined) service.note(error)
      const status = error === undefined ? 101 : problemOf(error).status
      log.debug?.('upgrade', { route: route ?? 'none', status, address: addressOf(incoming, proxies) })
    },
  )
  const upgrade: Upgrade = (incoming, socket, head) => {
    const first = Buffer.from(head) // The next read overwrites it.
    takeOver(socket, (rest) => upgradeNow(incoming, socket, Buffer.concat([first, rest])))
  }
  // Also where nothing is mounted: otherwise `node:http` would drop the bytes that it read behind an offer, and its
  // body.
  server.on('upgrade', upgrade)

  /** For the server of another program, whose other upgrades are not the chat's. */
  const upgradeElsewhere: UpgradeHandler = (incoming, socket, head, next) => {
    if (mounts.hasUpgrade(incoming, context.base)) return upgrade(incoming, socket, head)
    if (next !== undefined) return next()
    if (hasOtherListeners(socket)) return
    takeOver(socket, () => writeReply(socket, problem(NO_SUCH_UPGRADE)))
  }

  return {
    handler,
    upgrade: upgradeElsewhere,
    server,
    addressOf: (caller) => addressOf(caller, proxies),
    mount: (mount) => mounts.add(mount),
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
        service.stop()
        const deadline = setTimeout(() => {
          fastPath.close({ all: true })
          server.closeAllConnections()
        }, ms)
        server.close(() => {
          clearTimeout(deadline)
          resolve()
        })
        connections.letGo('stop')
        fastPath.close({ all: false })
        server.closeIdleConnections()
      }),
  }
}

/**
 * Is there another listener, which may take an upgrade that is not ours? `server`: as `node:http` notes it on each
 * socket.
 */
function hasOtherListeners(socket: Duplex): boolean {
  const owner = 'server' in socket ? socket.server : undefined
  return owner instanceof EventEmitter && owner.listenerCount('upgrade') > 1
}

const NOTHING = Buffer.alloc(0)
const NO_REQUEST = new ChatError('bad_request', 'this is no HTTP request, or its head is too large or too slow')
const NO_PROXY = new ChatError('bad_request', 'this is no proxy: ask for a path that begins with /')
const NO_SUCH_UPGRADE = new ChatError('not_found', 'nothing is upgraded at this address')
const CROWDED = new ChatError(
  'unavailable',
  'your address has too many connections: close some, or try again in a moment',
  5,
)
