// One connection: it takes its lines one after another, and writes answers and messages.
//
//     socket ──> bytes ──> lines ──> visitor        split.ts, visitor.ts
//        ^                              │
//        └──── answers, messages ───────┘
//
// It reads no more while a line is being done, or while the socket has no room for answers: a flood waits in the
// sender's own buffers. The end of the connection leaves every room.

import type { Socket } from 'node:net'
import { setImmediate as breathe } from 'node:timers/promises'
import type { Undo } from '../../core/clock.js'
import { ChatError } from '../../core/errors.js'
import { Feed } from '../../core/feed.js'
import type { Logger } from '../../log.js'
import { looksLikeHttp } from './command.js'
import { type Line, PIECE_MS, Splitter } from './split.js'
import { LineVisitor, type LineVisitorParts, type Voice } from './visitor.js'

export type LineConnectionParts = LineVisitorParts & {
  readonly log: Logger
  readonly socket: Socket
}

/** A connection on which nothing went either way for this long is closed. */
const IDLE_MS = 10 * 60_000

/** So many lines are done before other connections have their turn. */
const BURST = 32

export class LineConnection implements Voice {
  readonly feed: Feed
  readonly #parts: LineConnectionParts
  readonly #socket: Socket
  readonly #visitor: LineVisitor
  readonly #splitter = new Splitter()
  /** Lines are done one after the other. */
  #doing = Promise.resolve()
  #count = 0
  #quiet: Undo | undefined
  #isOver = false
  #contactAt: number
  #idle: Undo | undefined

  constructor(parts: LineConnectionParts) {
    const { chat, metrics, socket } = parts
    this.#parts = parts
    this.#socket = socket
    this.#contactAt = chat.clock.now()
    this.feed = new Feed({ chat, metrics, transport: 'lines' }, { cut: () => socket.destroy() })
    this.#visitor = new LineVisitor(parts, this)
    socket.on('drain', () => this.feed.drained())
    socket.on('close', () => {
      this.#idle?.()
      this.#quiet?.()
      this.feed.close()
    })
    socket.on('error', () => undefined) // A peer that vanished: the reading below ends, and that is all there is to it.
  }

  /** Reads until the connection ends, and gives everything back. */
  async run(): Promise<void> {
    this.#watch(IDLE_MS)
    this.say('INFO welcome to mini-chat')
    try {
      for await (const chunk of this.#socket) {
        this.#contactAt = this.#parts.chat.clock.now()
        this.#quiet?.()
        await this.#takeAll(this.#splitter.push(chunk))
        if (this.#splitter.isWaiting) this.#awaitQuiet()
      }
    } catch {
      // A reset, or a socket that was cut: an ordinary end, and there is no one left to tell. Bugs are caught in
      // #take.
    } finally {
      this.feed.close()
      this.#quiet?.()
      await this.#doing
      await this.#visitor.close()
      this.end()
    }
  }

  /** Writes a last line and closes. */
  end(line?: string): void {
    if (this.#isOver) return
    this.#isOver = true
    this.feed.close()
    this.#socket.end(line === undefined ? '' : `${line}\n`, () => this.#socket.destroy())
    // A peer that does not even take this is cut.
    this.#socket.setTimeout(1000, () => this.#socket.destroy())
  }

  say(line: string): void {
    if (!this.write(Buffer.from(`${line}\n`))) this.feed.full()
  }

  write(bytes: Buffer): boolean {
    if (bytes.length === 0 || !this.#socket.writable) return true
    this.#contactAt = this.#parts.chat.clock.now()
    return this.#socket.write(bytes)
  }

  #watch(ms: number): void {
    const { timers, clock } = this.#parts.chat
    this.#idle = timers.after(ms, () => {
      const left = this.#contactAt + IDLE_MS - clock.now()
      if (left > 0) this.#watch(left)
      else this.end()
    })
  }

  /** If nothing more comes, the bytes without a line feed are a line as well. */
  #awaitQuiet(): void {
    if (this.#socket.destroyed) return
    this.#quiet = this.#parts.chat.timers.after(PIECE_MS, () => void this.#takeAll(this.#splitter.endPiece()))
  }

  /** Does what lines ask for, after the lines before them. */
  #takeAll(lines: readonly Line[]): Promise<void> {
    return (this.#doing = this.#doing.then(async () => {
      for (const line of lines) {
        if (this.#isOver) break
        await this.#take(line)
        if (++this.#count % BURST === 0) await breathe()
        if (!this.feed.hasRoom) await this.#drained()
      }
    }))
  }

  async #take({ text, isTooLong }: Line): Promise<void> {
    try {
      if (this.#visitor.isNew && looksLikeHttp(text)) this.#hangUp()
      else if (isTooLong) this.say('ERROR line too long')
      else await this.#visitor.take(text)
    } catch (error) {
      if (error instanceof ChatError) return this.#refuse(error)
      this.#parts.metrics.rejected.add(1, 'internal')
      this.#parts.log.error('bug', error)
      this.end('ERROR this is a fault of the server, and it has been noted')
    }
  }

  #refuse({ code, message }: ChatError): void {
    this.#parts.metrics.rejected.add(1, code)
    this.say(`ERROR ${code === 'name_taken' ? 'name taken' : message}`)
  }

  // A browser that another site's page made connect here must not be able to say anything.
  #hangUp(): void {
    this.#isOver = true
    this.#socket.destroy()
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#socket.off('drain', done).off('close', done)
        resolve()
      }
      this.#socket.on('drain', done).on('close', done)
      if (this.#socket.destroyed) done()
    })
  }
}
