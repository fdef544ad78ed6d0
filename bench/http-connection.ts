// One raw connection of the driver: HTTP/1.1 with keep-alive, one request at a time. When the server closed it, it
// connects again: at once where a request was under way, which is then repeated, or else with the next request.
//
// All connections read into one buffer: what came is looked at before the next one reads.

import { connect, type Socket } from 'node:net'
import type { Dialect } from './dialects.js'

export type Target = { readonly host: string; readonly port: number; readonly dialect: Dialect }

/** Takes what came in and returns the rest that is not whole yet. */
export type Take = (bytes: Buffer) => Buffer

/** Of every connection of this process. */
export const counts = { reconnects: 0, failures: 0 }

const AGAIN_MS = 50
const NOTHING = Buffer.alloc(0)
const shared = Buffer.allocUnsafe(1024 * 1024)
const PORTS_PER_ADDRESS = 5000

let made = 0

export class Connection {
  readonly #target: Target
  readonly #take: Take
  readonly #localAddress: string
  #socket: Socket | undefined
  #rest = NOTHING
  #request: string | undefined
  #connecting = false
  #closed = false

  constructor(target: Target, take: Take) {
    this.#target = target
    this.#take = take
    this.#localAddress = addressOf(made++)
  }

  /** Resolves once it is connected; a failed attempt is counted and made again. */
  open(): Promise<void> {
    return new Promise((resolve) => this.#connect(resolve))
  }

  request(text: string): void {
    this.#request = text
    if (this.#socket !== undefined) this.#socket.write(text, 'latin1')
    else if (!this.#connecting) this.#connect(() => undefined)
  }

  /** The answer came: a connection that breaks now has nothing to repeat. */
  done(): void {
    this.#request = undefined
  }

  /** Ends with a reset: thousands of ports are free again at once. */
  close(): void {
    this.#closed = true
    this.#socket?.resetAndDestroy()
  }

  #connect(opened: () => void): void {
    const { host, port } = this.#target
    this.#connecting = true
    const socket = connect({
      host,
      port,
      localAddress: this.#localAddress,
      noDelay: true,
      onread: { buffer: shared, callback: (length) => this.#read(length) },
    })
    socket.once('connect', () => {
      this.#socket = socket
      this.#connecting = false
      this.#rest = NOTHING
      opened()
      if (this.#request !== undefined) socket.write(this.#request, 'latin1')
    })
    // What went wrong is counted when the socket closes, which always follows.
    socket.on('error', () => undefined)
    socket.once('close', () => this.#lose(socket, opened))
  }

  #lose(socket: Socket, opened: () => void): void {
    if (this.#closed) return
    const wasOpen = this.#socket === socket
    if (wasOpen) counts.reconnects++
    else counts.failures++
    this.#socket = undefined
    if (wasOpen && this.#request === undefined) return
    this.#connecting = true
    setTimeout(() => this.#connect(opened), AGAIN_MS)
  }

  #read(length: number): boolean {
    // A server says goodbye to a connection that was idle for too long: that answers nothing.
    if (this.#request === undefined) return true
    const came = shared.subarray(0, length)
    const rest = this.#take(this.#rest.length === 0 ? came : Buffer.concat([this.#rest, came]))
    this.#rest = rest.length === 0 ? NOTHING : Buffer.from(rest)
    return true
  }
}

/** Linux answers on all of 127.0.0.0/8, so that there are ports for any number of connections. */
function addressOf(index: number): string {
  if (process.platform !== 'linux') return '127.0.0.1'
  return `127.0.0.${1 + Math.floor(index / PORTS_PER_ADDRESS) + (process.pid % 20) * 10}`
}

const UNDER_WAY = 200

/** Opens many connections, a part of them at a time, so that the server's backlog holds them. */
export async function openAll(connections: readonly { open(): Promise<void> }[]): Promise<void> {
  for (let from = 0; from < connections.length; from += UNDER_WAY) {
    await Promise.all(connections.slice(from, from + UNDER_WAY).map((connection) => connection.open()))
  }
}
