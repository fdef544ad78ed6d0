import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BACKOFF, backoffMs } from '../../src/client/backoff.js'

test('the wait is between the floor and the ceiling, whatever chance says', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10_000 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (failures, fraction) => {
        const ms = backoffMs(failures, fraction)
        expect(ms).toBeGreaterThanOrEqual(BACKOFF.floorMs)
        expect(ms).toBeLessThanOrEqual(BACKOFF.capMs)
      },
    ),
  )
})

test('the ceiling doubles with each failure until it is reached', () => {
  const ceilings = [1, 2, 3, 6, 7, 100].map((failures) => backoffMs(failures, 1))
  expect(ceilings).toEqual([500, 1000, 2000, 16_000, 20_000, 20_000])
})
