// Exercise 6 (lesson 8): what a journal says after a power cut.
//
// A journal has one message on each line. A power cut can leave half a line at its end:
//
//     {"id":1,"text":"one"}
//     {"id":2,"te
//
// Write what the server does with such a text when it starts.
//
//     readJournal('{"id":1,"text":"one"}\n{"id":2,"te')
//       { messages: [{ id: 1, text: 'one' }], whole: '{"id":1,"text":"one"}\n' }
//
// `whole` is the text up to the end of the last whole line: so much of the file stays.
// A line in the middle that is no JSON is not from a power cut. Then throw an error that
// says which line it is: `damaged: line 2`.
//
// Run: node --test 6-journal.test.mjs

import { todo } from './todo.mjs'

export function readJournal(text) {
  return todo(text)
}
