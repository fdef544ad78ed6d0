// Wakes the readers of all rooms, a slice of a room at a time, with the I/O in between. There is one for the whole chat.
//
//     add ──> small rooms  A B C ──┐ each room in its turn has a slice;
//     add ──> large rooms  H ──────┤ a room that is not done goes to the end of its queue
//                                  v
//             idle ──> a turn of 3 ms ──> the I/O ──> a turn ──> … until both queues are empty

import type { Clock, Undo } from '../clock.js'

/** How long all rooms together may take before the I/O has its turn. */
const TURN_MS = 3

/** Rooms with at most so many readers are woken before larger ones, so that a hall costs a conversation no time. */
const FEW = 32

/** A room's waiters. `size`: how many wait. `slice` wakes some of them, and answers whether all are awake. */
export type Sliced = { readonly size: number; slice(now: () => number): boolean }

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
    // However many small rooms there are, a large room has a slice in each turn.
    take(this.#large, now, end)
    this.#running = this.#small.length + this.#large.length > 0
    if (this.#running) this.#clock.soon(() => this.#run())
  }
}

/** Gives each room of a queue a slice, until the time is over. A room that is not done goes to the end of the queue. */
function take(queue: Sliced[], now: () => number, end: number): void {
  for (let turns = queue.length; turns > 0; turns--) {
    const waiting = queue.shift()
    if (waiting === undefined) return
    if (!waiting.slice(now)) queue.push(waiting)
    if (now() >= end) return
  }
}
