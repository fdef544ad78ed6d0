// What is on its way to those who do not read it yet, and how much memory that takes, whatever the transport.
//
// Everyone at one place is given the same bytes, so a thousand slow readers of one answer cost one answer. But
// somebody who asks for a thousand different ones, and reads none of them, would have the server hold them all. So
// there is a most, and past it those go whose answer has been on its way for longest: their connection is cut, and
// a client that was only slow comes back. What comes from those who do not end what they say is counted here as well.

import type { Undo } from './clock.js'

/** A shorter answer is not counted: the sockets themselves hold as much. */
export const LONG = 16 * 1024

/** The most there may be, where there is memory enough. */
export const PENDING_BYTES = 256 * 1024 * 1024

type Pending = { readonly bytes: number; readonly cuts: Set<() => void> }

export class PendingAnswers {
  readonly #max: number
  /** By what is shared. The one that began first is first. */
  readonly #answers = new Map<object, Pending>()
  #bytes = 0

  constructor(max = PENDING_BYTES) {
    this.#max = max
  }

  get bytes(): number {
    return this.#bytes
  }

  /**
   * An answer is on its way, until the undo: it is through, or its connection has gone. Undefined for a short one.
   * `answer`: what is counted once for all who wait for it, such as a buffer. `cut`: ends the connection.
   */
  add(answer: object, bytes: number, cut: () => void): Undo | undefined {
    if (bytes < LONG) return undefined
    let pending = this.#answers.get(answer)
    if (pending === undefined) {
      this.#answers.set(answer, (pending = { bytes, cuts: new Set() }))
      this.#bytes += bytes
    }
    // Each its own object: two may share one function.
    const mine = (): void => cut()
    pending.cuts.add(mine)
    while (this.#bytes > this.#max) this.#cutOldest()
    return () => this.#remove(answer, mine)
  }

  #remove(answer: object, cut: () => void): void {
    const pending = this.#answers.get(answer)
    if (pending?.cuts.delete(cut) !== true || pending.cuts.size > 0) return
    this.#answers.delete(answer)
    this.#bytes -= pending.bytes
  }

  #cutOldest(): void {
    for (const [answer, { bytes, cuts }] of this.#answers) {
      this.#answers.delete(answer)
      this.#bytes -= bytes
      for (const cut of cuts) cut()
      return
    }
  }
}
