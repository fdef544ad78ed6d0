// Where each message of a room lies: one number a message. This is all that is held of a message in memory.
//
//     id        801   802   803        804
//     position  96    240   4294967308 4294967452      number of the segment × 2³² + offset
//
// A page from the middle of a million messages is a look into this table and one read, where a scan would take a
// second. The table grows by a half at a time, so a message costs 8 to 12 bytes.

/** A message that a repair could not save has no position. */
const LOST = 0

export class OffsetIndex {
  #first = 0
  #last = 0
  #table = new Float64Array(4)
  /** Slots at the beginning of the table whose messages have been dropped. */
  #dropped = 0

  /** The oldest id that is kept; 0 while there is none. */
  get first(): number {
    return this.#first
  }

  /** The newest id there ever was; 0 at the beginning of a log. */
  get last(): number {
    return this.#last
  }

  get size(): number {
    return this.#first === 0 ? 0 : this.#last - this.#first + 1
  }

  /** Bytes of memory that the table takes. */
  get bytes(): number {
    return this.#table.byteLength
  }

  /** Adds the next message. An id further on leaves a hole: the messages between were lost. */
  add(id: number, position: number): void {
    if (this.#first === 0) {
      this.#first = id
      this.#dropped = 0
    }
    const length = id - this.#first + 1
    if (this.#dropped + length > this.#table.length) this.#grow(length)
    // Only now: growing moves everything to the beginning of the table.
    const slot = this.#dropped + length - 1
    const holes = Math.min(id - this.#last, length) - 1
    if (holes > 0) this.#table.fill(LOST, slot - holes, slot)
    this.#table[slot] = position
    this.#last = id
  }

  /** The position of a message; undefined where it is not kept. */
  of(id: number): number | undefined {
    if (this.#first === 0 || id < this.#first || id > this.#last) return undefined
    const position = this.#table[this.#dropped + id - this.#first]
    return position === LOST ? undefined : position
  }

  /** The kept id that is next to this one, itself included, upwards or downwards; undefined where there is none. */
  nextTo(id: number, step: 1 | -1): number | undefined {
    if (this.#first === 0) return undefined
    let at = step === 1 ? Math.max(id, this.#first) : Math.min(id, this.#last)
    while (at >= this.#first && at <= this.#last && this.of(at) === undefined) at += step
    return at >= this.#first && at <= this.#last ? at : undefined
  }

  /** Forgets all messages before a position. */
  dropBefore(position: number): void {
    while (this.#first !== 0 && (this.#table[this.#dropped] ?? 0) < position) {
      this.#dropped++
      this.#first = this.#first === this.#last ? 0 : this.#first + 1
    }
    if (this.#dropped > this.#table.length / 2) this.#grow(this.size + 1)
  }

  /** Empties the table for another log of the same room. */
  clear(): void {
    this.#first = 0
    this.#last = 0
    this.#table = new Float64Array(4)
    this.#dropped = 0
  }

  /** Makes a table for so many messages and half as many more, without those that were dropped. */
  #grow(length: number): void {
    const kept = this.#table.subarray(this.#dropped, this.#dropped + this.size)
    const table = new Float64Array(Math.max(4, Math.ceil(length * 1.5)))
    table.set(kept.subarray(0, table.length))
    this.#table = table
    this.#dropped = 0
  }
}
