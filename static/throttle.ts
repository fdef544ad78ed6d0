// Draws at a pace that eyes can follow. In a quiet room what comes is drawn at once; in a busy one at most ten
// times a second, so that cost follows the clock and not the messages. A tab that nobody sees draws nothing, and
// so waits for nothing.

import type { Batch } from './tabs.js'

const THROTTLE_MS = 100

/** Hands batches on, joined where they come too fast. */
export function throttle(call: (batch: Batch) => void): (batch: Batch) => void {
  let waiting: Batch | undefined
  let lastAt = -Infinity

  const flush = (): void => {
    const batch = waiting
    waiting = undefined
    lastAt = performance.now()
    if (batch !== undefined) call(batch)
  }
  return (batch) => {
    // A gap stands before the messages of its own batch, so what came earlier has to be drawn first.
    if (waiting !== undefined && batch.gaps.length > 0) flush()
    const isFirst = waiting === undefined
    waiting = waiting === undefined ? batch : join(waiting, batch)
    const ms = lastAt + THROTTLE_MS - performance.now()
    if (ms <= 0 || document.visibilityState === 'hidden') flush()
    else if (isFirst) setTimeout(flush, ms)
  }
}

function join(before: Batch, after: Batch): Batch {
  const rooms = after.rooms === undefined ? before.rooms : { ...before.rooms, ...after.rooms }
  return { ...after, messages: [...before.messages, ...after.messages], gaps: before.gaps, rooms }
}
