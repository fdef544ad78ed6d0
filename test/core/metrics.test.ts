import { expect, test } from 'vitest'
import { Counter, describe, gauge, Histogram } from '../../src/core/metrics.js'

test('a counter has one series for each value of its label', () => {
  const counter = new Counter('outcome')
  counter.add(2, 'messages')
  counter.add(1, 'empty')
  counter.add(1, 'messages')
  expect(counter.sum).toBe(4)
  expect(counter.lines('polls')).toEqual(['polls{outcome="messages"} 3', 'polls{outcome="empty"} 1'])
})

test('a counter without a label is one number, from the start', () => {
  const counter = new Counter()
  expect(counter.lines('sent')).toEqual(['sent 0'])
  counter.add(3)
  expect(counter.lines('sent')).toEqual(['sent 3'])
})

test('a histogram counts each bucket with all below it', () => {
  const histogram = new Histogram([0.1, 1])
  histogram.observe(0.1)
  histogram.observe(0.5, 3)
  histogram.observe(0.5)
  histogram.observe(7)
  expect(histogram.lines('wait')).toEqual([
    'wait_bucket{le="0.1"} 1',
    'wait_bucket{le="1"} 5',
    'wait_bucket{le="+Inf"} 6',
    'wait_sum 9.1',
    'wait_count 6',
  ])
})

test('a histogram has all its buckets from the start', () => {
  expect(new Histogram([0.1]).lines('wait')).toEqual([
    'wait_bucket{le="0.1"} 0',
    'wait_bucket{le="+Inf"} 0',
    'wait_sum 0',
    'wait_count 0',
  ])
})

test('a gauge without labels is its name and its value', () => {
  expect(gauge('rooms', 2)).toEqual(['rooms 2'])
})

test('a metric says what it is before its values', () => {
  expect(describe('rooms', 'gauge', 'Rooms.', gauge('rooms', 2, { a: 'b', c: 'd' }))).toBe(
    '# HELP rooms Rooms.\n# TYPE rooms gauge\nrooms{a="b",c="d"} 2\n',
  )
})
