// Exercise 2 (lesson 4): a ring.
//
// Write a ring that keeps the newest `size` messages. Their ids are 1, 2, 3 …
//
//     const ring = createRing(4)
//     ring.put({ id: 1, text: 'one' })
//     ring.since(0)      { messages: [{ id: 1, text: 'one' }], missed: 0 }
//
// `since(id)` answers what is newer, oldest first, and how many of the newer ones are gone.
// A reader with the id 0 comes for the first time: it has missed nothing.
//
// Run: node --test 2-ring.test.mjs

import { todo } from './todo.mjs'

export function createRing(size) {
  return todo(size)
}
