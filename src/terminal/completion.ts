// What Tab completes: commands at the start of the line, and elsewhere the names that were heard last.

import { COMMANDS } from './commands.js'
import { sanitize } from './sanitize.js'

/** How many names are kept. */
const MAX_NAMES = 100

export class Completion {
  /** The newest name is last. */
  readonly #names = new Set<string>()

  hear(name: string): void {
    // A name with hidden characters cannot be typed, and readline would print it as it is.
    if (name !== sanitize(name)) return
    this.#names.delete(name)
    this.#names.add(name)
    const [oldest] = this.#names
    if (this.#names.size > MAX_NAMES && oldest !== undefined) this.#names.delete(oldest)
  }

  /** The candidates for the last word of a line, and that word. */
  complete(line: string): [string[], string] {
    const [, at = '', word = ''] = /(?:^|\s)(@?)(\S*)$/u.exec(line) ?? []
    const isCommand = line.startsWith('/') && !line.includes(' ')
    const candidates = isCommand
      ? COMMANDS.map(({ command }) => command.replace(/ .*/, ''))
      : [...this.#names].map((name) => at + name)
    const start = (at + word).toLowerCase()
    const found = candidates.filter((candidate) => candidate.toLowerCase().startsWith(start))
    return [found.map((candidate) => `${candidate} `), at + word]
  }
}
