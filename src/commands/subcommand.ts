// A command beside serving: `mini-chat NAME …`. Each has its own table of flags, so that all its flags are in one
// place, and the server's settings stay the server's.

import { flagRows, parseFlags, type Setting, UsageError, type Values } from '../flags.js'
import { ChatError } from '../core/errors.js'

/** The parts of its process that a command may use. */
export type Io = Pick<NodeJS.Process, 'stdin' | 'stdout' | 'stderr' | 'env' | 'on' | 'off' | 'pid' | 'kill'>

export type Subcommand = {
  readonly name: string
  /** The command's line in `mini-chat --help`. */
  readonly summary: string
  /** Resolves with the exit code. Throws `UsageError`. */
  run(args: readonly string[], io: Io): Promise<number>
}

export type Usage = {
  readonly name: string
  readonly usage: string
  readonly settings: readonly Setting[]
  /** Sentences for `--help` that no flag says. */
  readonly about: readonly string[]
}

export const HELP: Setting = { flag: 'help', short: 'h', default: false, why: 'print this' }

/** Reads a command's arguments; undefined when help was asked for, and printed. */
export function readUsage(
  { name, usage, settings, about }: Usage,
  args: readonly string[],
  io: Io,
): { values: Values; words: string[] } | undefined {
  const { values, positionals } = parseFlags(settings, args, `mini-chat ${name}`)
  if (values['help'] !== true) return { values, words: positionals }
  io.stdout.write([`usage: mini-chat ${name} ${usage}`, '', ...flagRows(settings), '', ...about, ''].join('\n'))
  return undefined
}

/** A value of a flag as it was given; undefined where it was not. */
export function given(values: Values, flag: string): string | undefined {
  const value = values[flag]
  return typeof value === 'string' ? value : undefined
}

/** Parses a value as the server would. A value that the server would refuse is wrong usage here. */
export function asUsage<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof ChatError) throw new UsageError(error.message)
    throw error
  }
}

/** Aborts on Ctrl-C and on SIGTERM; `code`: the exit code that says so, undefined until then. */
export function stopSignal(io: Io): {
  readonly signal: AbortSignal
  code(): number | undefined
  undo(): void
} {
  const controller = new AbortController()
  let code: number | undefined
  const stop = (number: number) => (): void => {
    code ??= 128 + number
    controller.abort()
  }
  const signals = [['SIGHUP', stop(1)] as const, ['SIGINT', stop(2)] as const, ['SIGTERM', stop(15)] as const]
  for (const [signal, call] of signals) io.on(signal, call)
  const undo = (): void => signals.forEach(([signal, call]) => void io.off(signal, call))
  return { signal: controller.signal, code: () => code, undo }
}
