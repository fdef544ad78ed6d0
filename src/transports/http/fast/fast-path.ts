// The fast path: plain polls, sends and event streams are read and answered on the socket itself. Everything else is
// handed to `node:http`.
//
//     socket ── plain? ── yes ─> route ─> answer ─> socket
//                 └── no ──> node:http, for as long as the socket lasts
//
// A reader in a busy room polls some fifty times a second with the same bytes but for a cursor, and gets the same
// answer as all the others. `node:http` makes a dozen objects of each such request, and takes an answer apart to put
// it together again. Here a request is one string, and an answer is one buffer that a thousand sockets share. The
// routes do not notice. A poll that comes again is not even a string: its bytes are compared with those of the last
// poll (same-poll.ts), and it waits in a record that the socket keeps (parked-poll.ts).
//
// In the end every socket can become a socket of `node:http`: its `connection` event may be emitted for a socket that
// came in another way (https://nodejs.org/api/http.html#event-connection), after the bytes that were read are put
// back.

import type { Socket } from 'node:net'
import type { Connection } from '../connection.js'
import type { Origins } from '../origins.js'
import type { Start } from './parse.js'
import type { Context, Route } from '../route.js'
import { events } from '../routes/events.js'
import { poll } from '../routes/poll.js'
import { send } from '../routes/send.js'
import type { Service } from '../service.js'
import { Sweep } from '../sweep.js'
import { Burst } from './burst.js'
import { FastSocket } from './fast-socket.js'
import { Wire } from './wire.js'

export type FastPathParts = {
  readonly context: Context
  readonly service: Service
  readonly origins: Origins
  readonly proxies: number
  /** How long a socket may wait for its first request, and for the next one. */
  readonly firstMs: number
  readonly idleMs: number
  /** Gives a socket to `node:http`. */
  readonly handOver: (socket: Socket) => void
}

/** What the fast path takes. */
export type FastRoute = Start & { readonly route: Route }

export class FastPath {
  readonly parts: FastPathParts
  readonly wire: Wire
  readonly burst = new Burst()
  readonly routes: readonly FastRoute[]
  readonly #sockets: Sweep<FastSocket>

  constructor(parts: FastPathParts) {
    this.parts = parts
    this.#sockets = new Sweep(parts.context.chat.clock)
    this.wire = new Wire(parts.idleMs, parts.context.chat.clock)
    this.routes = [poll, send, events].map((route) => {
      const { method, path } = route
      return { method, text: `${method} ${parts.context.base}${path}`, route }
    })
  }

  /** Takes a socket that has just come in. */
  take(socket: Socket, connection: Connection): void {
    this.#sockets.add(new FastSocket(this, socket, connection))
  }

  leave(fastSocket: FastSocket): void {
    this.#sockets.remove(fastSocket)
  }

  /** Closes the sockets that are owed no answer; with `all` every socket. */
  close({ all }: { readonly all: boolean }): void {
    for (const fastSocket of this.#sockets) fastSocket.close(all)
  }
}
