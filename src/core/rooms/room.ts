// A room: the newest messages of its log, the readers that wait for the next one, and its people.
//
//     deliver ──> ring ──> readers that wait
//                  ^
//                  └────── read(since): what is newer, and what the reader cannot have any more
//
// Everything here is synchronous: no message can slip in between a look into the ring and the wait. A room gets its
// messages from the store alone, this process's and other processes' alike. It never makes one itself.

import type { Clock, Undo } from '../clock.js'
import { isIn, NO_EPOCH, type Place } from './cursor.js'
import { fullBucket } from '../bucket.js'
import { type Gap, gapAt } from './gap.js'
import type { Watch } from './observer.js'
import { type Find, IdempotencyKeys, KEY_MS } from './idempotency.js'
import { type Holder, Presence, type RoomOrders } from './presence.js'
import { changesOf } from './change.js'
import { type Entry, entryOf, type Message } from './message.js'
import { Ring } from './ring.js'
import { type Seat, type Wake, waitOnce } from './waitlist.js'
import { Waiters } from './waiters.js'
import type { Scheduler } from './scheduler.js'
import type { TimerWheel } from './timer-wheel.js'

/** What a reader gets: entries, oldest first, and their bytes; the id to go on from; whether a limit cut them. */
export type Page = {
  readonly entries: readonly Entry[]
  readonly bytes: number
  readonly next: number
  readonly more: boolean
  readonly gap: Gap | undefined
}

/** A stream that reads a room: `cut` ends its connection. */
type Following = { cut(): void }

export type RoomParts = {
  readonly clock: Clock
  readonly timers: TimerWheel
  readonly scheduler: Scheduler
  readonly ringSize: number
  readonly find?: Find | undefined
  /** What is ordered in a room. */
  readonly orders?: ((name: string) => RoomOrders) | undefined
  /** How long messages can be read, in milliseconds; without it as long as there is room for them. */
  readonly keepMs?: number | undefined
  readonly watch?: Watch | undefined
  /** Is it noted how far members have read? */
  readonly seen?: boolean | undefined
}

export class Room {
  readonly name: string
  readonly presence: Presence
  readonly keys: IdempotencyKeys
  readonly #ring: Ring<Entry>
  readonly #waiting: Waiters
  readonly #clock: Clock
  readonly #watch: Watch | undefined
  readonly #streams = new Set<Following>()
  /** Counts the notes of coming and going that the log has had lately. */
  readonly notes = fullBucket()
  #epoch = NO_EPOCH
  #bytes = 0
  #underWay = 0

  constructor(
    name: string,
    { clock, timers, scheduler, ringSize, find, orders, keepMs = Infinity, watch, seen }: RoomParts,
  ) {
    this.name = name
    this.#clock = clock
    this.#ring = new Ring(ringSize)
    this.#watch = watch
    this.#waiting = new Waiters(scheduler, (phase, readers) => watch?.observer?.waking(this, phase, readers))
    this.presence = new Presence(clock, timers, { orders: () => orders?.(name) ?? {}, seen })
    this.keys = new IdempotencyKeys(clock, find, keepMs < KEY_MS)
  }

  /** The name of the log; `00000000` while the room has no log. */
  get epoch(): string {
    return this.#epoch
  }

  get hasLog(): boolean {
    return this.#epoch !== NO_EPOCH
  }

  /** The oldest id in the ring; `last` + 1 where all messages have expired. */
  get first(): number {
    return this.#ring.first
  }

  get last(): number {
    return this.#ring.last
  }

  /** Roughly the bytes of memory that the room's messages take: those in the ring, and those that a key still holds. */
  get bytes(): number {
    return this.#bytes + this.keys.bytes
  }

  /** How many readers wait. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** How many streams read the room, whether they wait just now or not. */
  get streams(): number {
    return this.#streams.size
  }

  /** Is a person in the room, or a message on its way? Then the room must not be forgotten. */
  get held(): boolean {
    return this.#underWay > 0 || this.presence.size > 0
  }

  /** Is no person in the room, no reader waiting in it, and no message on its way? Then the room may be forgotten. */
  get idle(): boolean {
    return !this.held && this.#waiting.size === 0 && this.#streams.size === 0 && this.presence.watchers === 0
  }

  /** A message is on its way into this room, until the undo: the room must not be forgotten meanwhile. */
  hold(): Undo {
    this.#underWay++
    let held = true
    return () => {
      if (held) this.#underWay--
      held = false
    }
  }

  /** A stream reads the room from now on, whether it waits just now or not. It is cut when the room is forgotten. */
  enter(stream: Following): void {
    this.#streams.add(stream)
    this.#waiting.streams = this.#streams.size
  }

  exit(stream: Following): void {
    this.#streams.delete(stream)
    this.#waiting.streams = this.#streams.size
  }

  /**
   * The room is forgotten. Parked polls are answered with what they have, and streams end; both come back to another
   * log.
   */
  end(): void {
    this.presence.close()
    for (const stream of this.#streams) stream.cut()
    this.#waiting.call(this.last)
  }

  /**
   * Takes a message from the store, in id order. A new epoch, or an id out of turn, begins the ring anew. `age`: for
   * a message that a store has kept, the milliseconds since it came.
   */
  deliver(message: Message, epoch: string, age = 0): void {
    if (epoch !== this.#epoch) this.#begin(epoch)
    if (message.of !== undefined) this.#change(message)
    const entry = entryOf(message, this.#clock.now() - age)
    const gone = this.#ring.put(message.id, entry)
    this.#bytes += entry.size - (gone?.size ?? 0)
    if (gone !== undefined) this.keys.left(gone.message, gone.size)
    this.keys.note(message, epoch)
    this.keys.trim(this.#ring.first)
    this.#watch?.observer?.delivered(this, message)
    this.#waiting.call(message.id)
  }

  /** Takes over the log of a store that holds no message of it any more: its ids go on. */
  resume(epoch: string, last: number): void {
    this.#begin(epoch)
    this.#ring.startAfter(last)
  }

  /**
   * Lets go of messages that came before a time (`Clock.now`), the oldest first and at most `most`, and answers how
   * many. No reader is woken: a reader behind them is told when it looks.
   */
  expire(until: number, most: number): number {
    let count = 0
    for (; count < most; count++) {
      const oldest = this.#ring.get(this.#ring.first)
      if (oldest === undefined || oldest.at > until) break
      this.#ring.shift()
      this.#bytes -= oldest.size
      this.keys.left(oldest.message, oldest.size)
    }
    this.keys.trim(this.#ring.first)
    return count
  }

  /** The log is lost, and an empty one with this epoch has taken its place: the readers that wait are told. */
  restart(epoch: string): void {
    this.#begin(epoch)
    this.#waiting.call(0)
  }

  /** A reader of somebody, who may be a member, has had everything up to a place. */
  saw(holder: Holder, place: Place): void {
    if (place.id <= this.last && isIn(place, this.#epoch)) this.presence.saw(holder, place.id)
  }

  /** The entry with this id, while the ring holds it. */
  entry(id: number): Entry | undefined {
    return this.#ring.get(id)
  }

  /** The entries with `from` ≤ id ≤ `to` that the ring holds. */
  slice(from: number, to: number): Entry[] {
    return this.#ring.slice(from, to)
  }

  /** The newest entries: at most `limit` of them and at most `most` bytes, but always one where there is one. */
  newest(limit: number, most = Infinity): Page {
    const all = this.#ring.slice(this.last - limit + 1, this.last)
    let bytes = 0
    let from = all.length
    for (; from > 0; from--) {
      const more = all[from - 1]?.bytes ?? 0
      if (from < all.length && bytes + more > most) break
      bytes += more
    }
    return { entries: from === 0 ? all : all.slice(from), bytes, next: this.last, more: false, gap: undefined }
  }

  /**
   * What is newer than a place: at most `limit` entries and at most `most` bytes, but always one entry where there is
   * one. Where the ring has moved past the place, it begins with the oldest entry.
   */
  read(place: Place, limit: number, most = Infinity): Page {
    const gap = gapAt(place, this)
    const from = gap === undefined ? place.id + 1 : this.first
    const start = Math.max(from, this.first)
    const all = this.#ring.slice(start, start + limit - 1)
    let bytes = 0
    let end = 0
    for (; end < all.length; end++) {
      const more = all[end]?.bytes ?? 0
      if (end > 0 && bytes + more > most) break
      bytes += more
    }
    const entries = end === all.length ? all : all.slice(0, end)
    const next = entries.at(-1)?.message.id ?? this.last
    return { entries, bytes, next, more: next < this.last, gap }
  }

  /** Would a read have something to answer? */
  hasNews(place: Place): boolean {
    if (place.id === this.last) return place.id !== 0 && !isIn(place, this.#epoch)
    // A reader that asks for all there is, in a room where everything has expired, waits for the next message.
    return place.id !== 0 || place.epoch !== undefined || this.first <= this.last
  }

  /** Waits to be called when there is something newer than the place; undefined when there is something already. */
  park(place: Place, wake: Wake): Undo | undefined {
    return waitOnce(wake, (seat) => this.sit(place, seat))
  }

  /** Like `park`, for a reader that has its seat; false when there is something already. */
  sit(place: Place, seat: Seat): boolean {
    // In a busy room a waking is on its way: a reader that has had the last one waits for the next.
    const waits = !this.hasNews(place) || (this.#isBehind(place) && this.#waiting.isDue(place.id))
    if (waits) this.#waiting.sit(seat)
    return waits
  }

  /**
   * Like `park`, for a reader that comes back after each answer: in a busy room the next waking gives it all the news
   * at once.
   */
  parkForNext(place: Place, wake: Wake): Undo | undefined {
    return waitOnce(wake, (seat) => this.sitForNext(place, seat))
  }

  /** Like `parkForNext`, for a reader that has its seat; false when it can have something at once. */
  sitForNext(place: Place, seat: Seat): boolean {
    return this.sit(place, seat) || (this.#isBehind(place) && this.#waiting.sitForNext(seat))
  }

  /** Applies a change to the earlier message. That message keeps its place, because ids are dense. */
  #change(change: Message): void {
    const held = {
      get: (id: number) => this.#ring.get(id)?.message,
      slice: (from: number, to: number) => this.#ring.slice(from, to).map(({ message }) => message),
    }
    for (const message of changesOf(held, change)) {
      const before = this.#ring.get(message.id)
      if (before === undefined) continue
      const entry = entryOf(message, before.at)
      this.#ring.replace(message.id, entry)
      this.#bytes += entry.size - before.size
    }
  }

  #begin(epoch: string): void {
    if (this.hasLog) {
      this.keys.clear()
      this.presence.unsee()
    }
    this.#epoch = epoch
    this.#ring.clear()
    this.#bytes = 0
  }

  #isBehind(place: Place): boolean {
    return place.id < this.last && isIn(place, this.#epoch)
  }
}
