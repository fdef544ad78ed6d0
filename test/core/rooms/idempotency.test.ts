import { describe, expect, test, vi } from 'vitest'
import { KEY_MS, IdempotencyKeys } from '../../../src/core/rooms/idempotency.js'
import type { Message } from '../../../src/core/rooms/message.js'
import type { Appended } from '../../../src/core/rooms/store.js'
import { codeOf, message } from '../../support/chat.js'
import { FakeClock } from '../../support/clock.js'

const EPOCH = 'epoch001'

function appended(message: Message): Appended {
  return { message, epoch: EPOCH }
}

function createKeys() {
  const clock = new FakeClock()
  let id = 0
  const send = vi.fn((): Promise<Appended> => Promise.resolve(appended(message(++id))))
  return { clock, keys: new IdempotencyKeys(clock), send }
}

test('a repeat by the same sender gets the first answer and sends nothing', async () => {
  const { keys, send } = createKeys()
  expect(await keys.once('ada', 'k', 'hi', send)).toEqual({ appended: appended(message(1)), replayed: false })
  expect(await keys.once('ada', 'k', 'hi', send)).toEqual({ appended: appended(message(1)), replayed: true })
  expect(send).toHaveBeenCalledTimes(1)
})

test('repeats at the same moment send once', async () => {
  const { keys, send } = createKeys()
  const all = await Promise.all(Array.from({ length: 20 }, () => keys.once('ada', 'k', 'hi', send)))
  expect(all.map((sent) => sent.appended.message.id)).toEqual(Array.from({ length: 20 }, () => 1))
  expect(all.filter((sent) => !sent.replayed)).toHaveLength(1)
})

test('the same key of another sender, or another key, is another message', async () => {
  const { keys, send } = createKeys()
  await keys.once('ada', 'k', 'hi', send)
  expect((await keys.once('bob', 'k', 'hi', send)).replayed).toBe(false)
  expect((await keys.once('ada', 'k2', 'hi', send)).replayed).toBe(false)
})

test('the same key with another text is refused, also while the first is under way', async () => {
  const { keys, send } = createKeys()
  const first = keys.once('ada', 'k', 'hi', send)
  expect(await codeOf(() => keys.once('ada', 'k', 'ho', send))).toBe('key_reused')
  await first
  expect(await codeOf(() => keys.once('ada', 'k', 'ho', send))).toBe('key_reused')
})

test('a failed send frees its key, and all who waited for it fail', async () => {
  const { keys, send } = createKeys()
  const failing = (): Promise<Appended> => Promise.reject(new Error('disk'))
  const both = await Promise.allSettled([keys.once('ada', 'k', 'hi', failing), keys.once('ada', 'k', 'hi', send)])
  expect(both.map((one) => one.status)).toEqual(['rejected', 'rejected'])
  expect(keys.size).toBe(0)
  expect((await keys.once('ada', 'k', 'ho', send)).replayed).toBe(false)
})

test('a send that fails after the log began anew frees no key but its own', async () => {
  const { keys, send } = createKeys()
  let fail: (error: Error) => void = () => undefined
  const first = keys.once('ada', 'k', 'hi', () => new Promise((_resolve, reject) => (fail = reject)))
  keys.clear()
  await keys.once('ada', 'k', 'hi', send)
  fail(new Error('disk'))
  await expect(first).rejects.toThrow('disk')
  expect(keys.size).toBe(1)
})

test('a key lives ten minutes, though its message left the ring', async () => {
  const { clock, keys, send } = createKeys()
  await keys.once('ada', 'k', 'hi', send)
  clock.advance(KEY_MS - 1)
  keys.trim(2)
  expect((await keys.once('ada', 'k', 'hi', send)).replayed).toBe(true)
})

test('a key lives as long as its message is in the ring, though ten minutes are over', async () => {
  const { clock, keys, send } = createKeys()
  await keys.once('ada', 'k', 'hi', send)
  clock.advance(10 * KEY_MS)
  keys.trim(1)
  expect((await keys.once('ada', 'k', 'hi', send)).replayed).toBe(true)
})

test('a key goes when ten minutes are over and its message is out of the ring', async () => {
  const { clock, keys, send } = createKeys()
  await keys.once('ada', 'k', 'hi', send)
  clock.advance(KEY_MS)
  keys.trim(2)
  expect(keys.size).toBe(0)
  expect((await keys.once('ada', 'k', 'hi', send)).replayed).toBe(false)
})

test('a send that is still under way keeps its key, however long it takes', async () => {
  const { clock, keys } = createKeys()
  void keys.once('ada', 'k', 'hi', () => new Promise(() => undefined))
  clock.advance(10 * KEY_MS)
  keys.trim(1000)
  expect(keys.size).toBe(1)
})

test('a message that the store brought brings its key, for its name however it sends', async () => {
  const { keys, send } = createKeys()
  keys.note(message(7, { key: 'k', text: 'hi' }), EPOCH)
  keys.note(message(8), EPOCH)
  expect(keys.size).toBe(1)
  for (const sender of ['name ada', 'session ada']) {
    expect(await keys.once(sender, 'k', 'hi', send)).toMatchObject({
      appended: { message: { id: 7 }, epoch: EPOCH },
      replayed: true,
    })
    expect(await codeOf(() => keys.once(sender, 'k', 'ho', send))).toBe('key_reused')
  }
  expect((await keys.once('name bob', 'k', 'hi', send)).replayed).toBe(false)
})

test.for([
  ['an edit', { type: 'edit', of: 3 }],
  ['a message with a file', { file: { id: 'f1', name: 'a.png', type: 'image/png', bytes: 5 } }],
] as const)('a key that %s brought is not good for a message with the same text', async ([, parts]) => {
  const { keys, send } = createKeys()
  keys.note(message(7, { key: 'k', text: 'hi', ...parts }), EPOCH)
  expect(await codeOf(() => keys.once('name ada', 'k', 'hi', send))).toBe('key_reused')
})

test('a message that was sent from here is remembered once', async () => {
  const { keys } = createKeys()
  const own = message(1, { key: 'k', text: 'hi' })
  await keys.once('name ada', 'k', 'hi', () => {
    keys.note(own, EPOCH)
    return Promise.resolve(appended(own))
  })
  expect(keys.size).toBe(1)
})

test('a store that remembers is asked, and what left the ring is not held here as well', async () => {
  const clock = new FakeClock()
  const old = message(3, { key: 'old', text: 'hi' })
  const keys = new IdempotencyKeys(clock, (username, key) =>
    username === 'ada' ? Promise.resolve(key === 'old' ? appended(old) : undefined) : undefined,
  )
  const send = vi.fn((): Promise<Appended> => Promise.resolve(appended(message(9))))
  expect(await keys.once('session ada', 'old', 'hi', send)).toEqual({ appended: appended(old), replayed: true })
  expect(send).not.toHaveBeenCalled()
  expect((await keys.once('name ada', 'new', 'hi', send)).replayed).toBe(false)
  expect((await keys.once('name bob', 'old', 'hi', send)).replayed).toBe(false)
  keys.trim(100)
  expect(keys.size).toBe(0)
  expect(await codeOf(() => keys.once('session ada', 'old', 'another', send))).toBe('key_reused')
  expect(keys.size).toBe(0)
})

describe('messages that have left the ring', () => {
  const left = (keys: IdempotencyKeys, key: string, username = 'ada', size = 100): void =>
    keys.left(message(1, { key, username }), size)

  test('count as memory, and where that is short the older half of them goes', async () => {
    const { keys, send } = createKeys()
    for (const key of ['in the ring', 'a', 'b', 'c']) await keys.once('name ada', key, 'hi', send)
    await keys.once('session bob', 's', 'hi', send)
    for (const key of ['a', 'b', 'c', 'unknown']) left(keys, key)
    left(keys, 's', 'bob', 70)
    left(keys, 's', 'bob', 100)
    await keys.once('name ada', 'undefined', 'hi', send)
    keys.left(message(9), 100)
    expect([keys.size, keys.bytes]).toEqual([6, 400])
    keys.shed()
    expect([keys.size, keys.bytes]).toEqual([4, 200])
    const isKnown = async (key: string) => (await keys.once('name ada', key, 'hi', send)).replayed
    expect([await isKnown('in the ring'), await isKnown('a'), await isKnown('c')]).toEqual([true, false, true])
  })

  test('count no longer when their ten minutes are over', async () => {
    const { clock, keys, send } = createKeys()
    await keys.once('name ada', 'k', 'hi', send)
    left(keys, 'k')
    clock.advance(KEY_MS)
    keys.trim(2)
    expect([keys.size, keys.bytes]).toEqual([0, 0])
  })

  test('are held only where no store can be asked, or where one keeps them for less than ten minutes', async () => {
    const { send } = createKeys()
    const [asks, holds] = [false, true].map((held) => new IdempotencyKeys(new FakeClock(), () => undefined, held))
    for (const keys of [asks, holds]) {
      await keys?.once('name ada', 'k', 'hi', send)
      keys?.left(message(1, { key: 'k' }), 100)
    }
    expect([asks?.bytes, holds?.bytes]).toEqual([0, 100])
  })
})
