// Which messages of the last minutes carry an idempotency key: a hash and a position for each, 12 bytes in a table
// that is at most three quarters full.
//
// After a restart the core knows the keys of the messages in its rings. A key has to live ten minutes, and in ten
// minutes a room may get far more messages than its ring holds. So a send whose key the core does not know is looked
// up here. The hash says where to look; the record itself says whether it is the one.
//
// Senders choose their names and keys, and must not be able to choose hashes: many keys with one hash would make each
// other slow to find. So the hash has a random secret, a new one in each process. And of messages with one hash only
// the newest few are noted.
//
//     these ten minutes    ■■■■□□□□     new keys go here
//     the ten before       ■■■■■■□□     dropped whole when the next ten begin

import { randomInt } from 'node:crypto'

const SECRET = [randomInt(2 ** 32), randomInt(2 ** 32)] as const

/** At most so many messages with one hash are noted. */
const MOST_EQUAL = 8

export class KeyIndex {
  readonly #periodMs: number
  #now = new Table()
  #before = new Table()
  #period = -Infinity

  /** `periodMs`: a hash is kept at least this long, and at most twice as long. */
  constructor(periodMs: number) {
    this.#periodMs = periodMs
  }

  get bytes(): number {
    return this.#now.bytes + this.#before.bytes
  }

  /** Is a message young enough to be noted? Both times are milliseconds since 1970. */
  isDue(timestamp: number, date: number): boolean {
    return date - timestamp <= this.#periodMs
  }

  /** `now`: from a clock that only ever grows, because the date may jump. */
  add(hash: number, position: number, now: number): void {
    this.#turn(now)
    this.#now.add(hash, position)
  }

  /** The positions of messages with this hash. */
  find(hash: number): number[] {
    return [...this.#before.find(hash), ...this.#now.find(hash)]
  }

  #turn(now: number): void {
    const period = Math.floor(now / this.#periodMs)
    if (period === this.#period) return
    this.#before = period === this.#period + 1 ? this.#now : new Table()
    this.#now = new Table()
    this.#period = period
  }
}

/** 32 bits that tell one send from another. `username`: as JSON writes it. */
export function hashOf(room: string, username: string, key: string): number {
  return halfSipHash(`${room}/${username}/${key}`, SECRET, 1, 3)
}

/**
 * HalfSipHash over the UTF-16 units of a text: without the secret it is not possible to choose two texts with one
 * hash. It is SipHash (Aumasson and Bernstein, 2012) in 32-bit words. With one round for each word and three at the
 * end, Linux uses it for its hash tables.
 */
export function halfSipHash(
  text: string,
  [key0, key1]: readonly [number, number],
  wordRounds: number,
  endRounds: number,
): number {
  let [v0, v1, v2, v3] = [key0 | 0, key1 | 0, 0x6c796765 ^ key0, 0x74656462 ^ key1]
  const words = text.length >> 1
  for (let word = 0; word <= words + 1; word++) {
    const isEnd = word > words
    let m = 0
    if (word < words) m = text.charCodeAt(2 * word) | (text.charCodeAt(2 * word + 1) << 16)
    // The last word has the unit that is left over, and ends with the length in bytes.
    else if (!isEnd) m = (text.length & 1 ? text.charCodeAt(text.length - 1) : 0) | (text.length << 25)
    else v2 ^= 0xff
    v3 ^= m
    for (let rounds = isEnd ? endRounds : wordRounds; rounds > 0; rounds--) {
      v0 = (v0 + v1) | 0
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0
      v0 = (v0 << 16) | (v0 >>> 16)
      v2 = (v2 + v3) | 0
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2
      v0 = (v0 + v3) | 0
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0
      v2 = (v2 + v1) | 0
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2
      v2 = (v2 << 16) | (v2 >>> 16)
    }
    v0 ^= m
  }
  return (v1 ^ v3) >>> 0
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
    const equal = this.#slotsOf(hash)
    if (equal.length < MOST_EQUAL) {
      this.#put(hash, position)
      this.#size++
      return
    }
    const at = (slot: number): number => this.#positions[slot] ?? 0
    this.#positions[equal.reduce((oldest, slot) => (at(slot) < at(oldest) ? slot : oldest))] = position
  }

  find(hash: number): number[] {
    return this.#slotsOf(hash).map((slot) => this.#positions[slot] ?? 0)
  }

  #slotsOf(hash: number): number[] {
    const slots: number[] = []
    const mask = this.#hashes.length - 1
    for (let slot = hash & mask; this.#positions[slot] !== 0; slot = (slot + 1) & mask) {
      if (this.#hashes[slot] === hash) slots.push(slot)
    }
    return slots
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
