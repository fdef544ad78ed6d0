// A secret that people type: a password, a moderator's key.
//
// Both sides are hashed before they are compared, so that the time of the comparison tells nothing, not even a
// length. And no address may try often. The wrong tries of the last minute count:
//
//     an address has made 5                                          it waits
//     its neighbours (/24, or /48 of IPv6) have made 30, or all 100  it waits after its first
//
// An address that has made no wrong try is always heard, whatever others do. So a guesser elsewhere keeps no one out.
// An address that has used up its tries waits even with the right secret: a different answer would be a try.
//
// The price: a person in a classroom who keeps guessing keeps new people of the same address out meanwhile. People
// who are in stay in, because a cookie or a session is no guess. A slow hash (scrypt) for each try would be the
// server's work, and a way to stop it.

import { createHash, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../core/clock.js'
import { ChatError } from '../core/errors.js'

export const TRIES = { address: 5, neighbours: 30, all: 100, ms: 60_000 }

/** At most so many addresses are remembered. With more of them guessing, the earliest are forgotten. */
const MOST_ADDRESSES = 100_000

/** The wrong tries of the last minute by key: an address, its neighbours, or all. */
class WrongTries {
  /** The times of each key's tries, oldest first and at most `most`; the keys in the order of their last try. */
  readonly #times = new Map<string, number[]>()
  readonly #most: number

  constructor(most: number) {
    this.#most = most
  }

  /** The tries of the last minute, oldest first. */
  of(key: string, now: number): readonly number[] {
    return (this.#times.get(key) ?? []).filter((at) => now - at < TRIES.ms)
  }

  add(key: string, now: number): void {
    const times = [...this.of(key, now), now].slice(-this.#most)
    this.#times.delete(key)
    this.#times.set(key, times)
    for (const [other, others] of this.#times) {
      if (this.#times.size <= MOST_ADDRESSES && now - (others.at(-1) ?? 0) < TRIES.ms) return
      this.#times.delete(other)
    }
  }
}

export class Secret {
  readonly #hash: Buffer
  readonly #clock: Clock
  readonly #sentence: string
  readonly #addresses = new WrongTries(TRIES.address)
  readonly #neighbours = new WrongTries(TRIES.neighbours)
  readonly #all = new WrongTries(TRIES.all)

  /** `sentence`: the answer to a wrong try. */
  constructor(value: string, clock: Clock, sentence: string) {
    this.#hash = hash(value)
    this.#clock = clock
    this.#sentence = sentence
  }

  /** Throws `unauthorized` for a wrong secret, and `rate_limited` for an address that has tried too often. */
  check(candidate: string, address: string): void {
    const now = this.#clock.now()
    const mine = this.#addresses.of(address, now)
    // It is heard again when this one of its tries is a minute old: then it has made fewer than it may.
    const last = mine.length === 0 ? undefined : mine.at(-this.#triesOf(address, now))
    if (last !== undefined) {
      const seconds = Math.ceil((last + TRIES.ms - now) / 1000)
      throw new ChatError('rate_limited', `too many wrong tries: wait ${seconds} s`, seconds)
    }
    if (timingSafeEqual(hash(candidate), this.#hash)) return
    this.#addresses.add(address, now)
    this.#neighbours.add(neighboursOf(address), now)
    this.#all.add(ALL, now)
    throw this.refusal()
  }

  /** The error for a client that has not shown the secret. */
  refusal(): ChatError {
    return new ChatError('unauthorized', this.#sentence)
  }

  #triesOf(address: string, now: number): number {
    const isGuessed =
      this.#neighbours.of(neighboursOf(address), now).length >= TRIES.neighbours ||
      this.#all.of(ALL, now).length >= TRIES.all
    return isGuessed ? 1 : TRIES.address
  }
}

const ALL = ''

/** The /24 of an IPv4 address, or the /48 of an IPv6 one, as `transports/address.ts` writes them. */
function neighboursOf(address: string): string {
  return address.includes('.') ? address.split('.').slice(0, 3).join('.') : address.split(':').slice(0, 3).join(':')
}

function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
