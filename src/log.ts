// The server's log: one line an event, as text for people or as JSON for programs. Text that people typed is never in
// it, and every value is quoted, because terminals obey escape sequences.

import { styleText } from 'node:util'

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>

export type Logger = {
  info(event: string, fields?: LogFields): void
  /** A bug or a broken part: the whole error goes to stderr. */
  error(event: string, error: unknown): void
  /** Events that are logged only with `--log debug`. */
  debug?(event: string, fields: LogFields): void
}

/** `output`: where events go that are no errors, by default stdout. */
export type LogOptions = {
  /** `debug` is text, with a line for each request. */
  readonly format: 'text' | 'json' | 'debug'
  readonly quiet: boolean
  readonly output?: { write(text: string): unknown }
}

export function createLogger({ format, quiet, output = process.stdout }: LogOptions): Logger {
  const line = (level: string, event: string, fields: LogFields): string => {
    const time = new Date().toISOString()
    if (format === 'json') return JSON.stringify({ time, level, event, ...fields })
    const given = Object.entries(fields).filter(([, value]) => value !== undefined)
    const words = given.map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    return [time, level, event, ...words].join(' ')
  }
  const debug = (event: string, fields: LogFields): void =>
    void (quiet || output.write(`${line('debug', event, fields)}\n`))
  return {
    ...(format === 'debug' ? { debug } : {}),
    info(event, fields = {}) {
      if (!quiet) output.write(`${line('info', event, fields)}\n`)
    },
    error(event, error) {
      const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
      process.stderr.write(`${line('error', event, { error: stack })}\n`)
    },
  }
}

type Style = Parameters<typeof styleText>[0]

/** Colours a word where the stream is a terminal that wants colours (https://no-color.org). */
export function paint(style: Style, word: string, stream: NodeJS.WriteStream = process.stdout): string {
  const wanted = stream.isTTY && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb'
  return wanted ? styleText(style, word) : word
}
