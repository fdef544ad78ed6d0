// Which messages of the last minutes carry an idempotency key: a hash and a position each, 12 bytes in a table that
// is at most three quarters full.
//
// After a restart the core knows the keys of the messages in its rings. A key has to live ten minutes, and in ten
// minutes far more than a ring may be said; so a send whose key the core does not know is looked up here. The hash
// says where to look, the record itself says whether it is the one.
// Whoever chooses keys cannot choose hashes: they begin from chance, anew in each process. And of messages with one
// hash no more are noted than can be looked at.
//
//     this ten minutes    ■■■■□□□□     new ones go here
//     the ten before      ■■■■■■□□     dropped whole when the next ten begin

import { randomInt } from 'node:crypto'

const SEED = randomInt(2 ** 32)

/** So many messages with one hash are noted. */
const MOST_EQUAL = 8

export class KeyIndex {
  readonly #periodMs: number
  #now = new Table()
  #before = new Table()
  #period = -Infinity

  /** `periodMs`: how long a hash is kept at least; twice that at the most. */
  constructor(periodMs: number) {
    this.#periodMs = periodMs
  }

  get bytes(): number {
    return this.#now.bytes + this.#before.bytes
  }

  /** Is a message of this time (milliseconds since 1970, both) young enough to be noted? */
  isDue(timestamp: number, date: number): boolean {
    return date - timestamp <= this.#periodMs
  }

  add(hash: number, position: number, date: number): void {
    this.#turn(date)
    this.#now.add(hash, position)
  }

  /** The positions of what may be the message, the newest last. */
  find(hash: number): number[] {
    return [...this.#before.find(hash), ...this.#now.find(hash)]
  }

  #turn(date: number): void {
    const period = Math.floor(date / this.#periodMs)
    if (period === this.#period) return
    this.#before = period === this.#period + 1 ? this.#now : new Table()
    this.#now = new Table()
    this.#period = period
  }
}

/** 32 bits of what tells a send from every other (FNV-1a over UTF-16 units, from a seed). `username`: as JSON has it. */
export function hashOf(room: string, username: string, key: string): number {
  let hash = SEED
  for (const part of [room, '/', username, '/', key]) {
    for (let i = 0; i < part.length; i++) hash = Math.imul(hash ^ part.charCodeAt(i), 0x01000193)
  }
  return hash >>> 0
}

/** A hash table with open addressing; a position is never 0, so 0 is an empty slot. */
class Table {
  #hashes = new Uint32Array(16)
  #positions = new Float64Array(16)
  #size = 0

  get bytes(): number {
    return this.#hashes.byteLength + this.#positions.byteLength
  }

  add(hash: number, position: number): void {
    if (this.#size >= 0.75 * this.#hashes.length) this.#grow()
    if (this.find(hash).length >= MOST_EQUAL) return
    this.#put(hash, position)
    this.#size++
  }

  find(hash: number): number[] {
    const found: number[] = []
    const mask = this.#hashes.length - 1
    for (let slot = hash & mask; this.#positions[slot] !== 0; slot = (slot + 1) & mask) {
      if (this.#hashes[slot] === hash) found.push(this.#positions[slot] ?? 0)
    }
    return found
  }

  #put(hash: number, position: number): void {
    const mask = this.#hashes.length - 1
    let slot = hash & mask
    while (this.#positions[slot] !== 0) slot = (slot + 1) & mask
    this.#hashes[slot] = hash
    this.#positions[slot] = position
  }

  #grow(): void {
    const hashes = this.#hashes
    const positions = this.#positions
    this.#hashes = new Uint32Array(2 * hashes.length)
    this.#positions = new Float64Array(2 * hashes.length)
    for (const [slot, position] of positions.entries()) if (position !== 0) this.#put(hashes[slot] ?? 0, position)
  }
}
