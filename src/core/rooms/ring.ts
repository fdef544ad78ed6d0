// The newest entries of one log, by id.
//
// An entry with id n lives in slot n % size. So writing n overwrites n - size, and nothing ever moves.
// With 4 slots, after seven entries:
//
//        slot   0   1   2   3
//        id     4   5   6   7        first 4, last 7
//
// Memory is bounded whatever people send. The price: a reader that is further behind than the ring is long has missed
// something, and `first` says how much. The ring is no store: an entry that falls out is gone from here.
//
// The oldest entries can also be taken out before their slots are needed, when messages expire. Then `last` stays,
// because ids go on. When the ring holds nothing any more, `first` is the id that comes next:
//
//        slot   0   1   2   3
//        id     -   -   -   -        first 8, last 7

export class Ring<T> {
  readonly size: number
  readonly #slots: (T | undefined)[] = []
  #first = 0
  #last = 0

  /** `size`: how many entries are kept, from 1 up. */
  constructor(size: number) {
    this.size = size
  }

  /** The oldest id that the ring holds. 0 at the beginning; `last` + 1 when all entries were taken out. */
  get first(): number {
    return this.#first
  }

  /** The newest id that was ever put; 0 at the beginning. */
  get last(): number {
    return this.#last
  }

  /**
   * Puts the entry with this id, and answers the entry that had to go. An id that does not follow `last` starts the
   * ring anew.
   */
  put(id: number, entry: T): T | undefined {
    if (id !== this.#last + 1) this.clear()
    const slot = id % this.size
    const gone = this.#slots[slot]
    this.#slots[slot] = entry
    this.#last = id
    if (this.#first === 0) this.#first = id
    else if (gone !== undefined) this.#first++
    return gone
  }

  /** Takes out the oldest entry and answers it; undefined when the ring is empty. */
  shift(): T | undefined {
    const oldest = this.get(this.#first)
    if (oldest === undefined) return undefined
    this.#slots[this.#first % this.size] = undefined
    this.#first++
    return oldest
  }

  /** Empties the ring and goes on after an id. */
  startAfter(id: number): void {
    this.clear()
    this.#first = id + 1
    this.#last = id
  }

  /** Puts another entry in the place of the one with this id, if the ring holds it, and answers the old one. */
  replace(id: number, entry: T): T | undefined {
    const before = this.get(id)
    if (before !== undefined) this.#slots[id % this.size] = entry
    return before
  }

  get(id: number): T | undefined {
    return id >= this.#first && id <= this.#last ? this.#slots[id % this.size] : undefined
  }

  /** The entries with `from` ≤ id ≤ `to` that the ring holds, oldest first. */
  slice(from: number, to: number): T[] {
    const entries: T[] = []
    const end = Math.min(to, this.#last)
    for (let id = Math.max(from, this.#first, 1); id <= end; id++) {
      const entry = this.#slots[id % this.size]
      if (entry !== undefined) entries.push(entry)
    }
    return entries
  }

  clear(): void {
    this.#slots.length = 0
    this.#first = 0
    this.#last = 0
  }
}
