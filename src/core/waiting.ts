// The readers that wait in one room, and how they are woken.
//
// A reader is a callback. Waking 10,000 of them costs less than half a millisecond; a promise each costs twice that,
// and a promise with a timer and a signal five times (`npm run bench -- --only wake`).
//
// Waking is done in slices, with the I/O in between, so that a hall of readers in one room does not hold up a
// conversation in another. And it is coalesced:
//
//     quiet room   message → everyone is woken at once
//     busy room    message, message, message → one waking, when most are back, and 20 ms after the last at most
//
// A room is busy while its last waking is still being paid for, that is while most of the readers it woke have
// not come back to wait again. So cost follows readers, and not readers × messages.

import type { Clock, Undo } from './clock.js'

export type Wake = () => void

/** A busy room waits at most this long for its readers to come back. */
export const COALESCE_MS = 20

/** How long one slice of waking may take before the I/O has its turn: at first, and while a room is busy. */
const SLICE_MS = { quiet: 12, busy: 3 }

export class Waiting {
  readonly #waker: Waker
  #parked = new Parked()
  #waking = new Parked()
  #state: 'idle' | 'asked' | 'waking' = 'idle'
  #again = false
  #busy = false
  /** Set while a waking is put off: ends the wait for it. */
  #hurry: (() => void) | undefined
  #woken = 0
  #wokeAt = -Infinity
  #told = 0
  #last = 0

  constructor(waker: Waker) {
    this.#waker = waker
  }

  get size(): number {
    return this.#parked.size + this.#waking.size
  }

  /** Waits to be called, once. */
  park(wake: Wake): Undo {
    const leave = this.#parked.add(wake)
    if (this.#hurry !== undefined && this.#isBack) this.#hurry()
    return leave
  }

  /** Is a waking on its way that will tell a reader with this id of all that is newer? */
  isDue(since: number): boolean {
    return this.#state !== 'idle' && since >= this.#told
  }

  /** There is something new, up to the id `last`: whoever waits is woken, at once or soon. */
  call(last: number): void {
    this.#last = last
    if (this.#state === 'waking') this.#again = true
    if (this.#state !== 'idle' || this.#parked.size === 0) return
    this.#state = 'asked'
    const delay = this.#delay()
    if (delay === 0) return this.#waker.add(this)
    const stop = this.#waker.after(delay, () => this.#hurry?.())
    this.#hurry = () => {
      this.#hurry = undefined
      stop()
      this.#waker.add(this)
    }
  }

  /** A log that begins anew is told to everyone, whatever was told before. */
  forget(): void {
    this.#told = Infinity
    this.#last = 0
  }

  /** Wakes until `now()` passes a slice. True when all who waited have been woken. */
  slice(now: () => number): boolean {
    if (this.#state === 'asked') this.#begin(now())
    const end = now() + (this.#busy ? SLICE_MS.busy : SLICE_MS.quiet)
    let count = 0
    for (let wake = this.#waking.take(); wake !== undefined; wake = this.#waking.take()) {
      wake()
      if ((++count & 15) === 0 && now() >= end) break
    }
    if (this.#waking.size > 0) return false
    this.#end()
    return true
  }

  #begin(now: number): void {
    const empty = this.#waking
    this.#waking = this.#parked
    this.#parked = empty
    this.#state = 'waking'
    this.#woken = this.#waking.size
    this.#wokeAt = now
    this.#told = this.#last
  }

  #end(): void {
    this.#state = 'idle'
    if (!this.#again) return
    this.#again = false
    this.call(this.#last)
  }

  /** Have most of those who were woken last come back to wait? */
  get #isBack(): boolean {
    return this.#parked.size >= this.#woken - Math.max(8, this.#woken / 10)
  }

  /** Milliseconds until the next waking may begin: 0 in a quiet room. */
  #delay(): number {
    const since = this.#waker.now() - this.#wokeAt
    this.#busy = since < COALESCE_MS && !this.#isBack
    return this.#busy ? COALESCE_MS - since : 0
  }
}

/** Readers in a list, where each knows its place: to leave is to put the last one there. Nothing else ever moves. */
class Parked {
  readonly #list: Place[] = []

  get size(): number {
    return this.#list.length
  }

  add(wake: Wake): Undo {
    const place: Place = { wake, index: this.#list.length, list: this.#list }
    this.#list.push(place)
    return () => leave(place)
  }

  /** Takes one out, the one that came last. */
  take(): Wake | undefined {
    const place = this.#list.pop()
    if (place === undefined) return undefined
    place.list = undefined
    return place.wake
  }
}

type Place = { readonly wake: Wake; index: number; list: Place[] | undefined }

function leave(place: Place): void {
  const { list } = place
  if (list === undefined) return
  place.list = undefined
  const last = list.pop()
  if (last === undefined || last === place) return
  list[place.index] = last
  last.index = place.index
}

/** Takes the rooms that have news in turn, a slice each, and lets the I/O in between. One for the whole chat. */
export class Waker {
  readonly #clock: Clock
  readonly #queue: Waiting[] = []
  #running = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  now(): number {
    return this.#clock.now()
  }

  after(ms: number, call: () => void): Undo {
    return this.#clock.after(ms, call)
  }

  add(waiting: Waiting): void {
    this.#queue.push(waiting)
    if (this.#running) return
    this.#running = true
    this.#clock.soon(() => this.#run())
  }

  #run(): void {
    const now = (): number => this.#clock.now()
    const end = now() + SLICE_MS.busy
    // Many small rooms share a slice; one large room fills it, and goes to the end of the queue with the rest.
    for (let turns = this.#queue.length; turns > 0; turns--) {
      const waiting = this.#queue.shift()
      if (waiting === undefined) break
      if (!waiting.slice(now)) this.#queue.push(waiting)
      if (now() >= end) break
    }
    this.#running = this.#queue.length > 0
    if (this.#running) this.#clock.soon(() => this.#run())
  }
}
