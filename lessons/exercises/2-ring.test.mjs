import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRing } from './2-ring.mjs'

function filled(size, count) {
  const ring = createRing(size)
  for (let id = 1; id <= count; id++) ring.put({ id, text: `number ${id}` })
  return ring
}

const idsSince = (ring, id) => ring.since(id).messages.map((message) => message.id)

test('what is newer comes oldest first', () => {
  const ring = filled(4, 3)
  assert.deepEqual(idsSince(ring, 0), [1, 2, 3])
  assert.deepEqual(idsSince(ring, 2), [3])
  assert.deepEqual(idsSince(ring, 3), [])
  assert.equal(ring.since(2).messages[0].text, 'number 3')
})

test('it keeps the newest messages only', () => {
  assert.deepEqual(idsSince(filled(4, 7), 0), [4, 5, 6, 7])
  assert.deepEqual(idsSince(filled(4, 1000), 0), [997, 998, 999, 1000])
})

test('a reader that was away for too long is told how many it has missed', () => {
  const ring = filled(4, 7)
  assert.equal(ring.since(1).missed, 2)
  assert.equal(ring.since(3).missed, 0)
  assert.equal(ring.since(7).missed, 0)
})

test('a reader that comes for the first time has missed nothing', () => {
  assert.equal(filled(4, 7).since(0).missed, 0)
  assert.deepEqual(createRing(4).since(0), { messages: [], missed: 0 })
})
