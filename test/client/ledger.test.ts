// The ledger finds messages that are lost, doubled or out of order, and believes a gap only as far as it is true.

import { expect, test } from 'vitest'
import { Ledger, NOTHING, sumOf } from '../../src/client/ledger.js'

function seen(...ids: readonly number[]): Ledger {
  const ledger = new Ledger()
  for (const id of ids) ledger.see(id)
  return ledger
}

test.for([
  [[1, 2, 3], { got: 3 }],
  [[7, 8], { got: 2 }],
  [[1, 2, 5], { got: 3, lost: 2 }],
  [[1, 3, 2, 4], { got: 4, disordered: 1 }],
  [[1, 2, 2, 3], { got: 4, doubled: 1 }],
  [[1, 3, 2, 2], { got: 4, disordered: 1, doubled: 1 }],
] as const)('%j', ([ids, counts]) => {
  expect(seen(...ids).counts).toEqual({ ...NOTHING, ...counts })
})

test('what a gap tells is missed, and not lost', () => {
  const ledger = seen(1, 2, 3)
  ledger.gap({ reason: 'overflow', missed: 4, first: 8 })
  ledger.see(8)
  expect(ledger.counts).toEqual({ ...NOTHING, got: 4, missed: 4 })
})

test.for([3, 5])('a gap that tells %d where 4 are missing leaves one lost', (missed) => {
  const ledger = seen(1, 2, 3)
  ledger.gap({ reason: 'overflow', missed, first: 8 })
  ledger.see(8)
  expect(ledger.counts.lost).toBe(1)
})

test('another log begins anew, and its first message must not be missing', () => {
  const ledger = seen(1, 2, 3)
  ledger.gap({ reason: 'restart', missed: null, first: 1 })
  ledger.see(2)
  expect(ledger.counts).toEqual({ ...NOTHING, got: 4, lost: 1, restarts: 1 })
})

test('several make a sum', () => {
  expect(sumOf([seen(1, 2).counts, seen(1, 3).counts])).toEqual({ ...NOTHING, got: 4, lost: 1 })
})
