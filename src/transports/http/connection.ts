// A connection: a socket as the server sees it, with its requests and what waits on it.

import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Undo } from '../../core/clock.js'
import type { LetGo, Waiter } from './request.js'

/** When so many requests of a socket are owed an answer, it is read no further. */
export const MAX_OUTSTANDING = 16

/**
 * When so many requests of all sockets are owed an answer, a socket is read on only until a second one is. A request that
 * waits for its turn takes about 4 kB: two thousand sockets with sixteen each would take 128 MB.
 */
const ALL_OUTSTANDING = 4096
const FEW_OUTSTANDING = 2

/** Another program's server reads in larger pieces, and may find more requests in one. Past these the socket is cut. */
const CUT_OUTSTANDING = 256

/** Gives the socket's bytes to `node:http`. */
export type Reader = {
  /** Reads on. */
  goOn(): void
  /** Reads no more, and answers the bytes that were read and not given on. */
  leave(): Buffer
}

/** What the connections of a server have in common: which there are, and how many requests of theirs wait for an answer. */
export type Shared = { readonly all: Set<Connection>; outstanding: number }

/** A socket, and the request that waits on it: at most one, because browsers and proxies have one at a time. */
export class Connection {
  readonly #shared: Shared
  #waiter: Waiter | undefined
  #reader: Reader | undefined
  /** The response to the last request, and to the one before it. */
  #response: ServerResponse | undefined
  #previous: ServerResponse | undefined
  #requests = 0
  #outstanding = 0
  #wantsRoom = false
  #closed = false
  #broken = false
  #isLast = false
  #onClose: Undo | undefined

  /** `shared`: what it is counted in while it is open. */
  constructor(shared: Shared) {
    this.#shared = shared
    shared.all.add(this)
  }

  /** Is nothing read any more? The bytes before cannot be read, or the last answer is on its way. */
  get isOver(): boolean {
    return this.#broken || this.#isLast
  }

  /** Are so many requests owed an answer that no more are read? */
  get isFull(): boolean {
    const most = this.#shared.outstanding < ALL_OUTSTANDING ? MAX_OUTSTANDING : FEW_OUTSTANDING
    return this.#outstanding >= most
  }

  readBy(reader: Reader): void {
    this.#reader = reader
  }

  /** Takes the socket from `node:http`, and answers the bytes that were read and not given on. */
  leaveNode(): Buffer {
    return this.#reader?.leave() ?? EMPTY
  }

  /** Reads on as soon as fewer requests are owed an answer. */
  goOnWithRoom(): void {
    this.#wantsRoom = true
  }

  /**
   * Bytes came behind the last answer. They are not read (RFC 9112, section 9.6), but a stream ends: its client wants
   * something else. An empty line says nothing (section 2.2).
   */
  takeBehind(bytes: Buffer, length = bytes.length): void {
    for (let i = 0; i < length; i++) if (bytes[i] !== CR && bytes[i] !== LF) return this.letGo('next')
  }

  /** The answer that is being written is the last of the connection: no later request is begun. */
  end(): void {
    this.#isLast = true
  }

  /**
   * The next request came. A request that waits is let go, because its answer has to go out first. Returns the new
   * one's number.
   */
  next(): number {
    this.letGo('next')
    return ++this.#requests
  }

  /**
   * Begins a request when the answers before it have been written out. So for a client that sends many requests at
   * once and reads nothing, one answer is made, and not all of them.
   */
  inTurn(response: ServerResponse, begin: () => void): void {
    this.#previous = this.#response
    this.#response = response
    this.#outstanding++
    if (!this.#closed) this.#shared.outstanding++
    if (this.#outstanding > CUT_OUTSTANDING) return void response.req.socket.destroy()
    response.once('close', () => this.#answered(response))
    after(this.#previous, () => {
      if (!this.#isLast) begin()
    })
  }

  /** The next bytes cannot be read. `end` is called, once, when all whole requests before them have been answered. */
  breakInTurn(end: () => void): void {
    if (this.#broken) return
    this.#broken = true
    this.letGo('next')
    const last = this.#response
    const isWhole = last?.req.complete === true
    const before = isWhole ? last : this.#previous
    after(before, () => {
      // The answer before this one closes the connection.
      if (this.#isLast || before?.shouldKeepAlive === false) return
      // The last request is the one that breaks off. If it was refused before that was known, the refusal is its
      // answer.
      if (!isWhole && last?.headersSent === true) after(last, () => last.req.socket.destroySoon())
      else end()
    })
  }

  /** Hands the socket to something else than `node:http`: `begin` is called when the requests before were answered. */
  takeInTurn(begin: () => void): void {
    // It counts as a request: also one that is to wait only in a moment is let go.
    this.next()
    const before = this.#response
    const go = (): void => {
      if (!this.#isLast) begin()
    }
    // The socket belongs to the response until `close`, even when its bytes are through.
    if (before === undefined || before.destroyed) go()
    else before.once('close', go)
  }

  /** Calls when the socket has closed. */
  onClose(call: Undo): void {
    const before = this.#onClose
    this.#onClose =
      before === undefined
        ? call
        : () => {
            before()
            call()
          }
  }

  close(): void {
    if (!this.#closed) this.#shared.outstanding -= this.#outstanding
    this.#closed = true
    this.#shared.all.delete(this)
    this.letGo('closed')
    this.#onClose?.()
    this.#onClose = undefined
  }

  letGo(why: LetGo): void {
    const waiter = this.#waiter
    this.#waiter = undefined
    waiter?.letGo(why)
  }

  /**
   * `waiter` waits for this request. A room had to be opened first, which takes a moment: the socket may have closed
   * or gone on meanwhile.
   */
  hold(waiter: Waiter, number: number): void {
    if (this.#closed) waiter.letGo('closed')
    else if (number !== this.#requests || this.#broken) waiter.letGo('next')
    else this.#waiter = waiter
  }

  /** The request with this number has been answered. */
  release(number: number): void {
    if (number === this.#requests) this.#waiter = undefined
  }

  #answered(response: ServerResponse): void {
    this.#outstanding--
    // Of a socket that has closed nothing is counted any more: not every response of it is told.
    if (!this.#closed) this.#shared.outstanding--
    if (!response.shouldKeepAlive) this.#isLast = true
    // A response holds its request, and a request its body: an idle connection keeps none of them.
    if (this.#previous === response) this.#previous = undefined
    if (this.#response === response && response.req.complete) this.#response = undefined
    if (!this.#wantsRoom || this.isFull) return
    this.#wantsRoom = false
    this.#reader?.goOn()
  }
}

const EMPTY = Buffer.alloc(0)
const CR = 13
const LF = 10

/** Calls when an answer is through or its connection has gone; at once where there is no answer. */
function after(response: ServerResponse | undefined, call: () => void): void {
  if (response === undefined || response.writableFinished || response.destroyed) call()
  else response.once('close', call)
}

/** A property of the socket itself: looking into a table of ten thousand sockets at each request would cost more. */
const CONNECTION = Symbol('connection')
declare module 'node:net' {
  interface Socket {
    [CONNECTION]?: Connection
  }
}

/** Every socket that is open. */
export class Connections {
  readonly #shared: Shared = { all: new Set(), outstanding: 0 }

  of(socket: Socket): Connection {
    const known = socket[CONNECTION]
    if (known !== undefined) return known
    const connection = new Connection(this.#shared)
    socket[CONNECTION] = connection
    // On the socket, not on the response: of several pipelined responses only one is told that the socket closed.
    socket.on('close', onClose)
    if (socket.destroyed) connection.close()
    return connection
  }

  /** Lets go of everything that waits on any connection. */
  letGo(why: LetGo): void {
    for (const connection of this.#shared.all) connection.letGo(why)
  }
}

function onClose(this: Socket): void {
  this[CONNECTION]?.close()
}
