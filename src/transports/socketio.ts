// Socket.IO, spoken by the package `socket.io`: an unmodified socket.io-client works, over polling and over
// WebSocket, in two dialects (socketio/dialect.ts).
//
//     request or upgrade under /socket.io/ ── origins ──> a server that never listens ── engine.io ──> visitor
//
// The engine wants a server of its own, and sees each of its requests first. It gets a server that never listens, and
// is handed the requests with its prefix that have passed the check of origins. A visitor reads from the ring like
// every other reader, and not from the engine's own rooms.

import { createServer, type IncomingMessage } from 'node:http'
import type { Chat } from '../core/chat.js'
import type { Identity } from '../core/people/identity.js'
import type { Metrics } from '../core/metrics.js'
import type { Logger } from '../log.js'
import { loadPeer } from '../peer.js'
import type { Origins } from './http/origins.js'
import type { Http } from './http/server.js'
import { type Dialect, Directory, fullDialect, framesOf, SHORT_DIALECT } from './socketio/dialect.js'
import { type Speech, SocketIoVisitor } from './socketio/visitor.js'
import type { Transport } from './transport.js'

const PREFIX = '/socket.io/'
const EVENT_BYTES = 64 * 1024

export type SocketIoParts = {
  readonly chat: Chat
  readonly metrics: Metrics
  readonly log: Logger
  readonly http: Http
  readonly origins: Origins
  readonly maxConnections: number
}

/** Throws `UsageError` where the package `socket.io` is missing. */
export async function createSocketIo({
  chat,
  metrics,
  log,
  http,
  origins,
  maxConnections,
}: SocketIoParts): Promise<Transport> {
  const { Server } = await loadPeer('socket.io', '--socketio', () => import('socket.io'))
  const inner = createServer()
  const io = new Server(inner, {
    maxHttpBufferSize: EVENT_BYTES,
    httpCompression: false,
    perMessageDeflate: false,
    destroyUpgrade: false,
    cors: { origin: (origin, allow) => allow(null, origin !== undefined && origins.allows(origin)) },
    allowRequest: (_request, decide) => decide(null, io.engine.clientsCount < maxConnections),
  })
  const directory = new Directory()
  const full = speechOf(fullDialect(directory))
  const short = speechOf(SHORT_DIALECT)
  const visitors = new Map<SocketIoVisitor, Promise<void>>()
  /** The identity of each handshake, until the engine has made a client of it. */
  const identities = new WeakMap<IncomingMessage, Identity>()
  io.on('connection', (client) => {
    const visitor = new SocketIoVisitor({
      client,
      address: http.addressOf(client.request),
      identity: identities.get(client.request),
      chat,
      metrics,
      log,
      directory,
      full,
      short,
    })
    const closed = new Promise((resolve) => client.on('disconnect', resolve))
    visitors.set(
      visitor,
      closed.then(() => visitor.close()).finally(() => visitors.delete(visitor)),
    )
  })
  const unmount = http.mount({
    prefix: PREFIX,
    request(incoming, response, identity) {
      if (identity !== undefined) identities.set(incoming, identity)
      response.setHeader('Cache-Control', 'no-store')
      response.setHeader('X-Content-Type-Options', 'nosniff')
      inner.emit('request', incoming, response)
    },
    upgrade(incoming, socket, head, identity) {
      if (identity !== undefined) identities.set(incoming, identity)
      inner.emit('upgrade', incoming, socket, head)
    },
  })
  return {
    get connections() {
      return visitors.size
    },
    start: async () => undefined,
    async stop() {
      unmount()
      const closing = [...visitors.values()]
      await io.close()
      await Promise.all(closing)
    },
  }
}

function speechOf(dialect: Dialect): Speech {
  return { dialect, frames: framesOf(dialect) }
}
