import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pauseMs } from './5-backoff.mjs'

test('it is never shorter than 250 ms', () => {
  for (const failures of [1, 2, 10, 1000])
    assert.equal(
      pauseMs(failures, () => 0),
      250,
    )
})

test('the longest time doubles with each failure', () => {
  const almostOne = () => 1 - 1e-9
  assert.deepEqual(
    [1, 2, 3, 4].map((failures) => Math.round(pauseMs(failures, almostOne))),
    [500, 1000, 2000, 4000],
  )
})

test('it lies between the two as the random number says', () => {
  assert.equal(
    pauseMs(1, () => 0.5),
    375,
  )
  assert.equal(
    pauseMs(2, () => 0.5),
    625,
  )
})

test('it is never longer than 20 seconds, however often it failed', () => {
  for (const failures of [10, 100, 5000])
    assert.equal(Math.round(pauseMs(failures, () => 1 - 1e-9)), 20_000)
})

test('a thousand readers do not come back together', () => {
  const pauses = Array.from({ length: 1000 }, () => pauseMs(4, Math.random))
  const slots = new Set(pauses.map((ms) => Math.floor(ms / 250)))
  assert.ok(slots.size > 10, `they came in ${slots.size} groups`)
})
