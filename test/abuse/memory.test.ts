// How much a client can make the server remember, and what the server does when there is no more room.

import { describe, expect, test } from 'vitest'
import { KEY_MS } from '../../src/core/rooms/idempotency.js'
import type { Store } from '../../src/core/rooms/store.js'
import { ChatError } from '../../src/core/errors.js'
import { memoryStore } from '../../src/stores/memory.js'
import { codeOf, createChat } from '../support/chat.js'
import { fixedRandom } from '../support/random.js'

const LONG = 'x'.repeat(4000)

describe('keys', () => {
  test('hold messages that left the ring, and that is counted', async () => {
    const { chat } = createChat({ ring: 10 })
    for (let i = 0; i < 100; i++) await chat.send({ room: 'lobby', username: 'u', text: LONG, key: `k${i}` })
    expect(chat.rooms.bytes).toBeGreaterThan(100 * 8000)
    expect(chat.rooms.bytes).toBe([...chat.rooms].reduce((sum, { bytes }) => sum + bytes, 0))
    expect((await chat.send({ room: 'lobby', username: 'u', text: LONG, key: 'k0' })).replayed).toBe(true)
  })

  test('give it back after ten minutes, with the next message', async () => {
    const { chat, clock } = createChat({ ring: 10 })
    for (let i = 0; i < 100; i++) await chat.send({ room: 'lobby', username: 'u', text: LONG, key: `k${i}` })
    clock.advance(KEY_MS)
    await chat.send({ room: 'lobby', username: 'u', text: 'hi' })
    expect(chat.rooms.bytes).toBeLessThan(10 * 10_000)
    expect(chat.rooms.get('lobby')?.keys.bytes).toBe(0)
  })

  test('of a flood never take more than there is, and cost nobody a room', async () => {
    const { chat } = createChat({ ring: 10, bytes: 1_000_000 })
    await chat.send({ room: 'quiet', username: 'u', text: 'an old message', key: 'old' })
    for (let i = 0; i < 2000; i++) {
      await chat.send({ room: 'flood', username: 'u', text: LONG, key: `k${i}` })
      expect(chat.rooms.bytes).toBeLessThan(1_000_000 + 10_000)
    }
    expect(chat.rooms.get('quiet')?.last).toBe(1)
    expect((await chat.send({ room: 'flood', username: 'u', text: LONG, key: 'k1999' })).replayed).toBe(true)
  })

  test('that go early are the oldest', async () => {
    const { chat } = createChat({ ring: 10, bytes: 1_000_000 })
    for (let i = 0; i < 130; i++) await chat.send({ room: 'lobby', username: 'u', text: LONG, key: `k${i}` })
    const replayed = async (i: number): Promise<boolean> =>
      (await chat.send({ room: 'lobby', username: 'u', text: LONG, key: `k${i}` })).replayed
    expect([await replayed(129), await replayed(110), await replayed(0)]).toEqual([true, true, false])
  })
})

describe('whoever leaves has left', () => {
  /** A memory store whose writing can be made to fail. */
  function breakable(): { store: Store; fail: (error: Error) => void } {
    let failure: Error | undefined
    const store = memoryStore(500, fixedRandom())
    const append: Store['append'] = (room, draft) =>
      failure === undefined ? store.append(room, draft) : Promise.reject(failure)
    return { store: { ...store, append }, fail: (error) => (failure = error) }
  }

  test.for([new ChatError('full', 'the disk is full'), new ChatError('unavailable', 'the disk is away')])(
    'though the store says %s: the name is free, and nobody is told of an error',
    async (error) => {
      const { store, fail } = breakable()
      const { chat } = createChat({}, store)
      const { session, room } = await chat.join({ room: 'lobby', username: 'ada' })
      fail(error)
      await chat.leave(session, 'lobby')
      expect(room.presence.holder('ada')).toBeUndefined()
      expect(await codeOf(() => chat.leave(session, 'lobby'))).toBe('not_joined')
    },
  )

  test('but a bug is not hidden', async () => {
    const { store, fail } = breakable()
    const { chat } = createChat({}, store)
    const { session } = await chat.join({ room: 'lobby', username: 'ada' })
    fail(new TypeError('a bug'))
    await expect(chat.leave(session, 'lobby')).rejects.toThrow('a bug')
  })

  test('also where there is no memory for another message', async () => {
    const { chat } = createChat({ bytes: 2000 })
    const { session, room } = await chat.join({ room: 'lobby', username: 'ada' })
    while ((await codeOrUndefined(() => chat.send({ room: 'lobby', text: 'hi', session }))) !== 'full');
    await chat.leave(session, 'lobby')
    expect(room.presence.size).toBe(0)
  })

  async function codeOrUndefined(call: () => Promise<unknown>): Promise<string | undefined> {
    try {
      await call()
      return undefined
    } catch (error) {
      return error instanceof ChatError ? error.code : String(error)
    }
  }
})
