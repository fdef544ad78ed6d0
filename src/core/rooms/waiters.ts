// The readers that wait in one room, and how they are woken.
//
// A reader is a callback. Waking 10,000 of them costs less than half a millisecond; a promise each costs twice that,
// and a promise with a timer and a signal five times (`npm run bench -- --only wake`).
//
// Waking is done in slices, with the I/O in between, so that a hall of readers in one room does not hold up a
// conversation in another. And it is coalesced:
//
//     quiet room   message → everyone is woken at once
//     busy room    message, message, message → one waking, 20 ms after the last one
//
// A room of polls is busy while its last waking is still being paid for, that is while most of the readers it woke have
// not come back to wait again. Where they come back in less than 10 ms, the room rests as long again instead of the
// whole 20 ms; where a waking itself takes longer than 13 ms, half as long again. Whoever comes back to a busy room,
// and finds that there is news already, joins the next waking. So cost follows readers, and not readers × messages,
// and there is always time left to read what is sent.
//
// A stream is written to and waits again in one step, so a room of streams is paid for as soon as its waking ends. It is
// busy while messages come faster than it is woken:
//
//     message → waking of streams ── a message comes meanwhile ──> busy: the next waking has all that came in 20 ms
//        ^             └── no ──> quiet                             │
//        └──────────── a waking has one message alone ──────────────┘

import type { Undo } from '../clock.js'
import type { WakingPhase } from './observer.js'
import { Seat, type Wake, WaitList, waitOnce } from './waitlist.js'
import type { Scheduler } from './scheduler.js'

/** From one waking of a busy room to the next. */
export const COALESCE_MS = 20

/**
 * How long one slice of waking may take before the I/O has its turn: in a quiet room, and while a room is busy. Of each
 * connection one message is read a turn, so a sender who says a lot in a busy room needs many turns.
 */
const SLICE_MS = { quiet: 2, busy: 1 }

/** The readers that a waking counts on to come back: those it woke, or so much of what the last one counted on. */
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
  /** Messages come faster than streams are written to. */
  #isHurried = false
  /** The waking that was asked for is put off, and readers are waited for. */
  #isPutOff = false
  #stop: Undo | undefined
  #woken = 0
  #wokeAt = -Infinity
  /** How long the last waking took. */
  #tookMs = 0
  /** The id up to which the last waking told; nothing is newer before there was one. */
  #told = Infinity
  #last = 0

  /** `onPhase`: told three times a waking, however many readers there are. */
  constructor(scheduler: Scheduler, onPhase?: (phase: WakingPhase, readers: number) => void) {
    this.#scheduler = scheduler
    this.#onPhase = onPhase
  }

  get size(): number {
    return this.#parked.size + this.#waking.size
  }

  /** Waits to be called, once. */
  park(wake: Wake): Undo {
    const seat = new Seat(wake)
    this.sit(seat)
    return () => seat.leave()
  }

  /** As `park`, for a reader that has its seat. */
  sit(seat: Seat): void {
    this.#parked.add(seat)
    if (this.#isPutOff && !this.#isHurried && this.#isBack) this.#rest()
  }

  /** Is a waking on its way that will tell a reader with this id of all that is newer? */
  isDue(since: number): boolean {
    return this.#state !== 'idle' && since >= this.#told
  }

  /** Waits for the next waking with news that is there already; undefined in a quiet room. */
  parkForNext(wake: Wake): Undo | undefined {
    return waitOnce(wake, (seat) => this.sitForNext(seat))
  }

  /** As `parkForNext`, for a reader that has its seat; false in a quiet room. */
  sitForNext(seat: Seat): boolean {
    // Not the one under way: whoever comes back again and again could make it last for ever.
    if (this.#state === 'waking') this.#again = true
    if (this.#state === 'idle') {
      const now = this.#scheduler.now()
      if (!this.#isBusy(now)) return false
      this.#ask(now)
    }
    this.sit(seat)
    return true
  }

  /** There is something new, up to the id `last`: whoever waits is woken, at once or soon. */
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

  /** Wakes until `now()` passes a slice. True when all who waited have been woken. */
  slice(now: () => number): boolean {
    if (this.#state === 'asked') this.#begin(now())
    const end = now() + (this.#busy ? SLICE_MS.busy : SLICE_MS.quiet)
    let count = 0
    for (let seat = this.#waking.take(); seat !== undefined; seat = this.#waking.take()) {
      seat.wake()
      if ((++count & 15) === 0 && now() >= end) break
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

  /** Is the last waking still being paid for? What readers take longer for is the network's time and not ours. */
  #isBusy(now: number): boolean {
    const isRecent = now - this.#wokeAt < Math.max(COALESCE_MS, 3 * this.#tookMs)
    return isRecent && (this.#isHurried || !this.#isBack)
  }

  /** Are most of those who are woken streams? */
  get #isOfStreams(): boolean {
    return 2 * this.streams > this.#woken
  }

  /** Have most of those who were woken last come back to wait? */
  get #isBack(): boolean {
    return this.#parked.size >= this.#woken - Math.max(8, this.#woken / 10)
  }

  /** The readers are back: what is left of the pause is as long as that took. */
  #rest(): void {
    this.#isPutOff = false
    const since = this.#scheduler.now() - this.#wokeAt
    this.#stop?.()
    this.#wakeIn(Math.min(since, this.#pauseAfter(since) - since))
  }

  /** From the begin of a waking that took so long to the next one: a third of the time is left for all else. */
  #pauseAfter(ms: number): number {
    return Math.max(COALESCE_MS, ms + Math.min(ms / 2, COALESCE_MS))
  }

  #wakeIn(ms: number): void {
    this.#stop = this.#scheduler.after(ms, () => {
      this.#isPutOff = false
      this.#scheduler.add(this)
    })
  }
}
