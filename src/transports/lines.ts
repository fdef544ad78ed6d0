// Lines over TCP: a chat for `nc`, for a shell script and for a first program with sockets (smallchat is the model).
//
//     JOIN lobby ada        ─>  INFO joined room lobby
//                           <─  MSG lobby bob hi            the recent messages, then each new one
//     MSG lobby hello       ─>
//                           <─  MSG lobby ada hello
//
// Any other first line is a name, which joins the lobby: the plain mode, for people. lines/visitor.ts has what each
// line does, lines/split.ts how bytes become lines, and lines/form.ts how messages become lines.

import { createServer, type AddressInfo } from 'node:net'
import type { Auth } from '../auth/auth.js'
import type { Chat } from '../core/chat.js'
import { ALL_SOCKETS, type ConnectionLimit } from '../core/people/limits.js'
import type { Metrics } from '../core/metrics.js'
import type { Logger } from '../log.js'
import { addressOf } from './address.js'
import { LineConnection } from './lines/line-connection.js'
import { COMMAND_FORM, framesOf, PLAIN_FORM } from './lines/form.js'
import type { Transport } from './transport.js'

const BACKLOG = 4096

const CROWDED = 'ERROR your address has too many connections: close some, or try again in a moment'

export type LinesParts = {
  readonly chat: Chat
  readonly metrics: Metrics
  readonly log: Logger
  /** Authentication, where the chat has any. */
  readonly auth: Auth | undefined
  readonly port: number
  readonly host: string
  readonly maxConnections: number
  /** How many connections each address has. */
  readonly connectionLimit: ConnectionLimit
  /** How many connections there are in all, under one key. */
  readonly sockets: ConnectionLimit
}

export function createLines({
  chat,
  metrics,
  log,
  auth,
  port,
  host,
  maxConnections,
  connectionLimit,
  sockets,
}: LinesParts): Transport {
  const frames = { command: framesOf(COMMAND_FORM), plain: framesOf(PLAIN_FORM) }
  const open = new Map<LineConnection, Promise<void>>()
  const server = createServer(
    { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: 10_000 },
    (socket) => {
      const leave = sockets.enter(ALL_SOCKETS)
      if (leave === undefined) {
        metrics.rejected.add(1, 'unavailable')
        return void socket.destroy()
      }
      socket.once('close', leave)
      const address = addressOf({ socket, rawHeaders: [] }, 0)
      const connection = new LineConnection({ chat, metrics, log, socket, address, auth, frames })
      const exit = connectionLimit.enter(address)
      if (exit === undefined) {
        metrics.rejected.add(1, 'unavailable')
        return connection.end(CROWDED)
      }
      socket.once('close', exit)
      const running = connection.run().finally(() => open.delete(connection))
      open.set(connection, running)
    },
  )
  server.maxConnections = maxConnections
  return {
    get connections() {
      return open.size
    },
    start: () =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen({ port, host, backlog: BACKLOG }, () => {
          server.off('error', reject)
          resolve((server.address() as AddressInfo).port)
        })
      }),
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const connection of open.keys()) connection.end('INFO bye')
      await Promise.all(open.values())
      await closed
    },
  }
}
