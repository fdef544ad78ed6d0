import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createParked } from './1-parked.mjs'

/** Timers that the test sets off. */
function fakeTimers() {
  const timers = new Set()
  const after = (ms, call) => {
    const timer = { ms, call }
    timers.add(timer)
    return () => timers.delete(timer)
  }
  const fire = () => {
    for (const timer of timers) {
      timers.delete(timer)
      timer.call()
    }
  }
  return { after, fire, timers }
}

test('a message wakes everybody who is parked, once', () => {
  const { after } = fakeTimers()
  const parked = createParked(after)
  const heard = []
  parked.park((message) => heard.push(['ada', message]), 1000)
  parked.park((message) => heard.push(['bob', message]), 1000)
  parked.wake('hello')
  parked.wake('again')
  assert.deepEqual(heard, [
    ['ada', 'hello'],
    ['bob', 'hello'],
  ])
  assert.equal(parked.size, 0)
})

test('a poll that has waited long enough is called with nothing', () => {
  const { after, fire, timers } = fakeTimers()
  const parked = createParked(after)
  const heard = []
  parked.park((message) => heard.push(message), 25_000)
  assert.deepEqual(
    [...timers].map(({ ms }) => ms),
    [25_000],
  )
  fire()
  parked.wake('too late')
  assert.deepEqual(heard, [undefined])
  assert.equal(parked.size, 0)
})

test('a reader that hangs up leaves nothing behind', () => {
  const { after, timers } = fakeTimers()
  const parked = createParked(after)
  const leave = parked.park(() => assert.fail('called after leaving'), 1000)
  leave()
  parked.wake('hello')
  assert.equal(parked.size, 0)
  assert.equal(timers.size, 0)
})

test('a poll that parks again while the others are woken waits for the next message', () => {
  const { after, timers } = fakeTimers()
  const parked = createParked(after)
  const heard = []
  const poll = (message) => {
    heard.push(message)
    if (heard.length < 10) parked.park(poll, 1000)
  }
  parked.park(poll, 1000)
  parked.wake('one')
  assert.deepEqual(heard, ['one'])
  parked.wake('two')
  assert.deepEqual(heard, ['one', 'two'])
  assert.equal(timers.size, 1)
})
