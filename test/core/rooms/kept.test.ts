// The core with a store that keeps messages from before.

import { expect, test } from 'vitest'
import { type Find, KEY_MS, IdempotencyKeys } from '../../../src/core/rooms/idempotency.js'
import type { Message } from '../../../src/core/rooms/message.js'
import type { Appended } from '../../../src/core/rooms/store.js'
import { FakeClock } from '../../support/clock.js'
import { codeOf } from '../../support/chat.js'

const kept: Message = { id: 7, room: 'lobby', type: 'chat', username: 'ada', text: 'hi', timestamp: 1, key: 'k' }
const fresh: Message = { ...kept, id: 8 }
const EPOCH = 'epoch001'
const appended = (message: Message): Appended => ({ message, epoch: EPOCH })
const send = (): Promise<Appended> => Promise.resolve(appended(fresh))

const finding: Find = (username, key) =>
  username === 'ada' && key === 'k' ? Promise.resolve(appended(kept)) : undefined

test('a message that the store brought counts for its name, with a session or without', async () => {
  for (const sender of ['name ada', 'session ada']) {
    const keys = new IdempotencyKeys(new FakeClock())
    keys.note(kept, EPOCH)
    expect(await keys.once(sender, 'k', 'hi', send)).toEqual({ appended: appended(kept), replayed: true })
    expect(await codeOf(() => keys.once(sender, 'k', 'ho', send))).toBe('key_reused')
    expect(await keys.once('name bob', 'k', 'hi', send)).toEqual({ appended: appended(fresh), replayed: false })
  }
})

test('a message that was sent from here is not noted again for everybody of its name', async () => {
  const keys = new IdempotencyKeys(new FakeClock())
  await keys.once('name ada', 'k', 'hi', send)
  keys.note(fresh, EPOCH)
  expect([keys.size, (await keys.once('session ada', 'k', 'hi', send)).replayed]).toEqual([1, false])
})

test('a noted key is forgotten ten minutes after its message was sent, once that has left the ring', () => {
  const clock = new FakeClock()
  const keys = new IdempotencyKeys(clock)
  keys.note({ ...kept, timestamp: clock.date() - KEY_MS + 1000 }, EPOCH)
  keys.trim(8)
  expect(keys.size).toBe(1)
  clock.stall(1000)
  keys.trim(7)
  expect(keys.size).toBe(1)
  keys.trim(8)
  expect(keys.size).toBe(0)
})

test('a key that is not known is looked for in the store, and one message comes of many tries', async () => {
  const keys = new IdempotencyKeys(new FakeClock(), finding)
  const all = await Promise.all(Array.from({ length: 5 }, () => keys.once('name ada', 'k', 'hi', send)))
  expect(all).toEqual(Array.from({ length: 5 }, () => ({ appended: appended(kept), replayed: true })))
  expect(await keys.once('name ada', 'other', 'hi', send)).toEqual({ appended: appended(fresh), replayed: false })
})

test('a key that the store has under another text is refused', async () => {
  const keys = new IdempotencyKeys(new FakeClock(), finding)
  expect(await codeOf(() => keys.once('name ada', 'k', 'ho', send))).toBe('key_reused')
  expect(keys.size).toBe(0)
})

test('where the store finds nothing after all, the message is sent', async () => {
  const keys = new IdempotencyKeys(new FakeClock(), () => Promise.resolve(undefined))
  expect(await keys.once('name ada', 'k', 'hi', send)).toEqual({ appended: appended(fresh), replayed: false })
})

test('where the store remembers, nothing is held beyond the ring', async () => {
  const keys = new IdempotencyKeys(new FakeClock(), finding)
  await keys.once('name ada', 'k2', 'hi', send)
  keys.trim(9)
  expect(keys.size).toBe(0)
})
