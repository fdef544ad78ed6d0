// Long answers that are on their way, and how much memory they take.
//
// Everyone at one place is given the same bytes, so a thousand slow readers of one answer cost one answer. But
// somebody who asks for a thousand different ones, and reads none of them, would have the server hold them all. So
// there is a most, and past it those go whose answer has been on its way for longest: their connection is cut, and
// a client that was only slow comes back.

import type { ServerResponse } from 'node:http'

/** A shorter answer is not counted: the sockets themselves hold as much. */
const LONG = 16 * 1024

export const BACKLOG_BYTES = 256 * 1024 * 1024

export class Backlog {
  readonly #max: number
  /** The one that began first is first. */
  readonly #answers = new Map<string | Buffer, Set<ServerResponse>>()
  #bytes = 0

  constructor(max = BACKLOG_BYTES) {
    this.#max = max
  }

  get bytes(): number {
    return this.#bytes
  }

  /** An answer has just been written; it is counted until it is through, or its connection has gone. */
  add(body: string | Buffer, response: ServerResponse): void {
    if (body.length < LONG || response.writableFinished || response.destroyed) return
    const readers = this.#answers.get(body) ?? new Set()
    if (readers.size === 0) this.#bytes += body.length
    this.#answers.set(body, readers.add(response))
    response.once('close', () => this.#remove(body, response))
    while (this.#bytes > this.#max) this.#cutOldest()
  }

  #remove(body: string | Buffer, response: ServerResponse): void {
    const readers = this.#answers.get(body)
    if (readers?.delete(response) !== true || readers.size > 0) return
    this.#answers.delete(body)
    this.#bytes -= body.length
  }

  #cutOldest(): void {
    for (const [body, readers] of this.#answers) {
      this.#answers.delete(body)
      this.#bytes -= body.length
      for (const { socket } of readers) socket?.destroy()
      return
    }
  }
}
