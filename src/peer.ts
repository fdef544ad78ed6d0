// Optional packages. A part that needs one loads it when its flag is given, and never before. If the package is
// missing, one sentence says how to add it.

import { UsageError } from './flags.js'
import { commandWith } from './started.js'

/** Loads an optional package. Throws `UsageError` where it is not installed. */
export async function loadPeer<T>(name: string, command: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load()
  } catch (error) {
    const isMissing =
      error instanceof Error &&
      'code' in error &&
      error.code === 'ERR_MODULE_NOT_FOUND' &&
      error.message.includes(`'${name}'`)
    if (!isMissing) throw error
    throw new UsageError(`${command} needs the package ${name}: run \`${commandWith(name)}\``)
  }
}
