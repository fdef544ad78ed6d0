// One timer for ten thousand waits (Varghese and Lauck, "Hashed and Hierarchical Timing Wheels", 1987).
//
//     slot   0    1    2    3   …        one slot for each tick of 50 ms
//            ·   a b   ·    c            a wait is in the slot of the tick in which it ends
//            ^
//            └── the timer walks on by one slot each tick, and calls what it finds there
//
// A timer for each parked poll would cost more than the poll. Here adding a wait and taking it back are one operation
// on a Set each. A wait ends up to one tick late. With nothing to wait for, nothing ticks.

import type { Clock, Undo } from '../clock.js'

export const TICK_MS = 50

export class TimerWheel {
  readonly #clock: Clock
  readonly #slots = new Map<number, Set<() => void>>()
  #size = 0
  #tick = 0
  #stop: Undo | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** How many waits are under way. */
  get size(): number {
    return this.#size
  }

  /** Calls back once, from `ms` to `ms` + 50 milliseconds from now. */
  after(ms: number, call: () => void): Undo {
    const now = this.#clock.now()
    if (this.#stop === undefined) this.#start(now)
    const tick = Math.max(Math.ceil((now + ms) / TICK_MS), this.#tick + 1)
    let slot = this.#slots.get(tick)
    if (slot === undefined) this.#slots.set(tick, (slot = new Set()))
    // Each wait is an object of its own: two readers may share one function.
    const wait = (): void => call()
    slot.add(wait)
    this.#size++
    return () => {
      if (slot.delete(wait)) this.#shrink()
    }
  }

  #start(now: number): void {
    this.#tick = Math.floor(now / TICK_MS)
    this.#sleep(now)
  }

  #sleep(now: number): void {
    this.#stop = this.#clock.after((this.#tick + 1) * TICK_MS - now, () => this.#turn())
  }

  #turn(): void {
    const due = Math.floor(this.#clock.now() / TICK_MS)
    // All due ticks are collected before their calls run: a call may add a wait, and must not find a half-turned
    // wheel.
    const calls: Set<() => void>[] = []
    while (this.#tick < due) {
      this.#tick++
      const slot = this.#slots.get(this.#tick)
      if (slot !== undefined) calls.push(slot)
    }
    this.#sleep(this.#clock.now())
    for (const slot of calls) {
      for (const call of slot) {
        if (slot.delete(call)) this.#shrink()
        call()
      }
    }
    for (const tick of this.#slots.keys()) if (tick <= due) this.#slots.delete(tick)
  }

  #shrink(): void {
    if (--this.#size > 0) return
    this.#stop?.()
    this.#stop = undefined
    this.#slots.clear()
  }
}
