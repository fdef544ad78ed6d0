// Exercise 5 (lesson 7): how long does a reader wait after a failure?
//
// Write `pauseMs(failures, random)`. `failures` counts from 1, `random()` answers a number from
// 0 up to 1. The pause is a random time between 250 ms and a longest time. The longest time is
// 500 ms after the first failure, twice as long after each one more, and 20 seconds at most.
//
//     pauseMs(1, () => 0)        250
//     pauseMs(1, () => 0.5)      375
//     pauseMs(2, () => 0.5)      625
//
// Run: node --test 5-backoff.test.mjs

import { todo } from './todo.mjs'

export function pauseMs(failures, random) {
  return todo(failures, random)
}
