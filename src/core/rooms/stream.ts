// A stream: a reader that stays.
//
//     pull ── something newer? ── yes ──> write a frame of it ── does the socket take more? ── yes ──> pull
//        └── no ──> park ── a message ──> pull                └── no ──> wait until it has drained
//
// The ring is the queue of every stream: a stream keeps a place and nothing else. So a slow reader costs no memory,
// and a reader that was too slow finds a gap when it looks, and is told how much it missed.
//
// All readers at one place are told the same next. A frame is cut and encoded once for all of them, and a waking
// costs each reader a lookup and a write. In a busy room a waking has all that came in 20 ms (waiters.ts), so the
// cost follows the readers, and not readers × messages.

import type { Place, Since } from './cursor.js'
import { type Gap, gapAt } from './gap.js'
import type { Entry } from './message.js'
import type { Room } from './room.js'
import { Seat } from './waitlist.js'

/**
 * What comes next at a place: a gap, if there is one, then entries, oldest first. `bytes`: of the entries together.
 * `place`: where the reader is afterwards.
 */
export type Cut = {
  readonly room: Room
  readonly gap: Gap | undefined
  readonly entries: readonly Entry[]
  readonly bytes: number
  readonly place: { readonly epoch: string; readonly id: number }
}

export type Frame<T> = Cut & { readonly form: T }

/** The most messages, and the most bytes of them, in a frame. A frame of one message may be longer. */
const FRAME_MESSAGES = 256
const FRAME_BYTES = 32 * 1024

/** The most frames, and the most bytes of them, that are remembered for all rooms together. */
const KEPT_FRAMES = 128
const KEPT_BYTES = 2 * 1024 * 1024

type KeptFrames<T> = { readers: number; epoch: string; last: number; readonly frames: Map<number, Frame<T>> }

/**
 * The frames of all rooms in the form of one transport, each encoded once. A frame is remembered while a stream reads
 * the room, and only for a place in its ring: a client may name any other place, and no two clients need name the
 * same.
 */
export class Frames<T> {
  readonly #encode: (cut: Cut) => T
  readonly #messages: number
  readonly #kept = new Map<Room, KeptFrames<T>>()
  #count = 0
  #bytes = 0

  /** `messages`: the most that a frame may have. */
  constructor(encode: (cut: Cut) => T, messages = FRAME_MESSAGES) {
    this.#encode = encode
    this.#messages = messages
  }

  /** How many frames are remembered. */
  get size(): number {
    return this.#count
  }

  /** A stream reads the room from now on. */
  enter(room: Room): void {
    const kept = this.#kept.get(room)
    if (kept === undefined) this.#kept.set(room, { readers: 1, epoch: '', last: 0, frames: new Map() })
    else kept.readers++
  }

  /** A stream that has entered reads the room no more. */
  exit(room: Room): void {
    const kept = this.#kept.get(room)
    if (kept === undefined || --kept.readers > 0) return
    this.#forget(kept)
    this.#kept.delete(room)
  }

  /** What a reader at this place is told next. */
  after(room: Room, place: Place): Frame<T> {
    const kept = this.#kept.get(room)
    if (kept === undefined || place.epoch !== room.epoch || place.id < room.first - 1 || place.id > room.last)
      return this.#make(room, place)
    if (kept.last !== room.last || kept.epoch !== room.epoch) {
      this.#forget(kept)
      kept.last = room.last
      kept.epoch = room.epoch
    }
    const known = kept.frames.get(place.id)
    if (known !== undefined) return known
    const frame = this.#make(room, place)
    if (this.#count >= KEPT_FRAMES || this.#bytes + frame.bytes > KEPT_BYTES)
      for (const one of this.#kept.values()) this.#forget(one)
    kept.frames.set(place.id, frame)
    this.#count++
    this.#bytes += frame.bytes
    return frame
  }

  #forget({ frames }: KeptFrames<T>): void {
    for (const { bytes } of frames.values()) this.#bytes -= bytes
    this.#count -= frames.size
    frames.clear()
  }

  #make(room: Room, place: Place): Frame<T> {
    const lost = gapAt(place, room)
    // A gap is told in a frame of its own: what follows it is the same for all readers, wherever they were.
    if (lost !== undefined && room.first <= room.last)
      return this.#encoded({ room, gap: lost, entries: [], bytes: 0, place: { epoch: room.epoch, id: room.first - 1 } })
    const { entries, gap, next, bytes } = room.read(place, this.#messages, FRAME_BYTES)
    return this.#encoded({ room, gap, entries, bytes, place: { epoch: room.epoch, id: next } })
  }

  #encoded(cut: Cut): Frame<T> {
    return { ...cut, form: this.#encode(cut) }
  }
}

/** What a stream writes to. */
export type Sink<T> = {
  /** Does the socket take more? */
  hasRoom(): boolean
  /** `isLive`: the reader waited for this frame. */
  write(frame: Frame<T>, isLive: boolean): void
  /** The room is forgotten: ends the connection. */
  cut(): void
}

export class Stream<T> extends Seat {
  readonly room: Room
  readonly #frames: Frames<T>
  readonly #sink: Sink<T>
  #place: Place
  #waits = false
  #open = true

  /** Begins at once to write what is newer than `place`. */
  constructor(room: Room, place: Place, frames: Frames<T>, sink: Sink<T>) {
    super()
    this.room = room
    this.#place = place
    this.#frames = frames
    this.#sink = sink
    // A room must not be forgotten under a reader that does not wait just now because its socket is full.
    room.enter(this)
    frames.enter(room)
  }

  get place(): Place {
    return this.#place
  }

  wake(): void {
    this.#waits = false
    this.#pull(true)
  }

  /** The room is forgotten. */
  cut(): void {
    this.#sink.cut()
  }

  /** Goes on, at the beginning and when the socket has drained. */
  resume(): void {
    if (!this.#waits) this.#pull(false)
  }

  /** Writes at once what there is, and does not wait to be woken. */
  catchUp(): void {
    this.#rise()
    while (this.#open && this.#sink.hasRoom() && this.room.hasNews(this.#place)) this.#next(true)
    this.#pull(true)
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    this.#rise()
    this.room.exit(this)
    this.#frames.exit(this.room)
  }

  #rise(): void {
    this.leave()
    this.#waits = false
  }

  #pull(isLive: boolean): void {
    while (this.#open && this.#sink.hasRoom()) {
      this.#waits = this.room.sit(this.#place, this)
      if (this.#waits) return
      this.#next(isLive)
    }
  }

  #next(isLive: boolean): void {
    const frame = this.#frames.after(this.room, this.#place)
    this.#place = frame.place
    this.#sink.write(frame, isLive)
  }
}

/** The place before everything that the ring holds. */
export function oldestOf(room: Room): Place {
  return { epoch: room.epoch, id: Math.max(0, room.first - 1) }
}

/** The place before the newest `limit` messages. */
export function newestOf(room: Room, limit: number): Place {
  return { epoch: room.epoch, id: Math.max(0, room.first - 1, room.last - limit) }
}

/** The place where a stream begins; without a `since`, before the newest `limit` messages. */
export function startOf(room: Room, since: Since, limit: number): Place {
  const place = since.place(room.name)
  if (place === undefined) return newestOf(room, limit)
  if (place === 'now') return { epoch: room.epoch, id: room.last }
  // A bare number is taken at its word: it is a place in this log, and 0 is before the oldest message that there
  // still is.
  if (place.epoch !== undefined || place.id > room.last) return place
  return place.id === 0 ? oldestOf(room) : { epoch: room.epoch, id: place.id }
}
