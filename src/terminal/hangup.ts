// A terminal that goes away while the program runs: its window is closed, or the line of an ssh is cut. Reading from
// it, writing to it and setting its mode fail from then on, each with an `error` event that nothing may leave unheard.

import type { Undo } from '../core/clock.js'

/** The three streams that a terminal is behind. */
export type Streams = Pick<NodeJS.Process, 'stdin' | 'stdout' | 'stderr'>

export class HangUp {
  readonly #calls = new Set<() => void>()
  #isGone = false

  constructor({ stdin, stdout, stderr }: Streams) {
    for (const stream of [stdin, stdout, stderr]) {
      // A pipe whose reader has gone is another matter: that is the business of what writes to it.
      if (stream.isTTY) stream.on('error', () => this.#hangUp())
    }
  }

  get isGone(): boolean {
    return this.#isGone
  }

  /** Calls back once the terminal has gone; returns its undo. */
  onGone(call: () => void): Undo {
    if (this.#isGone) call()
    else this.#calls.add(call)
    return () => this.#calls.delete(call)
  }

  #hangUp(): void {
    this.#isGone = true
    for (const call of this.#calls) call()
    this.#calls.clear()
  }
}
