// Work that takes a while, done a piece at a time.
//
//     run ──> is there a place? ── yes ──> now ──> its place is free in the next turn of the event loop
//                  └── no ──> in line ── its turn ──> now
//                               └── the line is full: `unavailable`
//
// Between two pieces of work the process does all else that it has to do. So a thousand clients that ask for much at
// once do not delay a client that asks for little.

import type { Clock } from './clock.js'
import { ChatError } from './errors.js'

/** Seconds after which another try may succeed. */
const RETRY_SECONDS = 2

export class Turns {
  readonly #clock: Clock
  readonly #places: number
  readonly #most: number
  readonly #line: (() => void)[] = []
  #taken = 0

  /** `places`: how much work is done at one time; `most`: how much may wait for its turn. */
  constructor(clock: Clock, places: number, most: number) {
    this.#clock = clock
    this.#places = places
    this.#most = most
  }

  /** How much work waits for its turn. */
  get waiting(): number {
    return this.#line.length
  }

  /** Does a piece of work in its turn. Rejects with `unavailable` when too much work waits already. */
  run<T>(work: () => T | Promise<T>): Promise<T> {
    if (this.#taken >= this.#places && this.#line.length >= this.#most)
      return Promise.reject(
        new ChatError('unavailable', 'too many long answers are asked for: try again in a moment', RETRY_SECONDS),
      )
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        Promise.resolve()
          .then(work)
          .then(resolve, reject)
          .finally(() => this.#clock.soon(() => this.#next()))
      }
      if (this.#taken >= this.#places) return void this.#line.push(begin)
      this.#taken++
      begin()
    })
  }

  #next(): void {
    const begin = this.#line.shift()
    if (begin === undefined) this.#taken--
    else begin()
  }
}
