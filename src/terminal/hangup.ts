// A terminal that goes away while the program runs: its window is closed, or the line of an ssh is cut. Reading from
// it, writing to it and setting its mode fail from then on, each with an `error` event that nothing may leave unheard.

import { isatty } from 'node:tty'
import type { Undo } from '../core/clock.js'

/** The three streams that a terminal is behind, and the process that they belong to. */
export type Streams = Pick<NodeJS.Process, 'stdin' | 'stdout' | 'stderr' | 'pid' | 'kill'>

export class HangUp {
  readonly #streams: Streams
  readonly #calls = new Set<() => void>()
  #isGone = false

  constructor(streams: Streams) {
    this.#streams = streams
    const { stdin, stdout, stderr } = streams
    for (const stream of [stdin, stdout, stderr]) {
      // A pipe whose reader has gone is another matter: that is the business of what writes to it.
      if (stream.isTTY) stream.on('error', () => this.#hangUp())
    }
  }

  /** Calls back once the terminal has gone; returns its undo. */
  onGone(call: () => void): Undo {
    if (this.#isGone) call()
    else this.#calls.add(call)
    return () => this.#calls.delete(call)
  }

  /**
   * Ends the process where its terminal has gone, as a hang-up ends others: Node puts the terminal's mode back when it
   * exits, and aborts where there is no terminal any more.
   */
  end(): void {
    const { stdin, stdout, stderr, pid, kill } = this.#streams
    const isGone = [stdin, stdout, stderr].some((stream, fd) => stream.isTTY && !isatty(fd))
    if (isGone) kill(pid, 'SIGHUP')
  }

  #hangUp(): void {
    this.#isGone = true
    for (const call of this.#calls) call()
    this.#calls.clear()
  }
}
