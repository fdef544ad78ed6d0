// Exercise 3 (lesson 5): what does a cursor mean?
//
// A cursor is EPOCH.ID, such as k3f9.12. Write what the server makes of it. The server's log
// has an epoch, and `last`, the id of its newest message.
//
//     placeOf('k3f9.12', { epoch: 'k3f9', last: 20 })      { since: 12, gap: undefined }
//     placeOf('p0c1.12', { epoch: 'k3f9', last: 20 })      { since: 0, gap: 'restart' }
//     placeOf('k3f9.33', { epoch: 'k3f9', last: 20 })      { since: 0, gap: 'rewind' }
//     placeOf('', { epoch: 'k3f9', last: 20 })             { since: 0, gap: undefined }
//
// Anything else is no cursor: throw an error with a sentence that says so. What comes from a
// network can be any text.
//
// Run: node --test 3-cursor.test.mjs

import { todo } from './todo.mjs'

export function placeOf(cursor, log) {
  return todo(cursor, log)
}
