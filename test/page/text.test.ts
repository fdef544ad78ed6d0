// Formatting a text takes time that grows with its length, whatever is in it.

import { expect, test } from 'vitest'
import { mentions, trimEnd } from '../../static/text.js'
import { MEASURES } from '../support/retried.js'

const LONGEST = 4000

/** Texts of a length on which a pattern that starts anew at each place takes the longest. */
const HOSTILE: readonly ((length: number) => string)[] = [
  (length) => `https://a${'.'.repeat(length)}x`,
  (length) => `https://a${'.,;:!?…'.repeat(length / 7)}x`,
  (length) => `https://a${')'.repeat(length)}`,
  (length) => `https://a${').'.repeat(length / 2)}`,
  (length) => `https://a${'('.repeat(length / 2)}${')'.repeat(length / 2)}`,
  (length) => 'https://'.repeat(length / 8),
  (length) => '`'.repeat(length),
  (length) => '```a\n'.repeat(length / 5),
  (length) => '@ada'.repeat(length / 4),
]

test(
  'the longest message takes five milliseconds at the most, and ten times its length ten times as long',
  MEASURES,
  () => {
    for (const hostile of HOSTILE) {
      expect(msOf(hostile(LONGEST))).toBeLessThanOrEqual(5)
      expect(msOf(hostile(10 * LONGEST))).toBeLessThanOrEqual(50)
    }
  },
)

test('the punctuation behind an address is no part of it, nor a parenthesis around it', () => {
  const found = ['https://a.b/c.', 'https://a.b/c_(d).', 'https://a.b/c)).', 'https://a.b/?x=1!?…', 'https://a.b/c']
  expect(found.map(trimEnd)).toEqual([
    'https://a.b/c',
    'https://a.b/c_(d)',
    'https://a.b/c',
    'https://a.b/?x=1',
    'https://a.b/c',
  ])
})

/** Milliseconds of the processor, the best of three: what else the machine does is not counted. */
function msOf(text: string): number {
  const once = (): number => {
    const before = process.cpuUsage()
    trimEnd(text)
    mentions(text, 'ada')
    return process.cpuUsage(before).user / 1000
  }
  return Math.min(once(), once(), once())
}
