import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readJournal } from './6-journal.mjs'

const line = (id, text) => `${JSON.stringify({ id, text })}\n`

test('every whole line is a message', () => {
  const text = line(1, 'one') + line(2, 'two')
  assert.deepEqual(readJournal(text), {
    messages: [
      { id: 1, text: 'one' },
      { id: 2, text: 'two' },
    ],
    whole: text,
  })
})

test('half a line at the end is no message, and is cut off', () => {
  const half = line(2, 'two').slice(0, 9)
  assert.deepEqual(readJournal(line(1, 'one') + half), {
    messages: [{ id: 1, text: 'one' }],
    whole: line(1, 'one'),
  })
})

test('a line without its end was not acknowledged, even where all else of it is there', () => {
  const text = line(1, 'one') + line(2, 'two').trimEnd()
  assert.deepEqual(readJournal(text), { messages: [{ id: 1, text: 'one' }], whole: line(1, 'one') })
})

test('a new journal is empty, and so is one that broke in its first line', () => {
  assert.deepEqual(readJournal(''), { messages: [], whole: '' })
  assert.deepEqual(readJournal('{"id":1,'), { messages: [], whole: '' })
})

test('a line end inside a message is no end of a line', () => {
  assert.deepEqual(readJournal(line(1, 'two\nlines')).messages, [{ id: 1, text: 'two\nlines' }])
})

test('a damaged line in the middle is said, and not left out', () => {
  assert.throws(
    () => readJournal(`${line(1, 'one')}{"id":2,"te\n${line(3, 'three')}`),
    /damaged: line 2$/,
  )
})
