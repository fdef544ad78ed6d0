// Flags as a table: their values, and what they are for. A command line is read by its table, and --help is printed
// from it, so neither can forget the other.

import { parseArgs } from 'node:util'

export type Setting = {
  readonly flag: string
  readonly short?: string
  /** A word for its value; absent for a flag without a value. */
  readonly value?: string
  /** The value of the flag if none follows it. */
  readonly alone?: string
  readonly env?: string
  readonly default: string | boolean | readonly string[]
  readonly why: string
}

/** The flags by name: true, a text, or a list for one that may be given several times. */
export type Values = Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>

/** Wrong usage: one line that says what to do; the program ends with 2. */
export class UsageError extends Error {}

/** Reads a command line. `command`: the command whose --help the sentence names. Throws `UsageError`. */
export function parseFlags(
  settings: readonly Setting[],
  args: readonly string[],
  command: string,
): { values: Values; positionals: string[] } {
  const options = Object.fromEntries(
    settings.map((setting) => [
      setting.flag,
      {
        type: setting.value === undefined ? ('boolean' as const) : ('string' as const),
        multiple: Array.isArray(setting.default),
        ...(setting.short === undefined ? {} : { short: setting.short }),
      },
    ]),
  )
  try {
    return parseArgs({ args: withValues(settings, args), options, allowPositionals: true, strict: true })
  } catch (error) {
    // The first sentence of parseArgs says what is wrong; the rest is advice for other cases.
    const sentence = error instanceof Error ? (error.message.split('. ', 1)[0] ?? '') : String(error)
    // The sentence repeats what was typed, and terminals obey escape sequences.
    throw new UsageError(`${sentence.replace(/\.$/, '').replaceAll(/\p{C}/gu, '?')}: try ${command} --help`)
  }
}

/** Gives a flag that may stand alone its value if none follows: at the end, before another flag, or before a port. */
function withValues(settings: readonly Setting[], args: readonly string[]): string[] {
  const end = args.indexOf('--')
  return args.map((arg, i) => {
    const setting = settings.find(({ flag, alone }) => alone !== undefined && arg === `--${flag}`)
    const next = args[i + 1]
    const isAlone = next === undefined || next.startsWith('-') || /^\d+$/.test(next)
    return setting === undefined || !isAlone || (end >= 0 && i > end) ? arg : `${arg}=${setting.alone}`
  })
}

/** The rows of --help. */
export function flagRows(settings: readonly Setting[]): string[] {
  return settings.map((setting) => {
    const short = setting.short === undefined ? '   ' : `-${setting.short},`
    const left = `  ${short} --${setting.flag}${setting.value === undefined ? '' : ` ${setting.value}`}`
    const shown = typeof setting.default === 'string' && setting.default !== '' ? ` [${setting.default}]` : ''
    const env = setting.env === undefined ? '' : ` (or ${setting.env} in the environment)`
    return `${left.padEnd(28)} ${setting.why}${shown}${env}`
  })
}

/** Text that a person typed, safe to print: JSON leaves no control character as it is. */
export function quote(value: string): string {
  return JSON.stringify(value)
}
