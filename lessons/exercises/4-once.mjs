// Exercise 4 (lesson 6): once.
//
// Write `once`, which sends a message unless its key was used already.
//
//     const once = createOnce()
//     await once('k1', 'hello', send)      calls send(), and answers what it answers
//     await once('k1', 'hello', send)      answers the same, and does not call send()
//
// `send()` answers a promise. Three things are not easy:
//   - the second call may come while the first one is still under way
//   - if `send` fails, the key must be free, so that the sender can try again
//   - the same key with another text is a mistake: reject with an error
//
// Run: node --test 4-once.test.mjs

import { todo } from './todo.mjs'

export function createOnce() {
  return todo()
}
