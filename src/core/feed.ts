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
import type { Holder } from './rooms/presence.js'
import type { Observer, WatchedReader } from './rooms/observer.js'
import type { Metrics } from './metrics.js'
import type { Room } from './rooms/room.js'
import { type Frame, type Frames, type Sink, Stream } from './rooms/stream.js'

/** How long a socket may stay full before its connection is given up. */
export const STALL_MS = 30_000

/**
 * So many bytes of the past are written before other connections have their turn. A socket takes megabytes at once,
 * and all of them would be written for a client that hangs up at the first.
 */
const TURN_BYTES = 32 * 1024

/** What all feeds of a transport have in common. */
export type FeedParts = {
  readonly chat: Chat
  readonly metrics: Metrics
  /** The name of the transport, for the metrics. */
  readonly transport: string
  /** Has each connection its own copy of what it is told? Otherwise readers that are told the same share the bytes. */
  readonly copies?: boolean
  /** Do other connections have their turn while this one is told the past? */
  readonly rests?: boolean
}

/** The connection that a feed writes to. */
export type FeedOwner = {
  /** Ends the connection: its socket has been full for too long. */
  cut(): void
}

type Running = { readonly room: Room; readonly place: Place; resume(): void; catchUp(): void; close(): void }

export class Feed {
  readonly #parts: FeedParts
  readonly #owner: FeedOwner
  #streams: readonly Running[] = []
  #stall: Undo | undefined
  /** The bytes that were written since the last rest, and whether the feed rests now. */
  #written = 0
  #rests = false
  /** The bytes in a full socket are counted until it has drained. */
  #held: Undo[] | undefined
  #expiry: Undo | undefined
  #open = true
  /** The reader, as a watcher sees it. */
  #watched: WatchedReader | undefined
  /** The name of the reader, where it is known. */
  name: string | undefined

  constructor(parts: FeedParts, owner: FeedOwner) {
    this.#parts = parts
    this.#owner = owner
    parts.chat.feeds.add(this)
  }

  /** Tells a new watcher where this connection is. */
  tellTo(observer: Observer): void {
    const at = this.#parts.chat.clock.now()
    for (const { room, place } of this.#streams) observer.parked(this.#reader, room, place.id, at)
  }

  get hasRoom(): boolean {
    return this.#stall === undefined
  }

  /** Does it go on at once? It rests now and then while it tells the past. */
  get goesOn(): boolean {
    return this.hasRoom && !this.#rests
  }

  cut(): void {
    this.#owner.cut()
  }

  /** A frame was written. `hasRoom`: the socket takes more. */
  wrote(frame: Frame<unknown>, isLive: boolean, hasRoom: boolean): void {
    this.#count(frame, isLive)
    if (!hasRoom) this.full(frame.bytes, this.#parts.copies === true ? undefined : frame)
    else if (!isLive && this.#parts.rests === true) this.#rest(frame.bytes)
  }

  /**
   * Writes what is newer in a room than a place, until the undo or the end of the connection. `write` says whether
   * the socket takes more. `member`: the reader, where it is a person in the room.
   */
  follow<T>(room: Room, place: Place, frames: Frames<T>, write: (frame: Frame<T>) => boolean, member?: Holder): Undo {
    const stream = new Stream(room, place, frames, new FeedSink(this, write, member))
    this.#streams = [...this.#streams, stream]
    if (member !== undefined) room.saw(member, place)
    const { clock, watch } = this.#parts.chat
    watch.observer?.parked(this.#reader, room, place.id, clock.now())
    stream.resume()
    return () => this.#end(stream)
  }

  /** Ends the connection when the time of an identity is over. */
  endWith(identity: Identity | undefined): void {
    if (identity === undefined) return
    const { chat } = this.#parts
    this.#expiry?.()
    this.#expiry = chat.timers.after(Math.max(0, identity.until - chat.clock.date()), () => this.cut())
  }

  /** Writes at once what there is, so that a sender sees its own message before the answer to its next one. */
  catchUp(): void {
    for (const stream of this.#streams) stream.catchUp()
  }

  /**
   * The socket takes no more for now. `bytes`: what it holds; `shared`: an object that all readers of the same bytes
   * have in common.
   */
  full(bytes = 0, shared: object = {}): void {
    if (!this.#open) return
    const { chat } = this.#parts
    this.#stall ??= chat.timers.after(STALL_MS, () => this.cut())
    const release = chat.pending.add(shared, bytes, () => this.cut())
    if (release === undefined) return
    // Counting may have cut this very connection.
    if (this.#open) (this.#held ??= []).push(release)
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
    const [first, ...others] = this.#streams
    if (first !== undefined && others.length > 0) this.#streams = [...others, first]
    for (const stream of this.#streams) stream.resume()
  }

  /** Ends every stream, and leaves nothing behind. */
  close(): void {
    this.#open = false
    this.#expiry?.()
    this.#expiry = undefined
    this.#stall?.()
    this.#stall = undefined
    this.#release()
    for (const stream of this.#streams) this.#end(stream)
    const { feeds, watch } = this.#parts.chat
    if (feeds.delete(this)) watch.observer?.gone(this.#reader)
  }

  get #reader(): WatchedReader {
    if (this.#watched?.name !== this.name || this.#watched === undefined)
      this.#watched = { key: this, way: this.#parts.transport, name: this.name, note: undefined }
    return this.#watched
  }

  #release(): void {
    for (const release of this.#held?.splice(0) ?? []) release()
  }

  #end(stream: Running): void {
    if (!this.#streams.includes(stream)) return
    this.#streams = this.#streams.filter((other) => other !== stream)
    stream.close()
    this.#parts.chat.rooms.settle(stream.room)
  }

  #count({ room, entries, bytes, gap, place: { id } }: Frame<unknown>, isLive: boolean): void {
    const { chat, metrics, transport } = this.#parts
    const { observer } = chat.watch
    observer?.told(this.#reader, room, { at: chat.clock.now(), id, messages: entries.length, bytes, gap })
    metrics.delivered.add(entries.length, transport)
    if (gap !== undefined) metrics.gaps.add(1, gap.reason)
    const newest = entries.at(-1)
    if (isLive && newest !== undefined) metrics.delivery.observe((chat.clock.now() - newest.at) / 1000, entries.length)
  }
}

/** Takes the frames of one stream to its feed's socket. `member`: the reader, where it is a person in the room. */
class FeedSink<T> implements Sink<T> {
  readonly #feed: Feed
  readonly #write: (frame: Frame<T>) => boolean
  readonly #member: Holder | undefined

  constructor(feed: Feed, write: (frame: Frame<T>) => boolean, member: Holder | undefined) {
    this.#feed = feed
    this.#write = write
    this.#member = member
  }

  hasRoom(): boolean {
    return this.#feed.goesOn
  }

  write(frame: Frame<T>, isLive: boolean): void {
    const hasRoom = this.#write(frame)
    if (this.#member !== undefined && hasRoom) frame.room.saw(this.#member, frame.place)
    this.#feed.wrote(frame, isLive, hasRoom)
  }

  cut(): void {
    this.#feed.cut()
  }
}
