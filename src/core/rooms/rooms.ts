// All rooms of this process. A room is opened on its first use, and forgotten when it is not needed any more.
//
// A poll in a room that has no log keeps the place where it waits and nothing else; the room goes with its last
// reader. A room with a log stays until there are too many rooms or too many bytes. Then one room goes:
//
//     1. a room without people and without waiting readers; if there is none, a room in which readers only wait;
//     2. of those the one with the least history: below 8 messages, below 32, below 128, or more (a day of quiet counts as little);
//     3. of those the one that has been quiet longest.
//
// So a thousand rooms with a message each push out one another, and not the room where people talked this morning.
// The readers of a room that goes are answered at once, and come back to a new log. When no room can go, the next
// message is refused. An address makes at most a tenth of the rooms: beyond that its own rooms go, or its message is
// refused.

import type { Undo } from '../clock.js'
import { isIn, NO_EPOCH, type Since } from './cursor.js'
import { ChatError } from '../errors.js'
import type { Find } from './idempotency.js'
import type { Message } from './message.js'
import { Room, type RoomParts } from './room.js'
import type { Deliver, Store } from './store.js'
import { GREEDY, worthOf } from './worth.js'

/** `follow` keeps the people of a room alike in all processes, until the undo. */
export type RoomsParts = RoomParts & { readonly follow?: ((room: Room) => Promise<Undo>) | undefined }

/** `isFree`: addresses that may make as many rooms as there are. */
export type RoomLimits = {
  readonly rooms: number
  readonly bytes: number
  readonly isFree?: ((address: string) => boolean) | undefined
}

/**
 * The time between two looks for expired messages is a thirtieth of how long messages are kept, within these bounds.
 */
const LEAST_EXPIRY_MS = 100
const MOST_EXPIRY_MS = 10_000

/** At most so many messages expire in one look. */
const EXPIRY_SLICE = 20_000

/** `maker`: the address whose message began the log. */
type OpenRoom = { readonly room: Room; readonly close: () => void; maker: string | undefined }

/** The share of all rooms, and of all bytes, that the rooms of one address may have. It may always have a few rooms. */
const SHARE = 0.1
const FEW_ROOMS = 20

/** At most so many rooms are compared, the quietest first, to find the one that goes. */
const MOST_SEEN = 2000

const NOBODY: ReadonlySet<string> = new Set()

const FULL = 'the server is full: try again when some rooms are empty'
const CROWDED = 'the server has no memory for more rooms at one time: try again in a moment'
const SHARED =
  'your address has made too many rooms: try again when some of them are empty, or use a room that there is'

export class Rooms {
  readonly #store: Store
  readonly #parts: RoomsParts
  readonly #limits: RoomLimits
  /** In the order of their last messages, the quietest room first. */
  readonly #open = new Map<string, OpenRoom>()
  readonly #opening = new Map<string, Promise<Room>>()
  /** Rooms that readers are opening, with the number of those readers. None of these rooms goes meanwhile. */
  readonly #wanted = new Map<string, number>()
  /** How many rooms with a log each address has made. */
  readonly #made = new Map<string, number>()
  #newest: Room | undefined
  #expiry: Undo | undefined
  #logs = 0
  #bytes = 0

  constructor(store: Store, parts: RoomsParts, limits: RoomLimits) {
    this.#store = store
    this.#parts = parts
    this.#limits = limits
    this.#expireLater()
  }

  /** How many rooms have a log. */
  get size(): number {
    return this.#logs
  }

  /** Roughly the bytes of memory that all messages take. */
  get bytes(): number {
    return this.#bytes
  }

  get(name: string): Room | undefined {
    return this.#open.get(name)?.room
  }

  /** Opens a room. The store may have to be asked for what it keeps. */
  async open(name: string): Promise<Room> {
    const here = this.get(name) ?? this.#opening.get(name)
    if (here !== undefined) return here
    const opening = this.#load(name).finally(() => this.#opening.delete(name))
    this.#opening.set(name, opening)
    return opening
  }

  /**
   * Opens rooms for one reader, and has them reach as far as its cursor. `use` is called when all of them are here,
   * before any of them can go. Throws `unavailable` when they do not fit into memory at one time.
   */
  async openAll<T>(names: readonly string[], since: Since, use: (rooms: Room[]) => T): Promise<T> {
    // Readers of many rooms leave half of the places to readers of one room.
    const most = this.#wanted.size === 0 ? this.#limits.rooms : this.#limits.rooms / 2
    if (names.length > 1 && this.#wanted.size + names.length > most && !names.every((name) => this.#open.has(name)))
      throw new ChatError('unavailable', CROWDED, 5)
    for (const name of names) this.#wanted.set(name, (this.#wanted.get(name) ?? 0) + 1)
    try {
      const rooms = await Promise.all(names.map((name) => this.open(name)))
      await this.reach(rooms, since)
      return use(rooms)
    } finally {
      for (const name of names) {
        const left = (this.#wanted.get(name) ?? 1) - 1
        if (left > 0) this.#wanted.set(name, left)
        else this.#wanted.delete(name)
      }
      // A room that was opened for a reader that could not be served goes again.
      for (const name of names) {
        const room = this.get(name)
        if (room !== undefined) this.settle(room)
      }
    }
  }

  /** Does a cursor know of a message that this process has not been told yet, because another process published it? */
  isBehind(room: Room, since: Since): boolean {
    if (this.#store.catchUp === undefined) return false
    const place = since.place(room.name)
    if (place === undefined || place === 'now' || place.id === 0) return false
    return place.id > room.last || !isIn(place, room.epoch)
  }

  /**
   * Asks the store for rooms that are behind a cursor, so that a message that is only on its way is not called a gap.
   */
  async reach(rooms: readonly Room[], since: Since): Promise<void> {
    const behind = rooms.filter((room) => this.isBehind(room, since))
    await Promise.all(behind.map(async ({ name }) => this.#store.catchUp?.(name)))
  }

  /**
   * Opens rooms that a store has kept, the room with the newest message first, as long as there is memory and `goOn`
   * says so.
   */
  async restore(names: readonly string[], goOn: () => boolean): Promise<void> {
    for (const name of names) {
      if (!goOn() || this.#logs >= this.#limits.rooms || this.#bytes >= this.#limits.bytes) break
      await this.open(name)
    }
    for (const name of names.toReversed()) {
      const room = this.get(name)
      if (room !== undefined) this.#touch(room)
    }
  }

  /** Every room that has a log. */
  *[Symbol.iterator](): Generator<Room> {
    for (const { room } of this.#open.values()) if (room.hasLog) yield room
  }

  /** Every room in memory, also a room in which readers only wait. */
  *all(): Generator<Room> {
    for (const { room } of this.#open.values()) yield room
  }

  /**
   * Makes sure that a message of this room can be kept. Messages that only a key holds go first, then the rooms that
   * are worth least. `maker`: the address to which the room is counted if it begins with this message. Throws `full`.
   */
  evictFor(room: Room, maker?: string): void {
    if (!room.hasLog) this.#begin(room, this.#limits.isFree?.(maker ?? '') === true ? undefined : maker)
    if (!this.#shrink(room, room.hasLog ? 0 : 1)) throw new ChatError('full', FULL, 60)
  }

  /** Forgets a room that was opened for readers alone, when the last of them has gone. */
  settle(room: Room): void {
    if (room.hasLog || !room.idle) return
    // Not at once: the person who just opened the room may be about to speak.
    this.#parts.clock.soon(() => {
      const isWanted = this.#wanted.has(room.name)
      if (!room.hasLog && room.idle && !isWanted && this.get(room.name) === room) this.#forget(room)
    })
  }

  close(): void {
    this.#expiry?.()
    for (const { room } of this.#open.values()) this.#forget(room)
  }

  async #load(name: string): Promise<Room> {
    const store = this.#store
    // A store that decides about keys also remembers them, so there is nothing to ask it before.
    const decides = store.appendOnce !== undefined
    const remembers = decides || store.find !== undefined
    const find: Find | undefined = remembers
      ? (username, key) => (decides ? undefined : store.find?.(name, username, key))
      : undefined
    const keepMs = decides ? undefined : this.#parts.keepMs
    const room = new Room(name, { ...this.#parts, find, keepMs })
    const deliver = (message: Message, epoch: string, age?: number): void => {
      this.#count(room, () => room.deliver(message, epoch, age))
      this.#touch(room)
    }
    // A message that is delivered while the past is still being read has to wait behind it.
    let early: Parameters<Deliver>[] | undefined = []
    const subscription = await this.#store.subscribe(
      name,
      (message, epoch) => {
        if (early === undefined) deliver(message, epoch)
        else early.push([message, epoch])
      },
      (epoch) => {
        // The past that is being read is already what is there after the restart.
        if (early === undefined) this.#count(room, () => room.restart(epoch))
      },
    )
    const end = (): void => subscription.close()
    const close = this.#parts.follow === undefined ? end : await this.#follow(room, end)
    this.#open.set(name, { room, close, maker: undefined })
    const { recent, epoch: kept, last = 0 } = subscription
    if (recent.length === 0 && last > 0) this.#count(room, () => room.resume(kept, last))
    const date = this.#parts.clock.date()
    for (const message of recent) deliver(message, kept, Math.max(0, date - message.timestamp))
    this.#expire(room, Infinity)
    for (const [message, epoch] of early) if (message.id > room.last || epoch !== room.epoch) deliver(message, epoch)
    early = undefined
    this.#fit(room)
    return room
  }

  /** Follows the room's people, where processes share them; answers what ends both. */
  async #follow(room: Room, close: Undo): Promise<Undo> {
    try {
      const unfollow = await this.#parts.follow?.(room)
      return () => {
        close()
        unfollow?.()
      }
    } catch (error) {
      close()
      throw error
    }
  }

  /** One timer for all rooms, so that no message needs a timer. */
  #expireLater(): void {
    const { keepMs, clock } = this.#parts
    if (keepMs === undefined) return
    const period = Math.min(Math.max(keepMs / 30, LEAST_EXPIRY_MS), MOST_EXPIRY_MS)
    this.#expiry = clock.after(period, () => {
      this.#expireAll()
      this.#expireLater()
    })
  }

  /** Lets go of one slice of expired messages; the rest goes with the next tick. */
  #expireAll(): void {
    let left = EXPIRY_SLICE
    for (const { room } of this.#open.values()) {
      left -= this.#expire(room, left)
      if (left <= 0) return
    }
  }

  #expire(room: Room, most: number): number {
    const { keepMs, clock } = this.#parts
    if (keepMs === undefined) return 0
    let expired = 0
    this.#count(room, () => (expired = room.expire(clock.now() - keepMs, most)))
    if (expired > 0) this.#store.expire?.(room.name, room.first)
    return expired
  }

  /** Makes room for a room that a store brought back. Throws `unavailable` when no other room can go. */
  #fit(room: Room): void {
    if (this.#shrink(room, 0) || this.#logs <= 1) return
    this.#forget(room)
    throw new ChatError('unavailable', CROWDED, 5)
  }

  /** The room's log is about to begin. It is counted to its maker, at the cost of the maker's other rooms. */
  #begin(room: Room, maker: string | undefined): void {
    const open = this.#open.get(room.name)
    if (open?.room !== room || open.maker === maker) return
    this.#unmake(open)
    if (maker === undefined) return
    const share = Math.max(this.#limits.rooms * SHARE, FEW_ROOMS)
    while ((this.#made.get(maker) ?? 0) >= share) {
      const least = this.#least(room, (one) => (one.maker === maker ? 0 : undefined))
      if (least === undefined) throw new ChatError('full', SHARED, 60)
      this.#forget(least)
    }
    open.maker = maker
    this.#made.set(maker, (this.#made.get(maker) ?? 0) + 1)
  }

  #unmake(open: OpenRoom): void {
    if (open.maker === undefined) return
    const left = (this.#made.get(open.maker) ?? 1) - 1
    if (left > 0) this.#made.set(open.maker, left)
    else this.#made.delete(open.maker)
    open.maker = undefined
  }

  /** Lets rooms go until this one fits, with `more` rooms to come. False when no room can go. */
  #shrink(room: Room, more: number): boolean {
    const tooMany = (): boolean => this.#logs + more > this.#limits.rooms
    const tooLarge = (): boolean => this.#bytes >= this.#limits.bytes
    while (tooMany() || tooLarge()) {
      if (!tooMany() && this.#shedKeys()) continue
      const greedy = tooLarge() ? this.#greedy() : NOBODY
      const worth = ({ maker }: OpenRoom): number => (maker !== undefined && greedy.has(maker) ? GREEDY : 0)
      const least = this.#least(room, worth, greedy.size > 0 ? GREEDY : 0)
      if (least === undefined) return false
      this.#forget(least)
    }
    return true
  }

  /** The addresses whose rooms take more than their share of memory. */
  #greedy(): Set<string> {
    const bytes = new Map<string, number>()
    for (const { room, maker } of this.#open.values())
      if (maker !== undefined) bytes.set(maker, (bytes.get(maker) ?? 0) + room.bytes)
    const share = this.#limits.bytes * SHARE
    return new Set([...bytes].filter(([, sum]) => sum > share).map(([maker]) => maker))
  }

  /** Gives up keys in the room where they take most. False when keys take nothing anywhere. */
  #shedKeys(): boolean {
    let most: Room | undefined
    for (const { room } of this.#open.values()) if (room.keys.bytes > (most?.keys.bytes ?? 0)) most = room
    if (most === undefined) return false
    const { bytes, keys } = most
    this.#count(most, () => keys.shed())
    return most.bytes < bytes
  }

  #count(room: Room, change: () => void): void {
    const { bytes, hasLog } = room
    change()
    this.#bytes += room.bytes - bytes
    if (room.hasLog && !hasLog) this.#logs++
  }

  #touch(room: Room): void {
    if (this.#newest === room) return
    this.#newest = room
    const open = this.#open.get(room.name)
    if (open === undefined) return
    this.#open.delete(room.name)
    this.#open.set(room.name, open)
  }

  /**
   * The room that is worth least, of those that can go; undefined when none can. `extra` is added to a room's worth,
   * which then is at least `lowest`; `undefined` from `extra` keeps the room out of it.
   */
  #least(except: Room, extra: (open: OpenRoom) => number | undefined, lowest = 0): Room | undefined {
    const now = this.#parts.clock.now()
    let least: Room | undefined
    let [leastWorth, seen] = [Infinity, 0]
    for (const open of this.#open.values()) {
      const { room } = open
      if (room === except || !room.hasLog || room.held || this.#wanted.has(room.name)) continue
      const more = extra(open)
      if (more === undefined) continue
      const worth = more + worthOf(room, now)
      if (worth < leastWorth) {
        least = room
        leastWorth = worth
      }
      if (worth === lowest || ++seen >= MOST_SEEN) break
    }
    return least
  }

  #forget(room: Room): void {
    const open = this.#open.get(room.name)
    this.#open.delete(room.name)
    if (this.#newest === room) this.#newest = undefined
    if (open !== undefined) this.#unmake(open)
    open?.close()
    this.#bytes -= room.bytes
    if (room.epoch !== NO_EPOCH) this.#logs--
    room.end()
  }
}
