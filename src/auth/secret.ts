// A secret that people type: a password, a moderator's key.
//
// Both sides are hashed before they are compared, so that the time it takes tells nothing, not even a length. And
// nobody gets to try often: 5 wrong ones a minute from an address, 30 from all together, and beyond that everybody is
// asked to wait, also whoever has it right: a different answer for the right one would be a try.
//
// The price: somebody in a classroom who keeps guessing keeps the others of the same address from coming in
// meanwhile. Whoever is in stays in, because a cookie or a session is no guess.

import { createHash, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../core/clock.js'
import { ChatError } from '../core/errors.js'

export const TRIES = { address: 5, all: 30, ms: 60_000 }

export class Secret {
  readonly #hash: Buffer
  readonly #clock: Clock
  readonly #sentence: string
  /** The wrong ones of the last minute, oldest first: never more than `TRIES.all`. */
  #wrong: { readonly address: string; readonly at: number }[] = []

  /** `sentence`: what is said to a wrong one. */
  constructor(value: string, clock: Clock, sentence: string) {
    this.#hash = hash(value)
    this.#clock = clock
    this.#sentence = sentence
  }

  /** Throws `unauthorized` for a wrong one, and `rate_limited` for whoever has tried too often. */
  check(candidate: string, address: string): void {
    const now = this.#clock.now()
    this.#wrong = this.#wrong.filter(({ at }) => now - at < TRIES.ms)
    const mine = this.#wrong.filter((wrong) => wrong.address === address)
    // Whichever limit is reached, its oldest try has to be over.
    const oldest = mine.length >= TRIES.address ? mine[0] : this.#wrong.length >= TRIES.all ? this.#wrong[0] : undefined
    if (oldest !== undefined) {
      const seconds = Math.ceil((oldest.at + TRIES.ms - now) / 1000)
      throw new ChatError('rate_limited', `too many wrong tries: wait ${seconds} s`, seconds)
    }
    if (timingSafeEqual(hash(candidate), this.#hash)) return
    this.#wrong.push({ address, at: now })
    throw this.refusal()
  }

  /** What whoever has not shown it is told. */
  refusal(): ChatError {
    return new ChatError('unauthorized', this.#sentence)
  }
}

function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
