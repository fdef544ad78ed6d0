// Counts the seconds of ten thousand sockets and streams. There is one timer for all of them: setting a timer anew at each
// read and each write costs more than comparing the request.
//
// Once a second each of them loses a turn, and whatever happens to it may give it all of its turns back. So a time ends
// up to a second late, and never early.

import type { Clock } from '../../core/clock.js'
import { Ticker } from './ticker.js'

const TURN_MS = 1000

export type Ageing = {
  /** A turn of the clock has passed. */
  age(): void
}

export class Sweep<T extends Ageing> {
  readonly #all = new Set<T>()
  readonly #ticker: Ticker

  constructor(clock: Clock) {
    this.#ticker = new Ticker(clock, TURN_MS, () => {
      for (const one of this.#all) one.age()
    })
  }

  get size(): number {
    return this.#all.size
  }

  [Symbol.iterator](): Iterator<T> {
    return this.#all[Symbol.iterator]()
  }

  add(one: T): void {
    this.#all.add(one)
    this.#ticker.start()
  }

  remove(one: T): void {
    this.#all.delete(one)
    if (this.#all.size === 0) this.#ticker.stop()
  }
}

/** The number of whole turns that last at least as long. */
export function turnsOf(ms: number): number {
  return Math.ceil(ms / TURN_MS)
}
