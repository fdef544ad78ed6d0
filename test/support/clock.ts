// A clock that stands still until a test moves it: nothing waits, and nothing depends on how fast a machine is.

import type { Clock, Undo } from '../../src/core/clock.js'

type Timer = { readonly at: number; readonly call: () => void }

export class FakeClock implements Clock {
  readonly #timers = new Set<Timer>()
  #soon: (() => void)[] = []
  #now: number
  /** How far the date is ahead of the right one, in milliseconds. */
  ahead = 0

  /** `now`: where it starts. */
  constructor(now = 1_000_000) {
    this.#now = now
  }

  /** Timers that are set. */
  get timers(): number {
    return this.#timers.size
  }

  now(): number {
    return this.#now
  }

  date(): number {
    return 1_763_635_200_000 + Math.floor(this.#now) + this.ahead
  }

  after(ms: number, call: () => void): Undo {
    const timer = { at: this.#now + ms, call }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  soon(call: () => void): void {
    this.#soon.push(call)
  }

  /** Lets everything run that was to run soon, and what comes of it. */
  settle(): void {
    for (let turns = 0; this.#soon.length > 0; turns++) {
      if (turns > 100_000) throw new Error('it never settles')
      const calls = this.#soon
      this.#soon = []
      for (const call of calls) call()
    }
  }

  /** One turn of what was to run soon. */
  turn(): void {
    const calls = this.#soon
    this.#soon = []
    for (const call of calls) call()
  }

  /** Moves on; every timer that is due on the way runs at its own time. */
  advance(ms: number): void {
    const end = this.#now + ms
    this.settle()
    for (let timer = this.#next(end); timer !== undefined; timer = this.#next(end)) {
      this.#now = Math.max(this.#now, timer.at)
      this.#timers.delete(timer)
      timer.call()
      this.settle()
    }
    this.#now = end
  }

  /** Moves on without running anything, as a machine that is too busy does. */
  stall(ms: number): void {
    this.#now += ms
  }

  #next(end: number): Timer | undefined {
    let next: Timer | undefined
    for (const timer of this.#timers) if (timer.at <= end && (next === undefined || timer.at < next.at)) next = timer
    return next
  }
}
