// A part of the million requests of `npm run fuzz`: the fast path and `node:http` answer them alike.

import { expect, test } from 'vitest'
import { fuzz } from '../../fuzz/differ.js'
import { batchOf } from '../../fuzz/generate.js'

const COUNT = process.env['MINI_CHAT_TEST_ALL'] === '1' ? 10_000 : 2000

test(
  `${COUNT} requests, good and bad, are answered by the fast path as by node:http`,
  { timeout: 90_000 },
  async () => {
    const compared = await fuzz({ seed: 1, count: COUNT, seconds: 60 })
    expect(compared.differences).toEqual([])
    expect(compared.bugs).toEqual([])
    // Enough of them are the fast path's.
    expect(compared.byNode / compared.answers).toBeLessThan(0.8)
  },
)

test('a server that takes a length with a sign before it is found', { timeout: 90_000 }, async () => {
  const tamper = (request: Buffer): Buffer =>
    Buffer.from(request.toString('latin1').replace(/(content-length: )\+(\d+)/i, '$1$2'), 'latin1')
  const { differences } = await fuzz({ seed: 1, count: 20_000, seconds: 60, tamper, most: 1 })
  expect(differences[0]?.requests.join('')).toMatch(/content-length: \+\d+/i)
})

test('the same seed makes the same requests, another seed others', () => {
  const all = (seed: number): string => Buffer.concat(batchOf(seed, 'lobby').requests).toString('latin1')
  expect(all(7)).toBe(all(7))
  expect(all(8)).not.toBe(all(7))
})
