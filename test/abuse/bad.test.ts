// A part of the million bad requests and lines of bad.ts, which looks at the memory too.

import { expect, test } from 'vitest'
import { badLine, badRequest, chanceOf } from './generate.js'
import { isSound, sendBad } from './bad.js'

const COUNT = process.env['MINI_CHAT_TEST_ALL'] === '1' ? 20_000 : 5000

test(
  `${COUNT} bad requests and lines: no 5xx, refusals alone logged, and it still answers`,
  { timeout: 120_000 },
  async () => {
    const outcome = await sendBad(COUNT, 1)
    const answered = Object.values(outcome.statuses).reduce((sum, count) => sum + count, 0)
    expect(outcome.logged).toBe('')
    expect(Object.keys(outcome.statuses).filter((status) => Number(status) >= 500)).toEqual([])
    expect(isSound(outcome)).toBe(true)
    expect([answered, outcome.lines]).toEqual([COUNT * 0.8, COUNT * 0.2])
    // They are bad: few find an answer, and nearly all are told why not.
    expect((outcome.statuses[400] ?? 0) / answered).toBeGreaterThan(0.3)
    expect((outcome.statuses[0] ?? 0) / answered).toBeLessThan(0.1)
  },
)

test('the same seed makes the same requests and lines, another seed others', () => {
  const all = (seed: number): string => {
    const chance = chanceOf(seed)
    return Buffer.concat(
      Array.from({ length: 200 }, () => [badRequest(chance).bytes, badLine(chance)]).flat(),
    ).toString('latin1')
  }
  expect(all(7)).toBe(all(7))
  expect(all(8)).not.toBe(all(7))
})
