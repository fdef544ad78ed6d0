// The messages of the people of a soak: how many, how fast, and what became of them.

import { setTimeout as sleep } from 'node:timers/promises'

export type Pace = {
  /** How many messages are to be kept. */
  readonly messages: number
  /** The longest that a person waits before the next message. */
  readonly mostMs: number
  /** How far the soak is, from 0 to 1: no more is said than its share. */
  readonly progress: () => number
  readonly chance: () => number
}

const LOOK_MS = 20

export class Talk {
  readonly acknowledged: string[] = []
  /** Said once without a key, and not heard: kept or not. */
  unknown = 0
  /** Sends that their client gave up. */
  failed = 0
  /** Tries beyond the first. */
  resent = 0
  /** The last text of the log, once no other follows. */
  last: string | undefined
  readonly #pace: Pace
  #speaking = 0

  constructor(pace: Pace) {
    this.#pace = pace
  }

  /** Waits until a person may say one more, whose end is told by one of the next three; false once there are enough. */
  async turn(): Promise<boolean> {
    const { messages, mostMs, progress, chance } = this.#pace
    await sleep(mostMs * chance())
    for (;;) {
      const begun = this.acknowledged.length + this.failed + this.#speaking
      if (begun < messages * progress()) {
        this.#speaking++
        return true
      }
      if (begun >= messages && this.#speaking === 0) return false
      await sleep(LOOK_MS)
    }
  }

  kept(text: string): void {
    this.#speaking--
    this.acknowledged.push(text)
  }

  unheard(): void {
    this.#speaking--
    this.unknown++
  }

  gaveUp(): void {
    this.#speaking--
    this.failed++
  }

  /** Has a reader been told of everything? */
  isHeard(texts: readonly string[]): boolean {
    return this.last !== undefined && texts.at(-1) === this.last
  }
}
