// Bounded waits: for something to happen, at most so long, and no longer than a signal says.

import { defaultPlatform } from '../client/index.js'
import type { Undo } from '../core/clock.js'

/** Resolves when `start` calls back, when `ms` are over, or when the signal is aborted; then takes `start` back. */
export async function within(ms: number, signal: AbortSignal, start: (done: () => void) => Undo): Promise<void> {
  const undos: Undo[] = []
  await new Promise<void>((resolve) => {
    const done = (): void => resolve()
    undos.push(defaultPlatform.after(ms, done))
    signal.addEventListener('abort', done)
    undos.push(() => signal.removeEventListener('abort', done), start(done))
    if (signal.aborted) done()
  })
  for (const undo of undos) undo()
}

/** Tells the whole seconds that are left, once a second, from now to 0. Returns its undo. */
export function countDown(ms: number, tell: (seconds: number) => void): Undo {
  const seconds = Math.ceil(ms / 1000)
  tell(seconds)
  if (seconds === 0) return () => undefined
  const rest = (seconds - 1) * 1000
  let undo = defaultPlatform.after(ms - rest, () => (undo = countDown(rest, tell)))
  return () => undo()
}
