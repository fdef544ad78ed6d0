// Limits: how fast a person or an address may be, and how much of something an address may have at one time.
//
// A bucket has `burst` tokens at first. Every message takes one, and `perSecond` of them come back in a second. All
// that is kept of a bucket is one number, the time at which it will be full again:
//
//     fullAt ······ now                          full: nothing has to be remembered
//                   now ▓▓▓▓▓▓░░░░░░ fullAt      so much has been taken; the next token moves fullAt on
//                   now ▓▓▓▓▓▓▓▓▓▓▓▓ fullAt      a whole burst: the next token comes in a moment
//
// A person's bucket lies in the session and goes with it. The buckets of addresses lie in two maps. Each time that an
// empty bucket would take to fill, the older map is dropped: its addresses have not been heard of for so long that
// their buckets are full. So nothing is forgotten that matters, nothing is searched, and no timer runs.
//
// The cost of a message: one look into a map, and a few sums.

import { type Bucket, fullBucket } from '../bucket.js'
import type { Clock, Undo } from '../clock.js'
import { ChatError } from '../errors.js'
import { foldName } from '../rooms/message.js'

/** `Infinity`: no limit. */
export type Rate = { readonly perSecond: number; readonly burst: number }

/**
 * The rates of a person (a session, or a name at an address): messages and, apart from them, signs of typing. The
 * rates of an address: messages, joins, and new rooms. The rate of a room: the notes of coming and going in its log.
 */
export type Rates = {
  readonly person: Rate
  readonly address: Rate
  readonly joins: Rate
  readonly rooms: Rate
  readonly notes: Rate
  /** Addresses whose messages are not counted, and which have a rate of joins of their own. */
  readonly isFree?: (address: string) => boolean
  readonly freeJoins?: Rate
}

/** What is counted, and whose it is: sent and typed by a session, sent under a name at an address, and so on. */
export type Counted = { readonly what: What; readonly of: string }
export type What = 'said' | 'typed' | 'note' | OfAddress
type OfAddress = 'name' | 'address' | 'join' | 'freeJoin' | 'room'

const NO_LIMIT: Rate = { perSecond: Infinity, burst: Infinity }
export const NO_LIMITS: Rates = {
  person: NO_LIMIT,
  address: NO_LIMIT,
  joins: NO_LIMIT,
  rooms: NO_LIMIT,
  notes: NO_LIMIT,
}

/**
 * When one map has more addresses than this, the older map goes early. So many addresses are stopped by other means.
 */
const MAX_KEYS = 100_000

/** Two sums of times may differ by this much through rounding. */
const ROUNDING_MS = 0.001

/** Takes a token. Answers 0, or the milliseconds until there is one. */
export function take(bucket: Bucket, { perSecond, burst }: Rate, now: number): number {
  if (perSecond === Infinity) return 0
  const tokenMs = 1000 / perSecond
  const fullAt = Math.max(bucket.fullAt, now) + tokenMs
  const lacking = fullAt - now - burst * tokenMs
  if (lacking > ROUNDING_MS) return lacking
  bucket.fullAt = fullAt
  return 0
}

/** Takes tokens that another process gave away, even where the bucket has none left. */
function charge(bucket: Bucket, { perSecond }: Rate, times: number, now: number): void {
  if (perSecond !== Infinity) bucket.fullAt = Math.max(bucket.fullAt, now) + (1000 * times) / perSecond
}

/** A bucket for each address. */
export class Buckets {
  readonly #rate: Rate
  readonly #fillMs: number
  #young = new Map<string, Bucket>()
  #old = new Map<string, Bucket>()
  #turnAt = -Infinity

  constructor(rate: Rate) {
    this.#rate = rate
    this.#fillMs = (1000 * rate.burst) / rate.perSecond
  }

  /** How many buckets are remembered. */
  get size(): number {
    return this.#young.size + this.#old.size
  }

  /** Takes a token. Answers 0, or the milliseconds until there is one. */
  take(key: string, now: number): number {
    if (this.#rate.perSecond === Infinity) return 0
    return take(this.#get(key, now), this.#rate, now)
  }

  /** Is there any limit? */
  get isLimited(): boolean {
    return this.#rate.perSecond !== Infinity
  }

  /** Takes tokens that another process gave away. */
  charge(key: string, times: number, now: number): void {
    if (this.isLimited) charge(this.#get(key, now), this.#rate, times, now)
  }

  #get(key: string, now: number): Bucket {
    if (now >= this.#turnAt || this.#young.size >= MAX_KEYS) this.#turn(now)
    return this.#young.get(key) ?? this.#move(key)
  }

  #move(key: string): Bucket {
    const bucket = this.#old.get(key) ?? fullBucket()
    this.#old.delete(key)
    this.#young.set(key, bucket)
    return bucket
  }

  #turn(now: number): void {
    this.#old = now - this.#turnAt >= this.#fillMs ? new Map<string, Bucket>() : this.#young
    this.#young = new Map()
    this.#turnAt = now + this.#fillMs
  }
}

/** The key of a limit that counts the sockets of all addresses together. */
export const ALL_SOCKETS = 'all'

/** How many of something (connections, sessions, readers) each address has at one time. */
export class ConnectionLimit {
  readonly #max: number
  readonly #isFree: (address: string) => boolean
  readonly #counts = new Map<string, number>()

  /** `isFree`: addresses that are not counted. */
  constructor(max: number, isFree: (address: string) => boolean = () => false) {
    this.#max = max
    this.#isFree = isFree
  }

  /** How many addresses have any. */
  get size(): number {
    return this.#counts.size
  }

  /** Is this address counted at all? */
  counts(address: string): boolean {
    return this.#max !== Infinity && !this.#isFree(address)
  }

  isFull(address: string): boolean {
    return (this.#counts.get(address) ?? 0) >= this.#max
  }

  /** Counts one more, until the undo; undefined when the address has as many as it may. */
  enter(address: string): Undo | undefined {
    if (!this.counts(address)) return nothing
    if (this.isFull(address)) return undefined
    this.#counts.set(address, (this.#counts.get(address) ?? 0) + 1)
    let isInside = true
    return () => {
      if (!isInside) return
      isInside = false
      const left = (this.#counts.get(address) ?? 0) - 1
      if (left > 0) this.#counts.set(address, left)
      else this.#counts.delete(address)
    }
  }
}

function nothing(): void {}

/** A session, whose messages and signs of typing are counted. */
type Person = { readonly token: string; readonly said: Bucket; readonly typed: Bucket }

/**
 * Every rate of the chat. Each method throws `rate_limited`. Without an address, as for the program itself, nothing
 * is counted.
 */
export class Limits {
  readonly #clock: Clock
  readonly #person: Rate
  readonly #notes: Rate
  readonly #buckets: Readonly<Record<OfAddress, Buckets>>
  readonly #isFree: (address: string) => boolean
  readonly #tell: ((counted: Counted) => void) | undefined

  /** `tell` is told of every token that was taken, for other processes to count. */
  constructor(clock: Clock, rates: Rates, tell?: (counted: Counted) => void) {
    const { person, address, joins, rooms, notes, isFree = () => false, freeJoins = joins } = rates
    this.#clock = clock
    this.#person = person
    this.#notes = notes
    this.#buckets = {
      address: new Buckets(address),
      name: new Buckets(person),
      join: new Buckets(joins),
      freeJoin: new Buckets(freeJoins),
      room: new Buckets(rooms),
    }
    this.#isFree = isFree
    this.#tell = tell
  }

  /**
   * `person`: the session that speaks, if one does. A name without a session has a bucket at each address, so that no
   * one can use up the messages of a name that speaks from elsewhere.
   */
  message(address: string | undefined, person: Omit<Person, 'typed'> | undefined, username: string): void {
    const isCounted = address !== undefined && !this.#isFree(address)
    if (person !== undefined) this.#refuse(this.#take('said', person.token, person.said), FAST, 'send it again')
    else if (isCounted && this.#person.perSecond !== Infinity)
      this.#refuse(this.#takeFrom('name', `${address} ${foldName(username)}`), FAST, 'send it again')
    if (isCounted)
      this.#refuse(this.#takeFrom('address', address), 'too many messages come from your address', 'send it again')
  }

  /** May the log of a room get one more note of coming or going? */
  note({ name, notes }: { readonly name: string; readonly notes: Bucket }): boolean {
    return this.#take('note', name, notes, this.#notes) === 0
  }

  typing({ token, typed }: Omit<Person, 'said'>): void {
    this.#refuse(this.#take('typed', token, typed), 'you say too often that you type', 'say it again')
  }

  /** Hands go up and down no faster than people say that they type. */
  hand({ token, typed }: Omit<Person, 'said'>): void {
    this.#refuse(this.#take('typed', token, typed), 'your hand goes up and down too often', 'try again')
  }

  join(address: string | undefined): void {
    if (address === undefined) return
    const what = this.#isFree(address) ? 'freeJoin' : 'join'
    this.#refuse(this.#takeFrom(what, address), 'too many people join from your address', 'try again')
  }

  room(address: string | undefined): void {
    if (address === undefined) return
    const then = 'try again, or use a room that there is'
    this.#refuse(this.#takeFrom('room', address), 'too many new rooms come from your address', then)
  }

  /**
   * Counts what another process has counted so many times. `find`: the bucket of a session or a room that is known
   * here.
   */
  charge({ what, of }: Counted, times: number, find: (counted: Counted) => Bucket | undefined): void {
    const now = this.#clock.now()
    if (what === 'said' || what === 'typed' || what === 'note') {
      const bucket = find({ what, of })
      if (bucket !== undefined) charge(bucket, what === 'note' ? this.#notes : this.#person, times, now)
    } else this.#buckets[what].charge(of, times, now)
  }

  #take(what: What, of: string, bucket: Bucket, rate = this.#person): number {
    const waitMs = take(bucket, rate, this.#clock.now())
    if (this.#tell !== undefined && waitMs === 0 && rate.perSecond !== Infinity) this.#tell({ what, of })
    return waitMs
  }

  #takeFrom(what: OfAddress, of: string): number {
    const buckets = this.#buckets[what]
    const waitMs = buckets.take(of, this.#clock.now())
    if (this.#tell !== undefined && waitMs === 0 && buckets.isLimited) this.#tell({ what, of })
    return waitMs
  }

  #refuse(waitMs: number, why: string, then: string): void {
    if (waitMs === 0) return
    const seconds = Math.max(1, Math.ceil(waitMs / 1000))
    throw new ChatError('rate_limited', `${why}: wait ${seconds} s, then ${then}`, seconds)
  }
}

const FAST = 'you are faster than the room can read'
