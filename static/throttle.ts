// Draws at a pace that eyes can follow. In a quiet room a message is drawn at once; in a busy room the page draws at
// most ten times a second, so the cost follows the clock and not the messages. A hidden tab draws nothing, so it does
// not wait.

import type { Batch } from './tabs.js'

const THROTTLE_MS = 100

/** Hands on batches, joined if they come too fast. */
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
    // A gap comes before the messages of its own batch, so earlier batches have to be drawn first.
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
