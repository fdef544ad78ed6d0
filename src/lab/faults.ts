// Faults at the socket: bytes that the server writes are delayed, held back, or never leave.
//
//     answer ──> socket.write ──> _write ──> fault? ──> the network
//                                              └─ the socket is reset, and the answer was never there
//
// A fault stands between the socket and the system, below everything else in this server. The core, the routes and
// the fast path do not know of it, and the client sees the same as with a bad network. Node calls `_write` for one
// chunk after the other, so order, backpressure and an end are kept, however long a chunk waits.
//
// The lab's own answers, and files of the pages, are spared: the switch has to work while all else fails.

import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Undo } from '../core/clock.js'

/** One answer in so many is dropped. */
export const DROP_EVERY = 10

/** A slow connection takes one write in this time. */
export const SLOW_MS = 3000

/** This header marks an answer that faults spare. */
export const SPARED = ['X-Mini-Chat-Lab', 'spared'] as const

/** So much of a chunk is looked at, to see what kind it is. */
const HEAD_BYTES = 1024

type Done = (error?: Error | null) => void

type Link = { readonly socket: Socket; isSpared: boolean; readonly timers: Set<NodeJS.Timeout> }

type Kind = 'answer' | 'spared' | 'spared for good'

export class Faults {
  readonly #links = new Set<Link>()
  #drops = false
  #delayMs = 0
  #slowPorts: ReadonlySet<number> = new Set()
  #answers = 0
  #dropped = 0
  #cut = 0

  /** Answers that were dropped. */
  get dropped(): number {
    return this.#dropped
  }

  get cut(): number {
    return this.#cut
  }

  set drops(drops: boolean) {
    this.#drops = drops
  }

  set delayMs(ms: number) {
    this.#delayMs = ms
  }

  /** The ports of the peers that read slowly. */
  set slowPorts(ports: ReadonlySet<number>) {
    this.#slowPorts = ports
  }

  /** Sees each connection of a server from now on. */
  attach(server: Server): Undo {
    const take = (socket: Socket): void => this.#take(socket)
    server.prependListener('connection', take)
    return () => void server.off('connection', take)
  }

  /** Resets every connection but the lab's own. */
  cutAll(): number {
    const links = [...this.#links].filter(({ isSpared }) => !isSpared)
    for (const { socket } of links) socket.resetAndDestroy()
    this.#cut += links.length
    return links.length
  }

  #take(socket: Socket): void {
    const link: Link = { socket, isSpared: false, timers: new Set() }
    this.#links.add(link)
    socket.once('close', () => {
      this.#links.delete(link)
      for (const timer of link.timers) clearTimeout(timer)
    })
    const one = socket._write.bind(socket)
    const many = socket._writev?.bind(socket)
    socket._write = (chunk: unknown, encoding, done) =>
      this.#pass(link, chunk, done, (then) => one(chunk, encoding, then))
    if (many !== undefined)
      socket._writev = (chunks, done) => this.#pass(link, chunks[0]?.chunk, done, (then) => many(chunks, then))
    const write: (...args: Parameters<Socket['write']>) => boolean = socket.write.bind(socket)
    const slowly = (...args: Parameters<Socket['write']>): boolean => {
      const hasRoom = write(...args)
      // Bytes behind a slow write wait with their sender, and not in a buffer of the socket.
      return this.#isSlow(socket) ? socket.writableLength === 0 : hasRoom
    }
    Object.assign(socket, { write: slowly })
  }

  #pass(link: Link, chunk: unknown, done: Done, write: (done: Done) => void): void {
    const kind = kindOf(chunk)
    if (kind === 'spared for good') link.isSpared = true
    if (link.isSpared || kind === 'spared') return write(done)
    const { socket } = link
    if (this.#drops && ++this.#answers % DROP_EVERY === 0) {
      this.#dropped++
      socket.resetAndDestroy()
      return
    }
    const isSlow = this.#isSlow(socket)
    const ms = Math.max(this.#delayMs, isSlow ? SLOW_MS : 0)
    if (ms === 0) return write(done)
    const timer = setTimeout(() => {
      link.timers.delete(timer)
      if (socket.destroyed) return
      write((error) => {
        done(error)
        // Senders that were told that there is no room wait for this.
        if (isSlow && !socket.destroyed && !socket.writableNeedDrain) socket.emit('drain')
      })
    }, ms)
    link.timers.add(timer)
  }

  #isSlow({ remotePort }: Socket): boolean {
    return remotePort !== undefined && this.#slowPorts.has(remotePort)
  }
}

/** An answer that carries messages or an outcome, and a frame of a stream, may meet a fault. */
function kindOf(chunk: unknown): Kind {
  const text = Buffer.isBuffer(chunk)
    ? chunk.toString('latin1', 0, HEAD_BYTES)
    : typeof chunk === 'string'
      ? chunk.slice(0, HEAD_BYTES)
      : ''
  if (!text.startsWith('HTTP/1.1 ')) return 'answer'
  const isStream = text.includes('text/event-stream')
  if (text.includes(SPARED[0])) return isStream ? 'spared for good' : 'spared'
  const isFile = !isStream && /\r\ncontent-type: (?:text|image|font|application\/manifest)/i.test(text)
  return isFile ? 'spared' : 'answer'
}
