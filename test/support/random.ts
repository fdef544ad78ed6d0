// Chance that a test can foresee.

import type { Random } from '../../src/core/clock.js'

/** Epochs `epoch001`, `epoch002` …, tokens `token-1`, `token-2` …, and always the same fraction. */
export function fixedRandom(fraction = 0.5): Random {
  let epochs = 0
  let tokens = 0
  return {
    fraction: () => fraction,
    epoch: () => `epoch${String(++epochs).padStart(3, '0')}`,
    token: () => `token-${++tokens}`,
  }
}

/** Chance that can be had again: numbers from 0 up to, not including, 1 (mulberry32). */
export function chanceFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
