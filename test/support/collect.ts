// The garbage collector, for tests of what is kept.

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Frees everything that is not held any more. */
export function collect(): void {
  setFlagsFromString('--expose-gc')
  const gc: unknown = runInNewContext('gc')
  if (typeof gc === 'function') gc()
}
