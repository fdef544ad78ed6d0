// What one connection reads: a stream for each of its rooms, all into one socket.
//
//     lobby ──> stream ──┐
//                        ├──> socket ──> the client
//     den ────> stream ──┘
//
// When the socket is full, all streams rest, and when it drains they are woken in turn, so that a loud room cannot
// starve a quiet one. A socket that does not drain for half a minute is given up: its reader comes back, and is told
// what it missed. Some transports also rest for a turn of the event loop after each 32 KiB of the past.

import type { Chat } from './chat.js'
import type { Undo } from './clock.js'
import type { Identity } from './people/identity.js'
import type { Place } from './rooms/cursor.js'
import type { Observer, WatchedReader } from './rooms/observer.js'
import type { Metrics } from './metrics.js'
import type { Room } from './rooms/room.js'
import { type Frame, type Frames, Stream } from './rooms/stream.js'

/** How long a socket may stay full before its connection is given up. */
export const STALL_MS = 30_000

/**
 * So many bytes of the past are written before other connections have their turn. A socket takes megabytes at once,
 * and all of them would be written for a client that hangs up at the first.
 */
const TURN_BYTES = 32 * 1024

export type FeedParts = {
  readonly chat: Chat
  readonly metrics: Metrics
  /** The name of the transport, for the metrics. */
  readonly transport: string
  /** Gives the connection up: it has been full for too long. */
  cut(): void
  /** Has each connection a copy of what it is told? Else those who are told the same share it. */
  readonly copies?: boolean
  /** Do other connections have their turn while this one is told the past? */
  readonly rests?: boolean
}

type Running = { readonly room: Room; readonly place: Place; resume(): void; catchUp(): void; close(): void }

export class Feed {
  readonly #parts: FeedParts
  readonly #streams: Running[] = []
  #stall: Undo | undefined
  /** The bytes that were written since the last rest, and whether the feed rests now. */
  #written = 0
  #rests = false
  /** What a full socket holds is counted until it has drained. */
  readonly #held: Undo[] = []
  #expiry: Undo | undefined
  #open = true
  /** Who reads, where that is known. */
  name: string | undefined

  constructor(parts: FeedParts) {
    this.#parts = parts
    parts.chat.feeds.add(this)
  }

  /** Tells a new watcher where this connection is. */
  tellTo(observer: Observer): void {
    for (const { room, place } of this.#streams) observer.parked(this.#reader, room, place.id)
  }

  get hasRoom(): boolean {
    return this.#stall === undefined
  }

  /** Writes what is newer in a room than a place, as long as the connection lasts or until the undo. `write` says whether the socket takes more. */
  follow<T>(room: Room, place: Place, frames: Frames<T>, write: (frame: Frame<T>) => boolean): Undo {
    const stream = new Stream(room, place, frames, {
      cut: () => this.#parts.cut(),
      hasRoom: () => this.hasRoom && !this.#rests,
      write: (frame, isLive) => {
        const hasRoom = write(frame)
        this.#count(frame, isLive)
        if (!hasRoom) this.full(frame.bytes, this.#parts.copies === true ? undefined : frame)
        else if (!isLive && this.#parts.rests === true) this.#rest(frame.bytes)
      },
    })
    this.#streams.push(stream)
    const { observer } = this.#parts.chat.watch
    observer?.parked(this.#reader, room, place.id)
    stream.resume()
    return () => this.#end(stream)
  }

  /** Ends the connection when the time of an identity is over. */
  endWith(identity: Identity | undefined): void {
    if (identity === undefined) return
    const { chat } = this.#parts
    this.#expiry?.()
    this.#expiry = chat.timers.after(Math.max(0, identity.until - chat.clock.date()), () => this.#parts.cut())
  }

  /** Writes at once what there is, so that a sender sees its own message before the answer to its next one. */
  catchUp(): void {
    for (const stream of this.#streams.slice()) stream.catchUp()
  }

  /**
   * The socket takes no more for now. `bytes`: what it holds; `shared`: an object that all readers of the same bytes
   * have in common.
   */
  full(bytes = 0, shared: object = {}): void {
    if (!this.#open) return
    const { chat } = this.#parts
    this.#stall ??= chat.timers.after(STALL_MS, () => this.#parts.cut())
    const release = chat.pending.add(shared, bytes, () => this.#parts.cut())
    if (release === undefined) return
    // Counting may have cut this very connection.
    if (this.#open) this.#held.push(release)
    else release()
  }

  /** The socket has drained. */
  drained(): void {
    if (this.#stall === undefined) return
    this.#stall()
    this.#stall = undefined
    this.#release()
    this.#resume()
  }

  /** Other connections have their turn, once enough has been written. */
  #rest(bytes: number): void {
    this.#written += bytes
    if (this.#written < TURN_BYTES || this.#rests) return
    this.#rests = true
    this.#parts.chat.clock.soon(() => {
      this.#rests = false
      this.#written = 0
      if (this.#open && this.hasRoom) this.#resume()
    })
  }

  #resume(): void {
    const [first] = this.#streams
    if (this.#streams.length > 1 && first !== undefined) this.#streams.push(...this.#streams.splice(0, 1))
    // A copy: a write may end a stream.
    for (const stream of this.#streams.slice()) stream.resume()
  }

  /** Ends every stream, and leaves nothing behind. */
  close(): void {
    this.#open = false
    this.#expiry?.()
    this.#expiry = undefined
    this.#stall?.()
    this.#stall = undefined
    this.#release()
    for (const stream of this.#streams.slice()) this.#end(stream)
    const { feeds, watch } = this.#parts.chat
    if (feeds.delete(this)) watch.observer?.gone(this.#reader)
  }

  get #reader(): WatchedReader {
    return { key: this, way: this.#parts.transport, name: this.name }
  }

  #release(): void {
    for (const release of this.#held.splice(0)) release()
  }

  #end(stream: Running): void {
    const index = this.#streams.indexOf(stream)
    if (index < 0) return
    this.#streams.splice(index, 1)
    stream.close()
    this.#parts.chat.rooms.settle(stream.room)
  }

  #count({ room, entries, bytes, gap, place: { id } }: Frame<unknown>, isLive: boolean): void {
    const { chat, metrics, transport } = this.#parts
    chat.watch.observer?.told(this.#reader, room, { id, messages: entries.length, bytes, gap })
    metrics.delivered.add(entries.length, transport)
    if (gap !== undefined) metrics.gaps.add(1, gap.reason)
    const newest = entries.at(-1)
    if (isLive && newest !== undefined) metrics.delivery.observe((chat.clock.now() - newest.at) / 1000, entries.length)
  }
}
