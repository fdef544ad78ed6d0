// A conversation whose input or output is no terminal. One line of input is one message to send, and one message is
// one line of output. Notices of the program go to stderr, where they are in no `grep`'s way.

import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import type { Undo } from '../core/clock.js'
import type { Gap } from '../client/index.js'
import { gapSentence, lineOf } from './format.js'
import type { Screen } from './screen.js'
import { sanitize } from './sanitize.js'
import type { Told } from './seen.js'

/** Writes lines for a reader that may be slow, or may stop reading (`| head`). */
export class Outlet {
  readonly #stream: Writable
  readonly #gone = new Set<() => void>()
  #isGone = false
  /** What went wrong, except that the reader has had enough. */
  error: Error | undefined

  constructor(stream: Writable) {
    this.#stream = stream
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') this.error = error
      this.#isGone = true
      for (const call of this.#gone) call()
    })
  }

  /** Resolves when there is room for more. */
  async write(lines: readonly string[]): Promise<void> {
    if (lines.length === 0 || this.#isGone || this.#stream.write(`${lines.join('\n')}\n`)) return
    await new Promise<void>((resolve) => {
      this.#stream.once('drain', resolve)
      this.onGone(resolve)
    })
  }

  /** Calls back when no one reads any more; returns its undo. */
  onGone(call: () => void): Undo {
    if (this.#isGone) call()
    this.#gone.add(call)
    return () => this.#gone.delete(call)
  }
}

export class PipeScreen implements Screen {
  readonly isTerminal = false
  readonly #input: Readable
  readonly #outlet: Outlet
  readonly #errors: Writable
  #stop: () => void = () => undefined

  constructor(input: Readable, output: Outlet, errors: Writable) {
    this.#input = input
    this.#outlet = output
    this.#errors = errors
    // A reader that does not read the notices does not miss them.
    errors.on('error', () => undefined)
  }

  async ask(): Promise<undefined> {
    return undefined
  }

  async read(obey: (line: string) => Promise<void>): Promise<void> {
    await linesOf(this.#input, obey, (stop) => (this.#stop = stop))
  }

  async show(messages: readonly Told[]): Promise<void> {
    await this.#outlet.write(messages.flatMap((message) => lineOf(message, true) ?? []))
  }

  notice(text: string): void {
    this.#errors.write(
      `${text
        .split('\n')
        .map((line) => `mini-chat: ${sanitize(line)}`)
        .join('\n')}\n`,
    )
  }

  gap(gap: Gap): void {
    this.notice(gapSentence(gap))
  }

  prompt(): void {
    // There is no prompt in a pipe.
  }

  onGone(call: (isAsked: boolean) => void): Undo {
    return this.#outlet.onGone(() => call(false))
  }

  close(): void {
    this.#stop()
  }
}

/** Hands over the lines of a stream, one after the other. `onStart` is given a function that ends this early. */
export async function linesOf(
  input: Readable,
  take: (line: string) => Promise<void>,
  onStart: (stop: () => void) => void,
): Promise<void> {
  const lines = createInterface({ input, crlfDelay: Infinity })
  let stopped = false
  onStart(() => {
    stopped = true
    lines.close()
  })
  for await (const line of lines) {
    if (stopped) return
    await take(line)
  }
}
