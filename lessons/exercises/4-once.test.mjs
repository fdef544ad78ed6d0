import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createOnce } from './4-once.mjs'

/** A send that takes a moment, and counts. */
function counter() {
  const counted = { sent: 0 }
  const send = async () => {
    const id = ++counted.sent
    await sleep(5)
    return { id }
  }
  return { counted, send }
}

test('another key is another message', async () => {
  const { counted, send } = counter()
  const once = createOnce()
  assert.deepEqual(await once('k1', 'hello', send), { id: 1 })
  assert.deepEqual(await once('k2', 'hello', send), { id: 2 })
  assert.equal(counted.sent, 2)
})

test('the same key is the same message', async () => {
  const { counted, send } = counter()
  const once = createOnce()
  await once('k1', 'hello', send)
  assert.deepEqual(await once('k1', 'hello', send), { id: 1 })
  assert.equal(counted.sent, 1)
})

test('also while the first one is still under way', async () => {
  const { counted, send } = counter()
  const once = createOnce()
  const answers = await Promise.all([once('k1', 'hello', send), once('k1', 'hello', send)])
  assert.deepEqual(answers, [{ id: 1 }, { id: 1 }])
  assert.equal(counted.sent, 1)
})

test('a failed send frees its key', async () => {
  const { send } = counter()
  const once = createOnce()
  const fail = async () => {
    throw new Error('the disk is full')
  }
  await assert.rejects(once('k1', 'hello', fail), /disk is full/)
  assert.deepEqual(await once('k1', 'hello', send), { id: 1 })
})

test('the same key with another text is an error', async () => {
  const { counted, send } = counter()
  const once = createOnce()
  await once('k1', 'hello', send)
  await assert.rejects(async () => once('k1', 'goodbye', send))
  assert.equal(counted.sent, 1)
})
