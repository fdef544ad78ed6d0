// A socket as the server sees it: which request it is at, and what waits on it.

import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { LetGo, Waiter } from './request.js'

/** A socket, and what waits on it: at most one request, since browsers and proxies have one at a time. */
export class Connection {
  #waiter: Waiter | undefined
  #response: ServerResponse | undefined
  #requests = 0
  #closed = false
  #ended = false

  /** The next request came: what waits is let go, because its answer has to go out first. Returns its number. */
  next(): number {
    this.letGo('next')
    return ++this.#requests
  }

  /**
   * Begins with a request when the answers before it have been written out. So whoever sends many requests at once
   * and reads nothing has one answer made for him, and not all of them.
   */
  inTurn(response: ServerResponse, begin: () => void): void {
    const before = this.#response
    this.#response = response
    after(before, begin)
  }

  /** What comes now cannot be read: `end` is called, once, when what came whole before it has been answered. */
  endInTurn(end: () => void): void {
    if (this.#ended) return
    this.#ended = true
    this.letGo('next')
    const before = this.#response
    // A request that is not whole has no answer to wait for.
    after(before?.req.complete === true ? before : undefined, end)
  }

  close(): void {
    this.#closed = true
    this.letGo('closed')
  }

  letGo(why: LetGo): void {
    const waiter = this.#waiter
    this.#waiter = undefined
    waiter?.letGo(why)
  }

  /** A room that had to be opened first takes a moment; the socket may have closed or gone on meanwhile. */
  hold(waiter: Waiter, number: number): void {
    if (this.#closed) waiter.letGo('closed')
    else if (number !== this.#requests || this.#ended) waiter.letGo('next')
    else this.#waiter = waiter
  }

  /** The request with this number has been answered. */
  release(number: number): void {
    if (number === this.#requests) this.#waiter = undefined
  }
}

/** Calls once an answer is through or its connection has gone; at once where there is none. */
function after(response: ServerResponse | undefined, call: () => void): void {
  if (response === undefined || response.writableFinished || response.destroyed) call()
  else response.once('close', call)
}

/** A property of the socket itself: a look into a table of ten thousand sockets at each request would cost more. */
const CONNECTION = Symbol('connection')
declare module 'node:net' {
  interface Socket {
    [CONNECTION]?: Connection
  }
}

/** Every socket that is open. */
export class Connections {
  readonly #all = new Set<Connection>()

  of(socket: Socket): Connection {
    const known = socket[CONNECTION]
    if (known !== undefined) return known
    const connection = new Connection()
    socket[CONNECTION] = connection
    this.#all.add(connection)
    // On the socket, not on the response: of several pipelined responses only one is told that the socket closed.
    socket.once('close', () => {
      this.#all.delete(connection)
      connection.close()
    })
    if (socket.destroyed) connection.close()
    return connection
  }

  /** Whatever waits on any of them is let go. */
  letGo(why: LetGo): void {
    for (const connection of this.#all) connection.letGo(why)
  }
}
