// Long answers that are on their way, and how much memory they take.
//
// Everyone at one place is given the same bytes, so a thousand slow readers of one answer cost one answer. But
// somebody who asks for a thousand different ones, and reads none of them, would have the server hold them all. So
// there is a most, and past it those go whose answer has been on its way for longest: their connection is cut, and
// a client that was only slow comes back.

import type { Socket } from 'node:net'
import type { Undo } from '../../core/clock.js'

/** A shorter answer is not counted: the sockets themselves hold as much. */
const LONG = 16 * 1024

export const PENDING_BYTES = 256 * 1024 * 1024

export class PendingAnswers {
  readonly #max: number
  /** The one that began first is first. */
  readonly #answers = new Map<string | Buffer, Set<Socket>>()
  #bytes = 0

  constructor(max = PENDING_BYTES) {
    this.#max = max
  }

  get bytes(): number {
    return this.#bytes
  }

  /** An answer is on its way, until the undo: it is through, or its connection has gone. Undefined for a short one. */
  add(body: string | Buffer, socket: Socket): Undo | undefined {
    if (body.length < LONG) return undefined
    const sockets = this.#answers.get(body) ?? new Set()
    if (sockets.size === 0) this.#bytes += body.length
    this.#answers.set(body, sockets.add(socket))
    while (this.#bytes > this.#max) this.#cutOldest()
    return () => this.#remove(body, socket)
  }

  #remove(body: string | Buffer, socket: Socket): void {
    const sockets = this.#answers.get(body)
    if (sockets?.delete(socket) !== true || sockets.size > 0) return
    this.#answers.delete(body)
    this.#bytes -= body.length
  }

  #cutOldest(): void {
    for (const [body, sockets] of this.#answers) {
      this.#answers.delete(body)
      this.#bytes -= body.length
      for (const socket of sockets) socket.destroy()
      return
    }
  }
}
