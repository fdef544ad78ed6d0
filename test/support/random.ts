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
