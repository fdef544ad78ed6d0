// All rooms of this process: opened on first use, forgotten when nobody needs them.
//
// A poll in a room that has no log keeps the place where it waits and nothing else; it is gone with the last
// reader. A room with a log stays until there are too many rooms or too many bytes: then the one that has been
// quiet longest goes, if nobody is in it and nobody waits. Where nobody can go, the next message is refused.

import type { Undo } from '../clock.js'
import { isIn, NO_EPOCH, type Since } from './cursor.js'
import { ChatError } from '../errors.js'
import type { Find } from './idempotency.js'
import type { Message } from './message.js'
import { Room, type RoomParts } from './room.js'
import type { Deliver, Store } from './store.js'

export type RoomLimits = { readonly rooms: number; readonly bytes: number }

/** The time between two looks for expired messages is a thirtieth of how long they are kept, within these bounds. */
const LEAST_EXPIRY_MS = 100
const MOST_EXPIRY_MS = 10_000

/** So many messages expire at one time. */
const EXPIRY_SLICE = 20_000

type OpenRoom = { readonly room: Room; readonly close: () => void }

export class Rooms {
  readonly #store: Store
  readonly #parts: RoomParts
  readonly #limits: RoomLimits
  /** In the order of their last message, the quietest first. */
  readonly #open = new Map<string, OpenRoom>()
  readonly #opening = new Map<string, Promise<Room>>()
  #newest: Room | undefined
  #expiry: Undo | undefined
  #logs = 0
  #bytes = 0

  constructor(store: Store, parts: RoomParts, limits: RoomLimits) {
    this.#store = store
    this.#parts = parts
    this.#limits = limits
    this.#expireLater()
  }

  /** Rooms that have a log. */
  get size(): number {
    return this.#logs
  }

  /** Bytes of memory that all messages take, roughly. */
  get bytes(): number {
    return this.#bytes
  }

  get(name: string): Room | undefined {
    return this.#open.get(name)?.room
  }

  /** Opens a room; the store may have to be asked for what it keeps. */
  async open(name: string): Promise<Room> {
    const here = this.get(name) ?? this.#opening.get(name)
    if (here !== undefined) return here
    const opening = this.#load(name).finally(() => this.#opening.delete(name))
    this.#opening.set(name, opening)
    return opening
  }

  /** Does a cursor speak of what another process may have said, and this one has not been told yet? */
  isBehind(room: Room, since: Since): boolean {
    if (this.#store.catchUp === undefined) return false
    const place = since.place(room.name)
    if (place === undefined || place === 'now' || place.id === 0) return false
    return place.id > room.last || !isIn(place, room.epoch)
  }

  /** Asks the store where a room is behind a cursor, so that nothing is called a gap that is only on its way. */
  async reach(rooms: readonly Room[], since: Since): Promise<void> {
    const behind = rooms.filter((room) => this.isBehind(room, since))
    await Promise.all(behind.map(async ({ name }) => this.#store.catchUp?.(name)))
  }

  /** Opens rooms that a store has kept, the one with the newest message first, as long as there is place and `goOn` says so. */
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

  /** Every room in memory, those in which somebody only waits too. */
  *all(): Generator<Room> {
    for (const { room } of this.#open.values()) yield room
  }

  /**
   * Makes sure that a message of this room can be kept: at the cost of messages that only a key holds, and then of the
   * quietest idle rooms. Throws `full`.
   */
  evictFor(room: Room): void {
    const tooMany = (): boolean => !room.hasLog && this.#logs >= this.#limits.rooms
    while (tooMany() || this.#bytes >= this.#limits.bytes) {
      if (!tooMany() && this.#shedKeys()) continue
      const quietest = this.#quietest(room)
      if (quietest === undefined)
        throw new ChatError('full', 'the server is full: try again when some rooms are empty', 60)
      this.#forget(quietest)
    }
  }

  /** Forgets a room that was opened for a reader alone, when the last one has gone. */
  settle(room: Room): void {
    if (room.hasLog || !room.idle) return
    // Not at once: somebody who just opened it may be about to speak.
    this.#parts.clock.soon(() => {
      if (!room.hasLog && room.idle && this.get(room.name) === room) this.#forget(room)
    })
  }

  close(): void {
    this.#expiry?.()
    for (const { room } of this.#open.values()) this.#forget(room)
  }

  async #load(name: string): Promise<Room> {
    const store = this.#store
    // A store that decides about keys by itself remembers them too, and there is nothing to ask it before.
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
    // What is delivered while the past is still being read has to wait behind it.
    let early: Parameters<Deliver>[] | undefined = []
    const subscription = await this.#store.subscribe(
      name,
      (message, epoch) => {
        if (early === undefined) deliver(message, epoch)
        else early.push([message, epoch])
      },
      (epoch) => {
        // The past that is being read is what there is now.
        if (early === undefined) this.#count(room, () => room.restart(epoch))
      },
    )
    this.#open.set(name, { room, close: () => subscription.close() })
    const { recent, epoch: kept, last = 0 } = subscription
    if (recent.length === 0 && last > 0) this.#count(room, () => room.resume(kept, last))
    const date = this.#parts.clock.date()
    for (const message of recent) deliver(message, kept, Math.max(0, date - message.timestamp))
    this.#expire(room, Infinity)
    for (const [message, epoch] of early) if (message.id > room.last || epoch !== room.epoch) deliver(message, epoch)
    early = undefined
    this.#makeUp(room)
    return room
  }

  /** One timer for all rooms, so that no message needs one of its own. */
  #expireLater(): void {
    const { keepMs, clock } = this.#parts
    if (keepMs === undefined) return
    const period = Math.min(Math.max(keepMs / 30, LEAST_EXPIRY_MS), MOST_EXPIRY_MS)
    this.#expiry = clock.after(period, () => {
      this.#expireAll()
      this.#expireLater()
    })
  }

  /** Does a slice of it at one time; what is left comes with the next tick. */
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

  /** A room that a store brought back takes the place of quieter ones, as far as they can go. */
  #makeUp(room: Room): void {
    const tooMany = (): boolean => this.#logs > this.#limits.rooms
    while (tooMany() || this.#bytes > this.#limits.bytes) {
      if (!tooMany() && this.#shedKeys()) continue
      const quietest = this.#quietest(room)
      if (quietest === undefined) return
      this.#forget(quietest)
    }
  }

  /** Gives up keys where they take most. False when none take anything. */
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

  #quietest(except: Room): Room | undefined {
    for (const { room } of this.#open.values()) if (room !== except && room.hasLog && room.idle) return room
    return undefined
  }

  #forget(room: Room): void {
    const open = this.#open.get(room.name)
    this.#open.delete(room.name)
    if (this.#newest === room) this.#newest = undefined
    open?.close()
    room.presence.close()
    this.#bytes -= room.bytes
    if (room.epoch !== NO_EPOCH) this.#logs--
  }
}
