// A ledger compares what a reader was given with the ids, which are dense: each comes once, in order, or a gap says
// what is missing.
//
//     1 2 3   5           lost 1
//     1 2 3   5 4         out of order 1, lost 0
//     1 2 2 3             doubled 1
//     1 2 3   gap: 4 missed, first 8   8 9     missed 4, lost 0: it was told
//
// This is the server's promise, checked from outside.

import type { Gap } from './wire.js'

/** At most so many missing ids are remembered, to recognise late messages. */
const MOST_HOLES = 10_000

export type Counts = {
  readonly got: number
  readonly lost: number
  readonly doubled: number
  readonly disordered: number
  /** Messages that gaps told of. */
  readonly missed: number
  /** Gaps that say that it is another log. */
  readonly restarts: number
}

export class Ledger {
  #next: number | undefined
  /** The ids that are missing so far. */
  readonly #holes = new Set<number>()
  #got = 0
  #lost = 0
  #doubled = 0
  #disordered = 0
  #missed = 0
  #restarts = 0

  get counts(): Counts {
    return {
      got: this.#got,
      lost: this.#lost,
      doubled: this.#doubled,
      disordered: this.#disordered,
      missed: this.#missed,
      restarts: this.#restarts,
    }
  }

  see(id: number): void {
    this.#got++
    const next = this.#next ?? id
    if (id >= next) {
      this.#lack(next, id)
      this.#next = id + 1
    } else if (this.#holes.delete(id)) {
      this.#lost--
      this.#disordered++
    } else this.#doubled++
  }

  gap({ reason, missed, first }: Pick<Gap, 'reason' | 'missed' | 'first'>): void {
    if (reason === 'overflow' && missed !== null) {
      this.#missed += missed
      // A gap that tells too few leaves messages lost; a gap that tells too many is wrong as well.
      if (this.#next !== undefined) this.#lost += Math.abs(first - this.#next - missed)
    } else {
      this.#restarts++
      this.#holes.clear()
    }
    this.#next = Math.max(1, first)
  }

  #lack(from: number, to: number): void {
    this.#lost += to - from
    for (let id = from; id < to && this.#holes.size < MOST_HOLES; id++) this.#holes.add(id)
  }
}

export const NOTHING: Counts = { got: 0, lost: 0, doubled: 0, disordered: 0, missed: 0, restarts: 0 }

export function sumOf(all: Iterable<Counts>): Counts {
  const sum = { ...NOTHING }
  for (const { got, lost, doubled, disordered, missed, restarts } of all) {
    sum.got += got
    sum.lost += lost
    sum.doubled += doubled
    sum.disordered += disordered
    sum.missed += missed
    sum.restarts += restarts
  }
  return sum
}
