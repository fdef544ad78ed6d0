import assert from 'node:assert/strict'
import { test } from 'node:test'
import { placeOf } from './3-cursor.mjs'

const log = { epoch: 'k3f9', last: 20 }

test('a place in this log is where the reader goes on', () => {
  assert.deepEqual(placeOf('k3f9.12', log), { since: 12, gap: undefined })
  assert.deepEqual(placeOf('k3f9.20', log), { since: 20, gap: undefined })
})

test('a reader without a cursor begins at the beginning', () => {
  assert.deepEqual(placeOf('', log), { since: 0, gap: undefined })
})

test('a place in another log is a restart', () => {
  assert.deepEqual(placeOf('p0c1.12', log), { since: 0, gap: 'restart' })
})

test('a place that this log has not reached is a rewind', () => {
  assert.deepEqual(placeOf('k3f9.21', log), { since: 0, gap: 'rewind' })
})

test('what is no cursor is refused', () => {
  for (const text of [
    '12',
    'k3f9',
    'k3f9.',
    '.12',
    'k3f9.x',
    'k3f9.-1',
    'k3f9.1.5',
    'k3f9.1e3',
    'k3f9. 1',
  ])
    assert.throws(() => placeOf(text, log), /cursor/, text)
})
