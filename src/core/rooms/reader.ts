// A reader: a place in one room or in several, and the wait for what comes after it. A poll is a reader that is
// answered once. A reader that stays is a stream (stream.ts).
//
//     look ── something newer? ── yes ──> it is answered, and is gone
//        └── no ──> it waits, once ──> it looks again
//
// The ring is the reader's queue: a reader has no buffer of its own. A reader that fell behind finds a gap when it
// looks, and is told how much it missed.

import type { Undo } from '../clock.js'
import { formatCursor, type Place, type Since } from './cursor.js'
import type { Gap } from './gap.js'
import type { Entry } from './message.js'
import { hash } from './presence.js'
import type { Page, Room } from './room.js'

/** The most bytes of messages in one answer, unless a single message is longer: a little less than 1 MiB. */
export const ANSWER_BYTES = 1024 * 1024 - 32 * 1024

/** The least that presence leaves for the messages beside it. */
const LEAST_BYTES = 64 * 1024

/**
 * What a reader sees when it looks. `bytes`: of the entries; `places`: where the reader is afterwards, room for room.
 */
export type View = {
  readonly entries: readonly Entry[]
  readonly bytes: number
  readonly gaps: readonly Gap[]
  readonly more: boolean
  readonly places: readonly Place[]
}

/** `seen`: with presence, is it also to be told how far members have read? */
export type ReaderOptions = { readonly limit: number; readonly presence: boolean; readonly seen?: boolean }

export class Reader {
  readonly rooms: readonly Room[]
  readonly limit: number
  readonly presence: boolean
  readonly seen: boolean
  /** A place for each room; undefined stands for the newest messages. */
  #places: (Place | undefined)[]
  #told: string | undefined

  /** The reader begins where `since` says, and in a room that `since` lacks at the newest messages. */
  constructor(rooms: readonly Room[], since: Since, { limit, presence, seen = false }: ReaderOptions) {
    this.rooms = rooms
    this.limit = limit
    this.presence = presence
    this.seen = presence && seen
    this.#told = since.presence
    this.#places = rooms.map((room) => {
      const place = since.place(room.name)
      return place === 'now' ? newestOf(room) : place
    })
  }

  /** Where the reader is, room for room; undefined at the newest messages. */
  get places(): readonly (Place | undefined)[] {
    return this.#places
  }

  /** Where a reader of one room is; undefined at the newest messages, and for a reader of several rooms. */
  get onlyPlace(): Place | undefined {
    return this.#places.length === 1 ? this.#places[0] : undefined
  }

  /**
   * What is newer than the reader's places, as much as fits into one answer. The reader stays where it is until
   * `move`. Each of several rooms has the same share, and what a room leaves over is for the rooms after it. So a
   * loud room never keeps a reader from a quiet one.
   */
  look(): View {
    const entries: Entry[] = []
    const gaps: Gap[] = []
    const places: Place[] = []
    let more = false
    let bytes = 0
    let behind = 0
    for (const [i, room] of this.rooms.entries()) if (this.#isBehind(room, i)) behind++
    const most = this.#mostBytes()
    for (const [i, room] of this.rooms.entries()) {
      const place = this.#places[i]
      const share = Math.max(0, most - bytes) / Math.max(1, behind)
      if (this.#isBehind(room, i)) behind--
      const page: Page = place === undefined ? room.newest(this.limit, share) : room.read(place, this.limit, share)
      bytes += page.bytes
      entries.push(...page.entries)
      if (page.gap !== undefined) gaps.push(page.gap)
      more ||= page.more
      places.push({ epoch: room.epoch, id: page.next })
    }
    return { entries, bytes, gaps, more, places }
  }

  /** The bytes that are left for messages, each with its comma. */
  #mostBytes(): number {
    if (!this.presence) return ANSWER_BYTES
    // A UTF-16 unit takes at most three bytes.
    const taken = this.rooms.reduce((sum, room) => sum + 3 * room.presence.json(this.seen).length, 0)
    return Math.max(LEAST_BYTES, ANSWER_BYTES - taken)
  }

  #isBehind(room: Room, i: number): boolean {
    const place = this.#places[i]
    return place === undefined || room.hasNews(place)
  }

  /** Moves the reader to the end of a view. It has then been told the presence as it is. */
  move(view: View): void {
    this.#places = [...view.places]
    if (this.presence) this.#told = presenceVersion(this.rooms, this.seen)
  }

  /** The cursor that goes with a view. */
  cursor(view: View): string {
    const places = this.rooms.map((room, i) => ({ room: room.name, epoch: room.epoch, id: view.places[i]?.id ?? 0 }))
    return formatCursor(places, this.presence ? presenceVersion(this.rooms, this.seen) : undefined)
  }

  /** Waits to be called once there is news in any room; undefined when the reader can have news at once. */
  park(wake: () => void): Undo | undefined {
    const [room] = this.rooms
    const [place] = this.#places
    // The usual poll: one place in one room, and one thing to undo.
    if (this.rooms.length === 1 && !this.presence)
      return place === undefined ? undefined : room?.parkForNext(place, wake)
    return this.#parkEverywhere(wake)
  }

  #parkEverywhere(wake: () => void): Undo | undefined {
    const undos: Undo[] = []
    const leave = (): void => {
      for (const undo of undos) undo()
    }
    const wakeOnce = (): void => {
      leave()
      wake()
    }
    for (const [i, room] of this.rooms.entries()) {
      const place = this.#places[i]
      const undo = place === undefined ? undefined : room.parkForNext(place, wakeOnce)
      if (undo === undefined) {
        leave()
        return undefined
      }
      undos.push(undo)
    }
    if (!this.presence) return leave
    // A change of presence that is about to be told is waited for: that keeps presence to one wake-up a second. A
    // reader that was told no presence yet need not wait.
    const told = this.#told
    const isOnlySeen = this.seen && told?.startsWith(presenceVersion(this.rooms)) === true
    const isDue = this.rooms.some(({ presence }) => (isOnlySeen ? presence.tellingSeen : presence.telling))
    if (this.#presenceIsNews() && !(isDue && told !== undefined)) {
      leave()
      return undefined
    }
    for (const room of this.rooms) {
      undos.push(
        room.presence.watch(() => {
          if (this.#presenceIsNews()) wakeOnce()
        }, this.seen),
      )
    }
    return leave
  }

  /** How far members have read is no news to a reader that was told it, and does not ask for it any more. */
  #presenceIsNews(): boolean {
    const version = presenceVersion(this.rooms, this.seen)
    return this.#told !== version && (this.seen || this.#told?.startsWith(version) !== true)
  }
}

/**
 * The version of the presence of several rooms, whatever the order in which the client named them. `withSeen`: the version
 * of how far members have read is behind it.
 */
export function presenceVersion(rooms: readonly Room[], withSeen = false): string {
  const [only] = rooms
  if (rooms.length === 1 && only !== undefined) {
    const { state } = only.presence
    return withSeen ? state.version + only.presence.seen.version : state.version
  }
  const byName = rooms.toSorted((a, b) => (a.name < b.name ? -1 : 1)).map((room) => room.presence)
  const version = byName.map(({ state }) => state.version).join('')
  return withSeen ? version + hash(byName.map(({ seen }) => seen.version).join('')) : version
}

function newestOf(room: Room): Place {
  return { epoch: room.epoch, id: room.last }
}
