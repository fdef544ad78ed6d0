// Wakes the readers of all rooms, a slice of a room at a time, with the I/O in between.

import type { Clock, Undo } from '../clock.js'

/** How long all the rooms together may take before the I/O has its turn. */
const TURN_MS = 3

/** What wakes its readers a slice at a time. Answers whether all are awake. */
export type Sliced = { slice(now: () => number): boolean }

/** Takes the rooms that have news in turn, a slice each, and lets the I/O in between. One for the whole chat. */
export class Scheduler {
  readonly #clock: Clock
  readonly #queue: Sliced[] = []
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

  add(waiting: Sliced): void {
    this.#queue.push(waiting)
    if (this.#running) return
    this.#running = true
    this.#clock.soon(() => this.#run())
  }

  #run(): void {
    const now = (): number => this.#clock.now()
    const end = now() + TURN_MS
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
