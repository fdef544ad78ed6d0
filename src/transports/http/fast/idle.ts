// How long a socket may be idle: one timer for all of them, since a timer that each read and each write sets anew costs
// more than comparing the request.
//
// Once a second every socket has one turn less, and what it reads or writes gives it all of them back. So a socket is
// closed up to a second after its time, and never before.

import type { Clock, Undo } from '../../../core/clock.js'

const TURN_MS = 1000

export type Ageing = { age(): void }

export class IdleSweep {
  readonly #clock: Clock
  readonly #all = new Set<Ageing>()
  #stop: Undo | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(one: Ageing): void {
    this.#all.add(one)
    if (this.#stop === undefined) this.#turnLater()
  }

  remove(one: Ageing): void {
    this.#all.delete(one)
    if (this.#all.size > 0) return
    this.#stop?.()
    this.#stop = undefined
  }

  #turnLater(): void {
    this.#stop = this.#clock.after(TURN_MS, () => {
      this.#turnLater()
      for (const one of this.#all) one.age()
    })
  }
}

/** So many whole turns last at least as long. */
export function turnsOf(ms: number): number {
  return Math.ceil(ms / TURN_MS)
}
