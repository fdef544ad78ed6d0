// Exercise 1 (lesson 2): a parked poll does not wait for ever.
//
// Write the set of parked polls. A poll is a function that is called once: with a message, or
// with nothing (undefined) when it has waited for `waitMs`.
//
//     const parked = createParked(after)
//     const leave = parked.park(poll, 25_000)     leave(): the reader hung up
//     parked.wake(message)                        calls all the polls, each once
//     parked.size                                 how many are parked
//
// `after(ms, call)` starts a timer, and answers a function that stops it. A poll that is woken,
// or leaves, stops its timer.
//
// Run: node --test 1-parked.test.mjs

import { todo } from './todo.mjs'

export function createParked(after) {
  return todo(after)
}
