// The rooms that have news take turns: a hall never makes a conversation wait, and is never kept waiting by many.

import { expect, test } from 'vitest'
import { Scheduler, type Sliced } from '../../../src/core/rooms/scheduler.js'
import { FakeClock } from '../../support/clock.js'

/** A room that takes a slice of so many milliseconds so many times; `order` is told of each. */
function room(clock: FakeClock, order: string[], name: string, size: number, slices: number, ms: number): Sliced {
  let left = slices
  return {
    size,
    slice() {
      clock.stall(ms)
      order.push(name)
      return --left === 0
    },
  }
}

test('a conversation that has news while a hall is being woken is woken next', () => {
  const clock = new FakeClock()
  const scheduler = new Scheduler(clock)
  const order: string[] = []
  scheduler.add(room(clock, order, 'hall', 5000, 4, 2))
  clock.turn()
  scheduler.add(room(clock, order, 'second hall', 5000, 1, 2))
  scheduler.add(room(clock, order, 'talk', 5, 1, 0))
  clock.settle()
  expect(order).toEqual(['hall', 'talk', 'hall', 'second hall', 'hall', 'hall'])
})

test('however many conversations there are, a hall has a slice in each turn', () => {
  const clock = new FakeClock()
  const scheduler = new Scheduler(clock)
  const order: string[] = []
  for (let i = 0; i < 20; i++) scheduler.add(room(clock, order, `talk ${i}`, 5, 1, 1))
  scheduler.add(room(clock, order, 'hall', 5000, 1, 2))
  clock.turn()
  expect(order).toEqual(['talk 0', 'talk 1', 'talk 2', 'hall'])
  clock.settle()
  expect(order).toHaveLength(21)
})
