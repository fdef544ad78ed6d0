// The parked polls: how many there may be, and when each of them has waited long enough.
//
// A timer for each poll would cost more than the poll. One timer for all of them looks twenty times a second whether
// the earliest deadline has come, and only then goes through the list. Each poll knows its place in the list, and is
// taken out by moving the last poll there. The earliest deadline may then be too early, which costs one look more.

import type { Clock } from '../../core/clock.js'
import type { Observer } from '../../core/rooms/observer.js'
import { Ticker } from './ticker.js'

/** The time between two looks: a wait may end this much late. */
export const LOOK_MS = 50

export type Parked = {
  /** When the poll has waited long enough (`Clock.now`). */
  readonly deadline: number
  /** The poll's place in the list. Only the list uses it. */
  place: number
  expire(): void
  /** Tells a new watcher where the poll waits. */
  tellTo(observer: Observer): void
}

export class Parking {
  readonly #max: number
  readonly #parked: Parked[] = []
  readonly #ticker: Ticker
  #earliest = Infinity

  constructor(clock: Clock, max: number) {
    this.#max = max
    this.#ticker = new Ticker(clock, LOOK_MS, () => {
      if (clock.now() >= this.#earliest) this.#look(clock.now())
    })
  }

  get size(): number {
    return this.#parked.length
  }

  get isFull(): boolean {
    return this.#parked.length >= this.#max
  }

  tellTo(observer: Observer): void {
    for (const parked of this.#parked) parked.tellTo(observer)
  }

  add(parked: Parked): void {
    parked.place = this.#parked.push(parked) - 1
    this.#earliest = Math.min(this.#earliest, parked.deadline)
    this.#ticker.start()
  }

  remove(parked: Parked): void {
    const last = this.#parked.pop()
    if (last !== undefined && last !== parked) {
      this.#parked[parked.place] = last
      last.place = parked.place
    }
    if (this.#parked.length === 0) this.#ticker.stop()
  }

  #look(now: number): void {
    this.#earliest = Infinity
    // From the end: a poll that goes is replaced by one that has been looked at already.
    for (let i = this.#parked.length - 1; i >= 0; i--) {
      const parked = this.#parked[i]
      if (parked === undefined) continue
      if (parked.deadline <= now) parked.expire()
      else this.#earliest = Math.min(this.#earliest, parked.deadline)
    }
  }
}
