// A timer for many: it calls again and again while it runs, and nothing ticks where nothing waits.

import type { Clock, Undo } from '../../core/clock.js'

export class Ticker {
  readonly #clock: Clock
  readonly #ms: number
  readonly #call: () => void
  #stop: Undo | undefined

  /** `call` is called each `ms` milliseconds. */
  constructor(clock: Clock, ms: number, call: () => void) {
    this.#clock = clock
    this.#ms = ms
    this.#call = call
  }

  /** Does nothing where it runs already. */
  start(): void {
    if (this.#stop === undefined) this.#tickLater()
  }

  stop(): void {
    this.#stop?.()
    this.#stop = undefined
  }

  #tickLater(): void {
    this.#stop = this.#clock.after(this.#ms, () => {
      this.#tickLater()
      this.#call()
    })
  }
}
