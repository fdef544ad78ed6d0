// The date that `--keep` goes by. A clock may be wrong for a while: until a time server corrects it, or at a start
// before there is a network. What is deleted by a wrong date is gone for good. So a date counts only when the clock
// has kept to it for some minutes. Until then the date before it goes on, at the pace of a clock that only ever
// grows.
//
//     clock    12:00   12:01   12:02 a week later   12:03   12:04
//     date     12:00   12:01   12:02                12:03   12:04
//
// A date that goes back counts at once: nothing is deleted too early by it.

import type { Clock } from '../../core/clock.js'

/** A clock that is corrected by less than this has not jumped. */
const SLACK_MS = 60_000

export class SteadyDate {
  readonly #clock: Pick<Clock, 'now' | 'date'>
  readonly #steadyMs: number
  /** `date` − `now` of the date that counts. */
  #offset: number | undefined
  #next: { readonly offset: number; readonly since: number } | undefined

  /** `steadyMs`: how long the clock has to keep to a date. */
  constructor(clock: Pick<Clock, 'now' | 'date'>, steadyMs: number) {
    this.#clock = clock
    this.#steadyMs = steadyMs
  }

  /** Milliseconds since 1970; undefined at first, while no date counts. */
  read(): number | undefined {
    const now = this.#clock.now()
    const date = this.#clock.date()
    const offset = date - now
    if (this.#offset === undefined || offset - this.#offset > SLACK_MS) {
      if (this.#next === undefined || Math.abs(offset - this.#next.offset) > SLACK_MS)
        this.#next = { offset, since: now }
      if (now - this.#next.since < this.#steadyMs) return this.#offset === undefined ? undefined : now + this.#offset
    }
    this.#offset = offset
    this.#next = undefined
    return date
  }
}
