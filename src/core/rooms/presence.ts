// Presence: who is in a room, who is typing, whose hands are up, and what a moderator has ordered: is the room closed, and
// how slow is it?
//
// Presence is always told whole, never as a difference, so a reader that missed ten changes has missed nothing. Its
// version is a hash of the state. So a change that leaves the state as it was told wakes no reader, and a version is
// good across restarts. A room tells its presence at most once a second.
//
// How far each member has read (`seen`) is told apart, and only to readers that ask for it. It changes with every message
// and every reader, so all changes of some seconds are one waking, and only of those readers:
//
//     message ──> 30 members have it and park ──> 30 numbers ── 1 to 3 s ──> one waking of the readers that ask

import type { Clock, Undo } from '../clock.js'
import { foldName } from './message.js'
import type { TimerWheel } from './timer-wheel.js'

/** A person at a keyboard: a name, held in every room that the person joined until the session ends. */
export type Holder = {
  readonly username: string
  readonly fold: string
  /** The token of the session: names that are held under one token are held by one person, in whatever process. */
  readonly token?: string
}

/** `closed` is there only while moderators alone may write, `slow` only while a name may write once in so many seconds. */
export type RoomOrders = { readonly closed?: true; readonly slow?: number }

/**
 * `hands`: whose hands are up, in the order in which they went up; there only while any is. `seen`, for readers that ask for
 * it: the newest id that each member has.
 */
export type PresenceState = RoomOrders & {
  readonly members: readonly string[]
  readonly typing: readonly string[]
  readonly hands?: readonly string[]
  readonly seen?: Readonly<Record<string, number>>
}

export const TYPING_MS = 6000
export const TELL_MS = 1000

/** How long changes of `seen` are gathered before they are told, and how much time is between two tellings. */
export const GATHER_SEEN_MS = 1000
export const SEEN_MS = 3000

/** Changes of `seen` are told for this long after a reader asked for it, and only in rooms of so many members. */
const ASKED_MS = 60_000
export const SEEN_MEMBERS = 200

/** A pause for the message that often comes with a change, so that both go out in one answer. */
const SETTLE_MS = 25

/**
 * `orders` is asked for each state; `changed` says that its answer is another one. `seen`: does the room note how far
 * members have read?
 */
export type PresenceParts = { readonly orders?: () => RoomOrders; readonly seen?: boolean | undefined }

const NO_ORDERS: RoomOrders = {}

/** A name that is held. `place`: where it is among the members; `seen`: the newest id that a reader of this member has. */
type Held = { readonly holder: Holder; readonly place: number; seen: number }

type SeenState = { readonly json: string; readonly version: string }

const NOT_SEEN: SeenState = { json: '{}', version: '' }

/** Who is in a room: the names in their order, the same as a JSON array, and whose hands are up. */
export type Members = {
  readonly members: readonly string[]
  readonly membersJson: string
  readonly hands: readonly string[]
}

export class Presence implements Members {
  readonly #clock: Clock
  readonly #timers: TimerWheel
  readonly #orders: () => RoomOrders
  readonly #notesSeen: boolean
  readonly #held = new Map<string, Held>()
  /** The same, in the order of their places. */
  readonly #order: Held[] = []
  readonly #typing = new Map<string, Undo>()
  /** The hands that are up, by fold: the lower the number, the earlier the hand went up. */
  #hands: ReadonlyMap<string, number> = new Map()
  #lastHand = 0
  readonly #watchers = new Set<() => void>()
  /** The watchers that are told of `seen` too. */
  readonly #seenWatchers = new Set<() => void>()
  #seen: SeenState | undefined
  #seenAskedAt = -Infinity
  #seenToldAt = -Infinity
  #tellingSeen: Undo | undefined
  #members: readonly string[] | undefined
  #membersJson: string | undefined
  #state: { presence: PresenceState; json: string; version: string } | undefined
  #lastPlace = 0
  #toldAt = -Infinity
  #telling: Undo | undefined

  constructor(clock: Clock, timers: TimerWheel, { orders = () => NO_ORDERS, seen = true }: PresenceParts = {}) {
    this.#orders = orders
    this.#notesSeen = seen
    this.#clock = clock
    this.#timers = timers
  }

  get size(): number {
    return this.#held.size
  }

  get watchers(): number {
    return this.#watchers.size
  }

  /** Is a change on its way to the watchers? */
  get telling(): boolean {
    return this.#telling !== undefined
  }

  /** Is a change of `seen` on its way to the watchers that ask for it? */
  get tellingSeen(): boolean {
    return this.#tellingSeen !== undefined
  }

  /** Who holds this name, or one that looks the same? */
  holder(username: string): Holder | undefined {
    return this.#held.size === 0 ? undefined : this.#held.get(foldName(username))?.holder
  }

  has(holder: Holder): boolean {
    const held = this.#held.get(holder.fold)?.holder
    return held !== undefined && isSameHolder(held, holder)
  }

  /** `place`: the person's place among the members; without it, behind the others. */
  add(holder: Holder, place = this.#lastPlace + 1): void {
    const before = this.#held.get(holder.fold)
    const isHolder = this.has(holder)
    const isSame = isHolder && before?.place === place
    this.#lastPlace = Math.max(this.#lastPlace, place)
    if (before !== undefined) this.#takeOut(before)
    const held = { holder, place, seen: isHolder ? (before?.seen ?? 0) : 0 }
    this.#held.set(holder.fold, held)
    this.#order.splice(this.#indexOf(place), 0, held)
    if (!isSame) this.#changeMembers()
  }

  remove(holder: Holder): void {
    const held = this.#held.get(holder.fold)
    if (held === undefined || !this.has(holder)) return
    this.#stopTyping(holder.fold)
    this.#dropHand(holder.fold)
    this.#held.delete(holder.fold)
    this.#takeOut(held)
    this.#changeMembers()
  }

  /** Typing ends after 6 s, or with that person's next message. Answers whether the person was typing before. */
  setTyping(holder: Holder, typing: boolean): boolean {
    const was = this.#stopTyping(holder.fold)
    if (typing)
      this.#typing.set(
        holder.fold,
        this.#timers.after(TYPING_MS, () => void this.setTyping(holder, false)),
      )
    if (was !== typing) this.#change()
    return was
  }

  /** Puts the hand of the holder of this name up or down. */
  setHand(fold: string, isUp: boolean): void {
    if (!this.#held.has(fold) || this.#hands.has(fold) === isUp) return
    if (isUp) this.#hands = new Map([...this.#hands, [fold, ++this.#lastHand]])
    else this.#dropHand(fold)
    this.#change()
  }

  /** Takes over all hands that are up, as a directory tells them. */
  setHands(hands: ReadonlyMap<string, number>): void {
    if (hands.size === 0 && this.#hands.size === 0) return
    this.#hands = hands
    this.#change()
  }

  /** The names of the members whose hands are up, in the order in which they went up. */
  get hands(): readonly string[] {
    const up = [...this.#hands].toSorted(([, a], [, b]) => a - b)
    return up.flatMap(([fold]) => this.#held.get(fold)?.holder.username ?? [])
  }

  /** The names in their order: the same list until it changes. */
  get members(): readonly string[] {
    return (this.#members ??= this.#order.map(({ holder }) => holder.username))
  }

  /** The names as a JSON array. A room of thousands has a long one, so it is made once a change. */
  get membersJson(): string {
    return (this.#membersJson ??= JSON.stringify(this.members))
  }

  /** The whole state, its JSON and its version, made once a change. */
  get state(): { readonly presence: PresenceState; readonly json: string; readonly version: string } {
    if (this.#state === undefined) {
      const typing = this.#typingNames()
      const { hands } = this
      const rest = { typing, ...(hands.length === 0 ? {} : { hands }), ...this.#orders() }
      const presence = { members: this.members, ...rest }
      const json = `{"members":${this.membersJson},${JSON.stringify(rest).slice(1)}`
      this.#state = { presence, json, version: hash(json) }
    }
    return this.#state
  }

  /** A reader of this member has every message up to an id. */
  saw(holder: Holder, id: number): void {
    if (!this.#notesSeen) return
    const held = this.#held.get(holder.fold)
    if (held === undefined || held.seen >= id || !isSameHolder(held.holder, holder)) return
    held.seen = id
    this.#seen = undefined
    // While no reader asks for it, it is only noted.
    if (this.#seenAskedAt !== -Infinity) this.#tellSeen()
  }

  /** The log is another one: no member has any of it. */
  unsee(): void {
    for (const held of this.#order) held.seen = 0
    this.#seen = undefined
  }

  /** The newest id that each member has, as JSON, and its version. Empty in a room of very many. */
  get seen(): SeenState {
    if (!this.#notesSeen) return NOT_SEEN
    this.#seenAskedAt = this.#clock.now()
    if (this.#seen === undefined) {
      const all = this.#order.length > SEEN_MEMBERS ? [] : this.#order.filter(({ seen }) => seen > 0)
      const json = `{${all.map(({ holder, seen }) => `${JSON.stringify(holder.username)}:${seen}`).join(',')}}`
      this.#seen = { json, version: hash(json) }
    }
    return this.#seen
  }

  /** The state as JSON; `withSeen`: and how far members have read, but not in a room of very many. */
  json(withSeen: boolean): string {
    const { json } = this.state
    const isTold = withSeen && this.#notesSeen && this.size <= SEEN_MEMBERS
    return isTold ? `${json.slice(0, -1)},"seen":${this.seen.json}}` : json
  }

  /** What is ordered in the room is another. */
  changed(): void {
    this.#change()
  }

  /** Calls back when the state may be another, at most once a second. `withSeen`: also when `seen` is, less often. */
  watch(call: () => void, withSeen = false): Undo {
    // Each watcher is a function of its own: two watchers may share one.
    const watcher = (): void => call()
    this.#watchers.add(watcher)
    if (withSeen) this.#seenWatchers.add(watcher)
    return () => {
      this.#watchers.delete(watcher)
      this.#seenWatchers.delete(watcher)
    }
  }

  /** Ends every timer of this room. */
  close(): void {
    for (const undo of this.#typing.values()) undo()
    this.#typing.clear()
    this.#telling?.()
    this.#telling = undefined
    this.#tellingSeen?.()
    this.#tellingSeen = undefined
  }

  #dropHand(fold: string): void {
    if (this.#hands.has(fold)) this.#hands = new Map([...this.#hands].filter(([other]) => other !== fold))
  }

  #typingNames(): readonly string[] {
    const held = [...this.#typing.keys()].flatMap((fold) => this.#held.get(fold) ?? [])
    return held.sort((a, b) => a.place - b.place).map(({ holder }) => holder.username)
  }

  /** The index of the first member at this place or behind it, by halves. */
  #indexOf(place: number): number {
    let [from, to] = [0, this.#order.length]
    while (from < to) {
      const middle = (from + to) >>> 1
      if ((this.#order[middle]?.place ?? Infinity) < place) from = middle + 1
      else to = middle
    }
    return from
  }

  #takeOut(held: Held): void {
    const at = this.#order.indexOf(held, this.#indexOf(held.place))
    if (at >= 0) this.#order.splice(at, 1)
  }

  #stopTyping(fold: string): boolean {
    const undo = this.#typing.get(fold)
    undo?.()
    return this.#typing.delete(fold)
  }

  #changeMembers(): void {
    this.#seen = undefined
    this.#members = undefined
    this.#membersJson = undefined
    this.#change()
  }

  #change(): void {
    this.#state = undefined
    if (this.#telling !== undefined) return
    const wait = this.#toldAt + TELL_MS - this.#clock.now()
    // Without watchers nothing is told: a new reader sees the state at once. But a reader that was told less than a
    // second ago has gone only to come back.
    if (this.#watchers.size === 0 && wait <= 0) return
    this.#telling = this.#clock.after(Math.max(SETTLE_MS, wait), () => {
      this.#telling = undefined
      if (this.#watchers.size > 0) this.#toldAt = this.#clock.now()
      for (const watcher of this.#watchers) watcher()
    })
  }

  #tellSeen(): void {
    const now = this.#clock.now()
    if (this.#tellingSeen !== undefined || now - this.#seenAskedAt > ASKED_MS) return
    this.#tellingSeen = this.#clock.after(Math.max(GATHER_SEEN_MS, this.#seenToldAt + SEEN_MS - now), () => {
      this.#tellingSeen = undefined
      if (this.#seenWatchers.size > 0) this.#seenToldAt = this.#clock.now()
      for (const watcher of this.#seenWatchers) watcher()
    })
  }
}

function isSameHolder(one: Holder, other: Holder): boolean {
  return one === other || (one.token !== undefined && one.token === other.token)
}

/** 53 bits of a text, as 11 characters of `a–z 0–9` (cyrb53, a public-domain hash; nothing secret rests on it). */
export function hash(text: string): string {
  let high = 0xdeadbeef
  let low = 0x41c6ce57
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    high = Math.imul(high ^ unit, 2654435761)
    low = Math.imul(low ^ unit, 1597334677)
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909)
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909)
  return (4294967296 * (2097151 & low) + (high >>> 0)).toString(36).padStart(11, '0')
}
