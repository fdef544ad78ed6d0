// A terminal that goes away while the program runs: its window is closed, or the line of an ssh is cut. From then on
// reading from it, writing to it and setting its mode fail, each with an `error` event that must have a listener.

import { isatty } from 'node:tty'
import type { Undo } from '../core/clock.js'

/** The three streams of a terminal, and the process that they belong to. */
export type Streams = Pick<NodeJS.Process, 'stdin' | 'stdout' | 'stderr' | 'pid' | 'kill'>

export class HangUp {
  readonly #streams: Streams
  readonly #calls = new Set<() => void>()
  #isGone = false

  constructor(streams: Streams) {
    this.#streams = streams
    const { stdin, stdout, stderr } = streams
    for (const stream of [stdin, stdout, stderr]) {
      // A pipe whose reader has gone is another matter: the code that writes to it handles that.
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
   * Ends the process when its terminal has gone, as a hang-up ends other programs. Node would put the terminal's mode
   * back when it exits, and abort when there is no terminal any more.
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
