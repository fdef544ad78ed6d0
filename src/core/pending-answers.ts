// Answers on their way to clients that do not read them yet, and how much memory they take, whatever the transport.
//
// All readers at one place are given the same bytes, so a thousand slow readers of one answer cost one answer. But a
// client that asks for a thousand different answers and reads none of them would have the server hold them all. So
// there is a limit. Past it, the connections are cut whose answers have been on their way for longest; a client that
// was only slow comes back. Long requests whose body never ends are counted here as well.

import type { Undo } from './clock.js'

/** A shorter answer is not counted: the sockets themselves hold as much. */
export const LONG = 16 * 1024

/** The limit, where the process has memory enough. */
export const PENDING_BYTES = 256 * 1024 * 1024

type Pending = { readonly bytes: number; readonly cuts: Set<() => void> }

export class PendingAnswers {
  readonly #max: number
  /** By the object that is shared. The answer that began first is first. */
  readonly #answers = new Map<object, Pending>()
  #bytes = 0

  constructor(max = PENDING_BYTES) {
    this.#max = max
  }

  get bytes(): number {
    return this.#bytes
  }

  /**
   * An answer is on its way, until the undo: it has arrived, or its connection has gone. Undefined for a short
   * answer. `answer`: an object, such as a buffer, that is counted once for all clients that wait for it. `cut` ends
   * the connection.
   */
  add(answer: object, bytes: number, cut: () => void): Undo | undefined {
    if (bytes < LONG) return undefined
    let pending = this.#answers.get(answer)
    if (pending === undefined) {
      this.#answers.set(answer, (pending = { bytes, cuts: new Set() }))
      this.#bytes += bytes
    }
    // Each is a function of its own: two connections may share one.
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
