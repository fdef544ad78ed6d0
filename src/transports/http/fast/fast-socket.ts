// One socket on the fast path, from its first byte until it closes or is handed to `node:http`.
//
//     idle ── a plain request ──> owed an answer ── answered ──> idle
//       │                              ├── the next request comes: a parked poll is let go; else the request waits
//       │                              └── a stream: written to until it ends, and the connection with it
//       └── anything that is not plain, or a client that does not read its answers ──> node:http, for good
//
// At most one answer is owed at any time.

import type { Socket } from 'node:net'
import { LONG } from '../../../core/pending-answers.js'
import type { Session } from '../../../core/people/sessions.js'
import type { Reply } from '../answer.js'
import type { Connection } from '../connection.js'
import type { StreamReply, StreamWriter } from '../stream-reply.js'
import { type Ageing, turnsOf } from '../sweep.js'
import { type DirectHandle, directHandle, writeDirectly } from './direct-write.js'
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

/** Stands for a request whose stream has begun: nothing of it is asked any more. */
const STREAM: Owed = { header: () => undefined, number: 0 }

export class FastSocket implements Ageing, StreamWriter {
  readonly #fastPath: FastPath
  readonly #socket: Socket
  readonly #connection: Connection
  /** Writes without the socket's stream, where that is possible. */
  readonly #direct: DirectHandle | undefined
  /** A short answer that waits for the end of the turn (burst.ts). */
  #late: Buffer | undefined
  /** Are bytes that were written to the handle still on their way to the system? */
  #isBehind = false
  /** The stream that is written, and has to wait until its socket has room. */
  #waiting: (() => void) | undefined
  /** The head of the last request. It has passed the check of its origin. */
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
    this.#direct = directHandle(socket)
    socket[FAST] = this
    if (!this.#isShared) socket.on('data', onData)
    socket.on('end', onEnd).on('error', onError).on('close', onClose)
  }

  close(all: boolean): void {
    if (all) this.#socket.destroy()
    else if (this.#owed === undefined) {
      this.flush()
      this.#socket.destroySoon()
    }
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
    this.#turnsLeft = turnsOf(this.#fastPath.parts.idleMs)
    this.flush()
    if (bytes.length < LONG) {
      this.#late = bytes
      if (isLast || !this.#fastPath.burst.isOpen) this.flush()
      else this.#fastPath.burst.add(this)
    } else {
      socket.write(bytes, service.hold(bytes, socket))
      if (this.#isSlow) this.#watchWriting()
    }
    if (isLast) socket.destroySoon()
    else if (this.#rest !== undefined) this.#goOn(this.#rest)
  }

  /** Writes the short answer that waits, if one does. */
  flush(): void {
    const bytes = this.#late
    if (bytes === undefined) return
    this.#late = undefined
    this.write(bytes)
    if (this.#isSlow) this.#watchWriting()
  }

  /**
   * Begins an answer that ends with its connection. It looks after the connection from now on: the request stays owed,
   * and no timer watches the socket.
   */
  stream(request: Owed, reply: StreamReply): void {
    const socket = this.#socket
    if (this.#owed !== request || socket.destroyed) return
    const { service } = this.#fastPath.parts
    const dressed = service.dress(request, reply)
    // The request and its head are not held for as long as the stream lasts.
    this.#owed = STREAM
    this.#head = undefined
    this.#same = undefined
    this.#connection.end()
    this.#turnsLeft = Infinity
    socket.setTimeout(0)
    this.flush()
    // The head and what there is to read already go out in one write.
    socket.cork()
    socket.write(this.#fastPath.wire.streamHead(dressed))
    dressed.open(this)
    socket.uncork()
    // What came meanwhile is behind it. The socket is read on, so that it is noticed when the client goes.
    if (this.#rest !== undefined) this.#goOn(this.#rest)
  }

  /** Writes a short answer, or a part of a stream. Does the socket take more? */
  write(bytes: Buffer | string): boolean {
    const socket = this.#socket
    const direct = this.#direct
    // A corked socket collects what is written to it.
    if (direct === undefined || this.#isWatched || socket.writableCorked > 0 || this.#isSlow) return socket.write(bytes)
    if (socket.destroyed || socket.writableEnded) return true
    if (writeDirectly(socket, direct, typeof bytes === 'string' ? Buffer.from(bytes) : bytes)) return true
    this.#isBehind = true
    // An empty write is through when all bytes before it are.
    socket.write(NOTHING, (error) => {
      if (error !== undefined && error !== null) return
      this.#isBehind = false
      this.drained()
    })
    return false
  }

  onDrain(call: () => void): void {
    this.#waiting = call
    this.#socket.on('drain', onDrain)
  }

  drained(): void {
    this.#waiting?.()
  }

  end(last: string): void {
    this.#socket.end(last)
  }

  cut(): void {
    this.#socket.destroy()
  }

  /** A turn of the clock passes without a read or a write. After so many turns the socket is closed. */
  age(): void {
    if (!this.#isWatched && --this.#turnsLeft < 0) this.#socket.destroy()
  }

  /** Takes the first `length` bytes of a buffer, which the next chunk may overwrite. */
  read(bytes: Buffer, length: number): void {
    this.#fastPath.burst.open()
    // Behind the last answer, such as a stream, nothing is read.
    if (this.#socket.writableEnded || this.#connection.isOver) return this.#connection.takeBehind(bytes, length)
    // The next request came: a parked poll is let go, because its answer has to go out first.
    if (this.#owed !== undefined) this.#connection.letGo('next')
    const id = this.#owed === undefined && this.#same !== undefined ? idOf(bytes, length, this.#same) : undefined
    if (id !== undefined && !this.#isSlow && this.#parkAgain(id)) return
    this.#readOther(this.#isShared ? Buffer.from(bytes.subarray(0, length)) : bytes, id === undefined)
  }

  #readOther(chunk: Buffer, isNew: boolean): void {
    if (this.#owed !== undefined) return this.#keep(chunk)
    // A client that does not read its answers is handed to `node:http`, where the next answer waits for the last one.
    const plain = this.#isSlow ? undefined : readPlain(chunk, this.#fastPath.routes, this.#head)
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

  /** Does the socket still hold bytes? Then its client reads more slowly than it is written to. */
  get #isSlow(): boolean {
    return this.#isBehind || this.#socket.writableLength > 0
  }

  /** The client reads slowly: from now on the socket's own timer watches whether its answers move on. */
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
    this.flush()
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
    socket
      .off('data', onData)
      .off('end', onEnd)
      .off('error', onError)
      .off('close', onClose)
      .off('timeout', onTimeout)
      .off('drain', onDrain)
    this.#fastPath.leave(this)
  }
}

const NOTHING = Buffer.alloc(0)

// All sockets share these functions: ten thousand sockets have ten thousand listeners less.

const FAST = Symbol('fast')
declare module 'node:net' {
  interface Socket {
    [FAST]?: FastSocket | undefined
  }
}

function onData(this: Socket, chunk: Buffer): void {
  this[FAST]?.read(chunk, chunk.length)
}

function onDrain(this: Socket): void {
  this[FAST]?.drained()
}

function onClose(this: Socket): void {
  this[FAST]?.leave()
}

/** A half-closed connection is closed, as `node:http` does. */
function onEnd(this: Socket): void {
  this[FAST]?.flush()
  this.end()
}

/** A peer that vanished: `close` follows. */
function onError(): void {}

function onTimeout(this: Socket): void {
  this.destroy()
}
