// One socket on the fast path, from its first byte until it closes or is handed to `node:http`. It is owed one
// answer at most: what comes meanwhile lets the poll go that waits, or waits itself.

import type { Socket } from 'node:net'
import type { Reply } from '../answer.js'
import type { Connection } from '../connection.js'
import type { FastRoute, FastPath } from './fast-path.js'
import { type Head, type Plain, readPlain } from './parse.js'
import { FastRequest } from './fast-request.js'
import { parseQuery } from '../query.js'

export class FastSocket {
  readonly #fastPath: FastPath
  readonly #socket: Socket
  readonly #connection: Connection
  /** The head of the last request; it has passed the checks of its origin. */
  #head: Head | undefined
  /** The request that is owed an answer. */
  #owed: FastRequest | undefined
  /** What came while an answer was owed that nobody could hurry. */
  #rest: Buffer | undefined

  constructor(fastPath: FastPath, socket: Socket, connection: Connection) {
    this.#fastPath = fastPath
    this.#socket = socket
    this.#connection = connection
    socket.setTimeout(fastPath.parts.firstMs)
    for (const [event, listener] of this.#listeners) socket.on(event, listener)
  }

  close(all: boolean): void {
    if (all) this.#socket.destroy()
    else if (this.#owed === undefined) this.#socket.destroySoon()
  }

  /** Writes the answer. A second one, or one to a socket that has gone, is not written. */
  answer(request: FastRequest, reply: Reply): void {
    if (this.#owed !== request) return
    this.#owed = undefined
    this.#connection.release(request.number)
    const socket = this.#socket
    if (socket.destroyed) return
    const { bytes, isLast } = this.#fastPath.wire.encode(reply)
    socket.write(bytes, this.#fastPath.parts.service.hold(bytes, socket))
    if (isLast) socket.destroySoon()
    else if (this.#rest !== undefined) this.#goOn(this.#rest)
  }

  #read(chunk: Buffer): void {
    // Behind the last answer nothing is read.
    if (this.#socket.writableEnded) return
    // The next request came: what waits is let go, because its answer has to go out first.
    if (this.#owed !== undefined) this.#connection.letGo('next')
    if (this.#owed !== undefined) return this.#keep(chunk)
    // Whoever does not read what he is given goes to `node:http`, where the next answer waits for the last one.
    const plain = this.#socket.writableLength > 0 ? undefined : readPlain(chunk, this.#fastPath.routes, this.#head)
    if (plain === undefined) return this.#handOver(chunk)
    this.#serve(plain)
  }

  #serve(plain: Plain<FastRoute>): void {
    const { context, origins, service, idleMs } = this.#fastPath.parts
    const { route } = plain.start
    const { head } = plain
    const request = new FastRequest(this.#fastPath, this.#socket, this.#connection, plain, this)
    this.#owed = request
    service.attempt(
      () => {
        // What may be read once may be read again. What changes something is looked at each time.
        if (head !== this.#head || route.method !== 'GET')
          origins.check({ method: route.method, httpVersion: '1.1', rawHeaders: head.rawHeaders })
        if (this.#head === undefined) this.#socket.setTimeout(idleMs)
        this.#head = head
        request.query = parseQuery(plain.query)
        return route.handle(request, request.answer, context)
      },
      (error) => request.fail(error),
    )
  }

  /** The store is at work: what comes meanwhile has to wait. */
  #keep(chunk: Buffer): void {
    this.#socket.pause()
    this.#rest = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk])
  }

  #goOn(rest: Buffer): void {
    this.#rest = undefined
    this.#socket.resume()
    this.#read(rest)
  }

  #handOver(chunk: Buffer): void {
    const socket = this.#socket
    this.#leave()
    socket.setTimeout(0)
    socket.pause()
    socket.unshift(chunk)
    this.#fastPath.parts.handOver(socket)
    socket.resume()
  }

  #leave(): void {
    for (const [event, listener] of this.#listeners) this.#socket.off(event, listener)
    this.#fastPath.leave(this)
  }

  readonly #listeners = [
    ['data', (chunk: Buffer) => this.#read(chunk)],
    // Half a connection is none: `node:http` closes it as well.
    ['end', () => this.#socket.end()],
    ['timeout', () => this.#socket.destroy()],
    ['error', () => undefined], // A peer that vanished: `close` follows.
    ['close', () => this.#leave()],
  ] as const
}
