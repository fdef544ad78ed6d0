// Fields that are numbers or truth values: what is taken as one, and what is not.

import { expect, test } from 'vitest'
import { parseFlag, parseId, parseWhole } from '../../../src/core/people/fields.js'
import { codeOf } from '../../support/chat.js'

const MOST = Number.MAX_SAFE_INTEGER
const NO_NUMBERS = [undefined, null, true, '', ' 1', '1 ', '1\n', '+1', '1.5', '1e2', 'x1', 1.5, NaN, Infinity, [1], 1n]

test('a flag is true or false, or one of these words', async () => {
  expect([true, 'true', false, 'false'].map((value) => parseFlag('up', value))).toEqual([true, true, false, false])
  for (const value of [undefined, null, 0, 1, '', 'True', 'yes', [true]])
    expect(await codeOf(() => parseFlag('up', value))).toBe('bad_request')
  expect(() => parseFlag('up', 'yes')).toThrow('up is true or false')
})

test('a whole number is one of its bounds, or between them', async () => {
  const parse = (value: unknown) => parseWhole('seconds', value, 5, 300)
  expect([5, '5', 300, '300', '0012'].map(parse)).toEqual([5, 5, 300, 300, 12])
  for (const value of [4, '4', 301, '301', -5, '-5', ...NO_NUMBERS])
    expect(await codeOf(() => parse(value))).toBe('bad_request')
  expect(() => parse('soon')).toThrow('seconds is a whole number from 5 to 300')
})

test('an id is a whole number from 1 up that a number can hold', async () => {
  expect([1, '1', MOST, String(MOST)].map((value) => parseId('of', value))).toEqual([1, 1, MOST, MOST])
  for (const value of [0, '0', -1, MOST + 1, String(MOST + 1), '00000000000000001', ...NO_NUMBERS])
    expect(await codeOf(() => parseId('of', value))).toBe('bad_request')
  expect(() => parseId('of', 0)).toThrow('of is the id of a message')
})
