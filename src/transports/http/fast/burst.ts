// The answers to what is read in one turn of the event loop, written together behind it.
//
//     read · route    read · route    read · route    write write write
//
// A client that waits is asleep, and waking it takes the system longer than the write does. Answers that go out one by
// one between the reads find their clients asleep again each time. Together they find them awake: a thousand small rooms
// take a seventh less of the processor.

import { setImmediate } from 'node:timers'

/** The first answer waits for at most this many others, about a fifth of a millisecond. */
const MOST = 64

/** What has an answer to write. */
export type Writing = { flush(): void }

export class Burst {
  #writing: Writing[] = []
  #isOpen = false

  /** Are answers collected? Outside of a turn that reads they go out at once. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Something is read: the answers of this turn are collected. */
  open(): void {
    if (this.#isOpen) return
    this.#isOpen = true
    setImmediate(() => {
      this.#isOpen = false
      this.#flush()
    })
  }

  add(one: Writing): void {
    if (this.#writing.push(one) >= MOST) this.#flush()
  }

  #flush(): void {
    const writing = this.#writing
    this.#writing = []
    for (const one of writing) one.flush()
  }
}
