// How long to wait before the next try. The time doubles with each failure, and is random below that, so that a
// thousand clients that lost one server do not come back in one instant (full jitter: M. Brooker, "Exponential
// Backoff and Jitter", 2015). It has a lower bound, so that chance never makes it a storm.

export const BACKOFF = { floorMs: 250, baseMs: 500, capMs: 20_000 }

/** Milliseconds to wait after so many failures in a row, from 1 up. `fraction`: a random number from 0 up to 1. */
export function backoffMs(failures: number, fraction: number): number {
  const ceiling = Math.min(BACKOFF.capMs, BACKOFF.baseMs * 2 ** Math.min(failures - 1, 30))
  return Math.round(BACKOFF.floorMs + (ceiling - BACKOFF.floorMs) * fraction)
}
