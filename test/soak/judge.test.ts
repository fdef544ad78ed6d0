import { expect, test } from 'vitest'
import { judge, type Log } from './judge.js'

const logOf = (...texts: string[]): Log => ({
  epochs: new Set(['epoch001']),
  messages: texts.map((text, i) => ({ id: i + 1, type: text === 'joined' ? 'join' : 'chat', text })),
})
const reader = (resumes: boolean, ...visits: string[][]) => ({
  name: 'ada',
  resumes,
  visits: visits.map((texts) => ({ texts, missed: 0 })),
})
const counts = (...of: Parameters<typeof judge>): number[] => {
  const { lost, doubled, disorder } = judge(...of)
  return [lost, doubled, disorder]
}

test('a log that was told whole and in order has no fault, however often a reader came', () => {
  const log = logOf('joined', 'a', 'b', 'joined', 'c')
  expect(counts(log, ['a', 'c'], [reader(true, ['a'], [], ['b', 'c'])])).toEqual([0, 0, 0])
  expect(counts(log, [], [reader(false, ['b'], ['a', 'b', 'c'])])).toEqual([0, 0, 0])
})

test('what is lost is counted: of the acknowledged, between two messages, between two visits, and at the end', () => {
  const log = logOf('a', 'b', 'c', 'd')
  expect(counts(log, ['a', 'x'], [])).toEqual([1, 0, 0])
  expect(counts(log, [], [reader(true, ['a', 'd'])])).toEqual([2, 0, 0])
  expect(counts(log, [], [reader(true, ['a'], ['c', 'd'])])).toEqual([1, 0, 0])
  expect(counts(log, [], [reader(false, ['a'], ['c', 'd'])])).toEqual([1, 0, 0])
  expect(counts(log, [], [reader(false, ['a', 'b'])])).toEqual([2, 0, 0])
  expect(counts(log, [], [reader(true, ['a', 'b', 'c', 'd', 'x'])])).toEqual([1, 0, 0])
  expect(counts(log, [], [{ ...reader(true), visits: [{ texts: ['a', 'd'], missed: 2 }] }])).toEqual([0, 0, 0])
})

test('what comes twice or in another order is counted', () => {
  expect(counts(logOf('a', 'b', 'a'), [], [])).toEqual([0, 1, 0])
  expect(counts(logOf('a', 'b'), [], [reader(true, ['a', 'b', 'b'])])).toEqual([0, 1, 0])
  expect(counts(logOf('a', 'b'), [], [reader(true, ['a', 'b'], ['b'])])).toEqual([0, 1, 0])
  expect(counts(logOf('a', 'b'), [], [reader(false, ['a', 'b', 'a'])])).toEqual([0, 0, 1])
  expect(counts({ ...logOf('a'), epochs: new Set(['one', 'two']) }, [], [])).toEqual([0, 0, 1])
  expect(counts({ ...logOf(), messages: [{ id: 2, type: 'chat', text: 'a' }] }, [], [])).toEqual([0, 0, 1])
})
