// What the commands on a folder of messages share. Each takes one folder, and reports an error in one sentence.

import { existsSync } from 'node:fs'
import { ChatError } from '../core/errors.js'
import { quote, UsageError, type Values } from '../flags.js'
import { type Io, readUsage, type Usage } from './subcommand.js'

export type FolderRequest = { readonly folder: string; readonly values: Values }

/** Reads the arguments and does the work; answers the exit code. */
export async function withFolder(
  usage: Usage,
  args: readonly string[],
  io: Io,
  work: (request: FolderRequest) => Promise<void>,
): Promise<number> {
  const read = readUsage(usage, args, io)
  if (read === undefined) return 0
  const [folder, extra] = read.words
  if (folder === undefined || extra !== undefined)
    throw new UsageError(`mini-chat ${usage.name} takes one folder, the one of --data`)
  return finish(io, async () => {
    requireFolder(folder)
    await work({ folder, values: read.values })
  })
}

/** Does the work, and answers the exit code. An error is reported in one sentence. */
export async function finish(io: Io, work: () => Promise<void>): Promise<number> {
  try {
    await work()
    return 0
  } catch (error) {
    if (!(error instanceof ChatError)) throw error
    io.stderr.write(`mini-chat: ${error.message}\n`)
    return 1
  }
}

export function requireFolder(folder: string): void {
  if (!existsSync(folder)) throw new ChatError('not_found', `there is no folder ${quote(folder)}`)
}
