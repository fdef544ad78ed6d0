// What was said, and who has heard it.
//
//     a sender says      1  2  3  4  5  …          its messages, numbered
//     each reader hears  1  2  3     5             4 is lost
//                        1  2  2  3                2 came again
//
// Every text begins with its sender's number, and a sender is known by its name: `s7` is sender 7. A reader must
// hear each sender's messages in order, each once. Nothing is taken from the server's word, its ids included.

import { Histogram } from './histogram.js'

/** What one message says of itself: the n-th of its sender. */
export type Mark = { readonly sender: number; readonly n: number }

const TEXT_BYTES = 64

/** How far one reader has heard each of the senders from `first` on. */
export class Ear {
  readonly first: number
  readonly heard: Uint32Array

  constructor(first: number, senders: number) {
    this.first = first
    this.heard = new Uint32Array(senders)
  }
}

export class Traffic {
  readonly latency = new Histogram()
  delivered = 0
  lost = 0
  /** Heard again, or after a later one. */
  again = 0
  #said: number[][] = []

  /** How many messages a sender has said. */
  count(sender: number): number {
    return this.#said[sender]?.length ?? 0
  }

  /** Notes the next message of a sender, and since when it is to be timed. Returns the text to send. */
  say(sender: number, at: number): string {
    const said = (this.#said[sender] ??= [])
    said.push(at)
    return `${said.length} `.padEnd(TEXT_BYTES, 'x')
  }

  hear(ear: Ear, { sender, n }: Mark, now: number): void {
    const before = ear.heard[sender - ear.first] ?? 0
    if (n <= before) {
      this.again++
      return
    }
    this.lost += n - before - 1
    ear.heard[sender - ear.first] = n
    this.delivered++
    this.latency.add(now - (this.#said[sender]?.[n - 1] ?? now))
  }

  /** Has this reader heard everything so far? */
  knowsAll(ear: Ear): boolean {
    return this.missing(ear) === 0
  }

  /** How many messages this reader still has to hear. */
  missing(ear: Ear): number {
    return ear.heard.reduce((sum, heard, i) => sum + this.count(ear.first + i) - heard, 0)
  }

  /** Begins the count anew, after warming up; what is lost or comes again is counted all the time. */
  restart(): void {
    this.delivered = 0
    this.latency.clear()
  }
}

/** Reads the mark of a message. */
export function markOf(username: string, text: string): Mark {
  return { sender: Number(username.slice(1)), n: Number.parseInt(text, 10) }
}
