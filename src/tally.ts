// Counts frequent events, and logs them seldom: the first of a kind at once, and then at most one line a second with
// how many more there were.
//
//     refused rate_limited   × × ×××××× ××××                 ×
//     logged                 1         9       (1 s each)    1

import type { Clock, Undo } from './core/clock.js'

export type TallyParts = {
  readonly clock: Clock
  /** `kind`: a code word. There is a fixed number of them. */
  readonly tell: (kind: string, count: number) => void
}

const PAUSE_MS = 1000

export class Tally {
  readonly #parts: TallyParts
  /** The kinds that were logged less than a second ago, and how many came since. */
  readonly #kinds = new Map<string, { count: number; undo: Undo }>()

  constructor(parts: TallyParts) {
    this.#parts = parts
  }

  add(kind: string, times = 1): void {
    const said = this.#kinds.get(kind)
    if (said !== undefined) {
      said.count += times
      return
    }
    this.#parts.tell(kind, times)
    this.#pause(kind)
  }

  /** Logs what has not been logged yet, and leaves no timer. */
  close(): void {
    for (const [kind, { count, undo }] of this.#kinds) {
      undo()
      if (count > 0) this.#parts.tell(kind, count)
    }
    this.#kinds.clear()
  }

  #pause(kind: string): void {
    const undo = this.#parts.clock.after(PAUSE_MS, () => {
      const count = this.#kinds.get(kind)?.count ?? 0
      this.#kinds.delete(kind)
      if (count === 0) return
      this.#parts.tell(kind, count)
      this.#pause(kind)
    })
    this.#kinds.set(kind, { count: 0, undo })
  }
}
