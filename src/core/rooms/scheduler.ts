// Wakes the readers of all rooms, a slice of a room at a time, with the I/O in between.

import type { Clock, Undo } from '../clock.js'

/** How long all the rooms together may take before the I/O has its turn. */
const TURN_MS = 3

/** Rooms with so many readers are woken before larger ones: a hall costs a conversation no time. */
const FEW = 32

/** What wakes its readers, of whom there are `size`, a slice at a time. Answers whether all are awake. */
export type Sliced = { readonly size: number; slice(now: () => number): boolean }

/** Takes the rooms that have news in turn, a slice each, and lets the I/O in between. One for the whole chat. */
export class Scheduler {
  readonly #clock: Clock
  readonly #small: Sliced[] = []
  readonly #large: Sliced[] = []
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
    const queue = waiting.size <= FEW ? this.#small : this.#large
    queue.push(waiting)
    if (this.#running) return
    this.#running = true
    this.#clock.soon(() => this.#run())
  }

  #run(): void {
    const now = (): number => this.#clock.now()
    const end = now() + TURN_MS
    take(this.#small, now, end)
    // However many small rooms there are, a large one has a slice each time.
    take(this.#large, now, end)
    this.#running = this.#small.length + this.#large.length > 0
    if (this.#running) this.#clock.soon(() => this.#run())
  }
}

/** One round, or until the time is over: who is not done goes to the end of the queue with the rest. */
function take(queue: Sliced[], now: () => number, end: number): void {
  for (let turns = queue.length; turns > 0; turns--) {
    const waiting = queue.shift()
    if (waiting === undefined) return
    if (!waiting.slice(now)) queue.push(waiting)
    if (now() >= end) return
  }
}
