// One socket on the fast path, from its first byte until it closes or is handed to `node:http`.
//
//     idle ── a plain request ──> owed an answer ── answered ──> idle
//       │                              ├── the next request comes: a parked poll is let go; else the request waits
//       │                              └── a stream: written to until it ends, and the connection with it
//       └── anything that is not plain, or a client that does not read its answers ──> node:http, for good
//
// At most one answer is owed at any time.

import type { Socket } from 'node:net'
import type { Session } from '../../../core/people/sessions.js'
import type { Reply } from '../answer.js'
import type { Connection } from '../connection.js'
import { turnsOf } from '../sweep.js'
import type { FastRoute, FastPath } from './fast-path.js'
import { type Head, type Plain, readPlain } from './parse.js'
import { FastRequest } from './fast-request.js'
import { ParkedPoll } from './parked-poll.js'
import { parseQuery } from '../query.js'
import { askOf, poll } from '../routes/poll.js'
import { readInto } from './shared-read.js'
import { idOf, type SamePoll, samePollOf } from './same-poll.js'

/** A request that is owed an answer. */
type Owed = Pick<FastRequest, 'header' | 'number'>

export class FastSocket {
  readonly #fastPath: FastPath
  readonly #socket: Socket
  readonly #connection: Connection
  /** The head of the last request; it has passed the checks of its origin. */
  #head: Head | undefined
  #owed: Owed | undefined
  /** The bytes of the last poll, for a poll that is the same, and the record of a parked poll. */
  #same: SamePoll | undefined
  #poll: ParkedPoll | undefined
  /** The session whose token the last poll had. */
  #session: Session | undefined
  /** Turns of the clock until the socket has been idle for too long. */
  #turnsLeft: number
  #isWatched = false
  /** Is the socket read into a buffer that the next socket overwrites? */
  readonly #isShared: boolean
  /** Bytes that came while an answer was owed that cannot be hurried. */
  #rest: Buffer | undefined

  constructor(fastPath: FastPath, socket: Socket, connection: Connection) {
    this.#fastPath = fastPath
    this.#socket = socket
    this.#connection = connection
    this.#turnsLeft = turnsOf(fastPath.parts.firstMs)
    this.#isShared = readInto(socket, this)
    socket[FAST] = this
    if (!this.#isShared) socket.on('data', onData)
    socket.on('end', onEnd).on('error', onError).on('close', onClose)
  }

  close(all: boolean): void {
    if (all) this.#socket.destroy()
    else if (this.#owed === undefined) this.#socket.destroySoon()
  }

  /** Writes the answer. A second one, or one to a socket that has gone, is not written. */
  answer(request: Owed, reply: Reply): void {
    if (this.#owed !== request) return
    this.#owed = undefined
    this.#connection.release(request.number)
    const socket = this.#socket
    if (socket.destroyed) return
    const { service } = this.#fastPath.parts
    const { bytes, isLast } = this.#fastPath.wire.encode(service.dress(request, reply))
    socket.write(bytes, service.hold(bytes, socket))
    this.#turnsLeft = turnsOf(this.#fastPath.parts.idleMs)
    if (socket.writableLength > 0) this.#watchWriting()
    if (isLast) socket.destroySoon()
    else if (this.#rest !== undefined) this.#goOn(this.#rest)
  }

  /** A turn of the clock passes, in which nothing was read or written; after so many the socket is closed. */
  age(): void {
    if (!this.#isWatched && --this.#turnsLeft < 0) this.#socket.destroy()
  }

  /** Takes the first `length` bytes of a buffer, which the next chunk may overwrite. */
  read(bytes: Buffer, length: number): void {
    // Behind the last answer nothing is read.
    if (this.#socket.writableEnded) return
    // The next request came: what waits is let go, because its answer has to go out first.
    if (this.#owed !== undefined) this.#connection.letGo('next')
    const id = this.#owed === undefined && this.#same !== undefined ? idOf(bytes, length, this.#same) : undefined
    if (id !== undefined && this.#socket.writableLength === 0 && this.#parkAgain(id)) return
    this.#readOther(this.#isShared ? Buffer.from(bytes.subarray(0, length)) : bytes, id === undefined)
  }

  #readOther(chunk: Buffer, isNew: boolean): void {
    if (this.#owed !== undefined) return this.#keep(chunk)
    // Whoever does not read what he is given goes to `node:http`, where the next answer waits for the last one.
    const plain = this.#socket.writableLength > 0 ? undefined : readPlain(chunk, this.#fastPath.routes, this.#head)
    if (plain === undefined) return this.#handOver(chunk)
    if (isNew) this.#same = undefined
    this.#serve(plain)
  }

  /** Parks a poll that is the same as the last one but for this id. False where it need not wait. */
  #parkAgain(id: number): boolean {
    const same = this.#same
    if (same === undefined) return false
    const poll = (this.#poll ??= new ParkedPoll(this.#fastPath.parts, this.#connection, this))
    if (!poll.start(same, id, this.#session)) return false
    poll.number = this.#connection.next()
    this.#owed = poll
    this.#connection.hold(poll, poll.number)
    return true
  }

  #serve(plain: Plain<FastRoute>): void {
    const { origins, service } = this.#fastPath.parts
    const { route } = plain.start
    const { head } = plain
    const request = new FastRequest(this.#fastPath, this.#socket, this.#connection, plain, this)
    this.#owed = request
    service.attempt(
      () => {
        // A read that was allowed once is allowed again. A request that changes something is checked each time.
        if (head !== this.#head || route.method !== 'GET')
          origins.check({ method: route.method, httpVersion: '1.1', rawHeaders: head.rawHeaders })
        this.#head = head
        request.query = parseQuery(plain.query)
        const reached = service.reach(request)
        if (reached === undefined) return this.#admit(request, plain)
        return reached.then(() => this.#admit(request, plain))
      },
      (error) => request.fail(error),
    )
  }

  /** Authenticates a request, where the chat asks for that. */
  #admit(request: FastRequest, plain: Plain<FastRoute>): void | Promise<void> {
    const admitted = this.#fastPath.parts.service.admit(request, request.caller, plain.start.route.auth)
    return admitted === undefined ? this.#handle(request, plain) : admitted.then(() => this.#handle(request, plain))
  }

  #handle(request: FastRequest, plain: Plain<FastRoute>): void | Promise<void> {
    const { context } = this.#fastPath.parts
    const { route } = plain.start
    if (route === poll && this.#same === undefined && this.#owed === request) {
      const first = this.#firstOf(request, plain)
      if (first !== undefined && this.#parkAgain(first.id)) return
    }
    return route.handle(request, request.answer, context)
  }

  /**
   * The bytes by which the next polls are recognised, where they need no authentication: the chat is open, or their
   * session's token is enough, as long as that session lasts.
   */
  #firstOf(request: FastRequest, plain: Plain<FastRoute>): { readonly id: number } | undefined {
    const isAnybody = request.header('authorization') === undefined
    if (isAnybody && request.authenticated !== undefined) return undefined
    const first = samePollOf(plain, askOf(request.query), isAnybody)
    if (first === undefined) return undefined
    const session = request.session()
    if (session === undefined && !isAnybody) return undefined
    this.#same = first.same
    this.#session = session
    return first
  }

  /** The client reads slowly: from now on the socket's own timer looks whether its answers go on. */
  #watchWriting(): void {
    if (this.#isWatched) return
    this.#isWatched = true
    this.#socket.on('timeout', onTimeout).setTimeout(this.#fastPath.parts.idleMs)
  }

  /** The store is at work: the bytes that come meanwhile have to wait. */
  #keep(chunk: Buffer): void {
    this.#socket.pause()
    this.#rest = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk])
  }

  #goOn(rest: Buffer): void {
    this.#rest = undefined
    this.#socket.resume()
    this.read(rest, rest.length)
  }

  #handOver(chunk: Buffer): void {
    const socket = this.#socket
    this.leave()
    socket.setTimeout(0)
    socket.pause()
    socket.unshift(chunk)
    this.#fastPath.parts.handOver(socket)
    socket.resume()
  }

  /** The socket has closed, or goes to `node:http`. */
  leave(): void {
    const socket = this.#socket
    readInto(socket, null)
    socket[FAST] = undefined
    socket.off('data', onData).off('end', onEnd).off('error', onError).off('close', onClose).off('timeout', onTimeout)
    this.#fastPath.leave(this)
  }
}

// All sockets share what follows: ten thousand have ten thousand listeners less.

const FAST = Symbol('fast')
declare module 'node:net' {
  interface Socket {
    [FAST]?: FastSocket | undefined
  }
}

function onData(this: Socket, chunk: Buffer): void {
  this[FAST]?.read(chunk, chunk.length)
}

function onClose(this: Socket): void {
  this[FAST]?.leave()
}

/** A half-closed connection is closed, as `node:http` does. */
function onEnd(this: Socket): void {
  this.end()
}

/** A peer that vanished: `close` follows. */
function onError(): void {}

function onTimeout(this: Socket): void {
  this.destroy()
}
