// The readers that wait in one room, and how they are woken.
//
// A reader is a callback. Waking 10,000 of them costs less than half a millisecond; a promise for each costs twice that,
// and a promise with a timer and a signal five times (`npm run bench -- --only wake`).
//
// Waking goes in slices, with the I/O in between, so that a hall of readers in one room does not hold up a conversation
// in another room. And wakings are coalesced, so that cost follows the readers, and not readers × messages:
//
//     quiet room   message → all readers are woken at once
//     busy room    message, message, message → one waking, at least 20 ms after the last one began
//
//                    a message, or a reader asks for the next waking
//           ┌──────┐ ──────────────────────────────────────────────────> ┌───────┐
//           │ idle │                                                     │ asked │ in a busy room it is put off first
//           └──────┘                                                     └───────┘
//              ^  all are awake      ┌────────┐     the scheduler calls      │
//              └──────────────────── │ waking │ <────────────────────────────┘
//                                    └────────┘  a slice, the I/O, a slice … A message that comes
//                                                meanwhile asks for the next waking when this one ends.
//
// A room of polls is busy until its last waking is paid for: until most of the readers that it woke have come back to wait
// again. In a busy room the time from the begin of one waking to the begin of the next depends on them:
//
//     the readers are back after t < 10 ms      2 × t
//     they are back later                       20 ms, or 1.5 × t
//     they are not back                         20 ms
//     the waking itself takes t > 13 ms         1.5 × t, at most t + 20 ms
//
// So there is always time left to read what people send. A reader that comes back to a busy room, and finds news already
// there, joins the next waking.
//
// A stream is written to and waits again in one step, so a room of streams is paid for as soon as its waking ends. It is
// busy (hurried) while messages come faster than it is woken:
//
//     calm ── a message comes during a waking ──> hurried: the next waking has all that came in 20 ms
//       ^                                            │
//       └────────── a waking has one message ────────┘

import type { Undo } from '../clock.js'
import type { WakingPhase } from './observer.js'
import { CallSeat, type Seat, type Wake, WaitList, waitOnce } from './waitlist.js'
import type { Scheduler } from './scheduler.js'

/** The pause from the begin of one waking of a busy room to the begin of the next, at least. */
export const COALESCE_MS = 20

/** A long waking is followed by a pause of this part of its time, so that a third of the time is left for all else. */
const PAUSE_PART = 0.5

/** A room is quiet again when this many times as long as a waking took have passed since the waking began. */
const RECENT_WAKINGS = 3

/** The readers are back when all but this many are: one in ten, or eight of a few. */
const STRAGGLERS = { oneIn: 10, least: 8 }

/**
 * How long one slice of waking may take before the I/O has its turn: in a quiet room, and while a room is busy. In each
 * turn one message of a connection is read, so a sender who says a lot in a busy room needs many turns.
 */
const SLICE_MS = { quiet: 2, busy: 1 }

/** So many readers are woken between two looks at the clock. */
const LOOK_EVERY = 16

/** The readers that a waking expects back: those that it woke, or this part of what the last waking expected. */
const REMEMBERED = 0.75

export class Waiters {
  /** How many streams read the room, whether they wait just now or not. */
  streams = 0
  readonly #scheduler: Scheduler
  readonly #onPhase: ((phase: WakingPhase, readers: number) => void) | undefined
  #parked = new WaitList()
  #waking = new WaitList()
  #state: 'idle' | 'asked' | 'waking' = 'idle'
  #again = false
  #busy = false
  /** Do messages come faster than streams are written to? */
  #isHurried = false
  /** Is the waking that was asked for put off, until readers are back or the pause is over? */
  #isPutOff = false
  #stop: Undo | undefined
  #woken = 0
  #wokeAt = -Infinity
  /** How long the last waking took. */
  #tookMs = 0
  /** The newest id that the last waking told; Infinity before the first waking. */
  #told = Infinity
  #last = 0

  /** `onPhase` is told three times a waking, however many readers there are. */
  constructor(scheduler: Scheduler, onPhase?: (phase: WakingPhase, readers: number) => void) {
    this.#scheduler = scheduler
    this.#onPhase = onPhase
  }

  get size(): number {
    return this.#parked.size + this.#waking.size
  }

  /** Waits to be called, once. */
  park(wake: Wake): Undo {
    const seat = new CallSeat(wake)
    this.sit(seat)
    return () => seat.leave()
  }

  /** Like `park`, for a reader that has its seat. */
  sit(seat: Seat): void {
    this.#parked.add(seat)
    if (this.#isPutOff && !this.#isHurried && this.#isBack) this.#rest()
  }

  /** Is a waking on its way that will tell a reader at this id all that is newer? */
  isDue(since: number): boolean {
    return this.#state !== 'idle' && since >= this.#told
  }

  /** Waits for the next waking, with news that is there already; undefined in a quiet room. */
  parkForNext(wake: Wake): Undo | undefined {
    return waitOnce(wake, (seat) => this.sitForNext(seat))
  }

  /** Like `parkForNext`, for a reader that has its seat; false in a quiet room. */
  sitForNext(seat: Seat): boolean {
    // The next waking, and not the one under way: readers that come back again and again could make that last for ever.
    if (this.#state === 'waking') this.#again = true
    if (this.#state === 'idle') {
      const now = this.#scheduler.now()
      if (!this.#isBusy(now)) return false
      this.#ask(now)
    }
    this.sit(seat)
    return true
  }

  /** There are new messages, up to the id `last`: the readers that wait are woken, at once or soon. */
  call(last: number): void {
    this.#last = last
    if (this.#state === 'waking') {
      this.#again = true
      this.#isHurried ||= this.#isOfStreams
    }
    if (this.#state !== 'idle') return
    const now = this.#scheduler.now()
    if (this.#parked.size > 0 || this.#isBusy(now)) this.#ask(now)
  }

  /** Wakes readers for one slice of time. True when all readers that waited are awake. */
  slice(now: () => number): boolean {
    if (this.#state === 'asked') this.#begin(now())
    const end = now() + (this.#busy ? SLICE_MS.busy : SLICE_MS.quiet)
    let count = 0
    for (let seat = this.#waking.take(); seat !== undefined; seat = this.#waking.take()) {
      seat.wake()
      if (++count % LOOK_EVERY === 0 && now() >= end) break
    }
    if (this.#waking.size > 0) return false
    this.#end(now())
    return true
  }

  #ask(now: number): void {
    this.#state = 'asked'
    this.#busy = this.#isBusy(now)
    const delay = this.#wokeAt + this.#pauseAfter(this.#tookMs) - now
    const isPutOff = this.#busy && delay > 0
    this.#onPhase?.(isPutOff ? 'held' : 'asked', this.#parked.size)
    if (!isPutOff) return this.#scheduler.add(this)
    this.#isPutOff = true
    this.#wakeIn(delay)
  }

  #begin(now: number): void {
    const empty = this.#waking
    this.#waking = this.#parked
    this.#parked = empty
    this.#state = 'waking'
    this.#woken = Math.max(this.#waking.size, Math.floor(this.#woken * REMEMBERED))
    this.#wokeAt = now
    if (this.#last - this.#told <= 1) this.#isHurried = false
    this.#told = this.#last
    this.#onPhase?.('begun', this.#waking.size)
  }

  #end(now: number): void {
    this.#state = 'idle'
    this.#tookMs = now - this.#wokeAt
    this.#onPhase?.('done', this.#woken)
    if (!this.#again) return
    this.#again = false
    this.call(this.#last)
  }

  /**
   * Is the last waking not paid for yet? Readers that take longer than this to come back are slowed by the network, and not
   * by this server.
   */
  #isBusy(now: number): boolean {
    const isRecent = now - this.#wokeAt < Math.max(COALESCE_MS, RECENT_WAKINGS * this.#tookMs)
    return isRecent && (this.#isHurried || !this.#isBack)
  }

  /** Are most of the readers that a waking wakes streams? */
  get #isOfStreams(): boolean {
    return 2 * this.streams > this.#woken
  }

  /** Have most of the readers that were woken last come back to wait? */
  get #isBack(): boolean {
    return this.#parked.size >= this.#woken - Math.max(STRAGGLERS.least, this.#woken / STRAGGLERS.oneIn)
  }

  /** The readers are back: the rest of the pause is at most as long as they took. */
  #rest(): void {
    this.#isPutOff = false
    const since = this.#scheduler.now() - this.#wokeAt
    this.#stop?.()
    this.#wakeIn(Math.min(since, this.#pauseAfter(since) - since))
  }

  /** The pause from the begin of a waking that took so long to the begin of the next. */
  #pauseAfter(ms: number): number {
    return Math.max(COALESCE_MS, ms + Math.min(ms * PAUSE_PART, COALESCE_MS))
  }

  #wakeIn(ms: number): void {
    this.#stop = this.#scheduler.after(ms, () => {
      this.#isPutOff = false
      this.#scheduler.add(this)
    })
  }
}
