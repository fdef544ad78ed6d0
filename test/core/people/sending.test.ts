// Sending: what a message with a file, with a key, in a slow room or as an answer costs, and what is left where it is
// refused.

import { describe, expect, test } from 'vitest'
import type { Chat } from '../../../src/core/chat.js'
import { NO_LIMITS } from '../../../src/core/people/limits.js'
import type { SendRequest } from '../../../src/core/people/sending.js'
import type { Store } from '../../../src/core/rooms/store.js'
import { memoryStore } from '../../../src/stores/memory.js'
import { codeOf, createChat, type ChatSizes } from '../../support/chat.js'
import { fixedRandom } from '../../support/random.js'
import { createTwo } from '../../support/shared-people.js'
import { createShelf, file, fileId } from '../../support/shelf.js'

const room = 'lobby'

async function withAda(sizes?: ChatSizes, store?: Store) {
  const fixture = createChat(sizes, store)
  const { session: ada } = await fixture.chat.join({ room, username: 'ada' })
  const say = (more: Partial<SendRequest> = {}) => fixture.chat.send({ room, session: ada, text: 'hi', ...more })
  return { ...fixture, ada, say }
}

async function slow(chat: Chat, seconds: number): Promise<void> {
  const { session } = await chat.join({ room: 'staff', username: 'teacher' })
  await chat.moderation.appoint(session)
  await chat.moderation.slow(session, room, seconds)
}

/** A memory that answers later, as a disk does, and that a test breaks. */
function late(): Store & { isBroken: boolean } {
  const store = memoryStore(500, fixedRandom())
  return {
    ...store,
    isBroken: false,
    async append(name, draft) {
      await new Promise((resolve) => setImmediate(resolve))
      if (this.isBroken) throw new Error('no disk')
      return store.append(name, draft)
    },
  }
}

describe('a message with a file', () => {
  test('says its own text, or the name of the file where it has none', async () => {
    for (const [text, said] of [
      ['look', 'look'],
      ['', 'hill.png'],
      [undefined, 'hill.png'],
    ]) {
      const { say } = await withAda(createShelf())
      expect(await say({ text, file: fileId })).toMatchObject({ message: { text: said, file }, replayed: false })
    }
  })

  test('is refused with a text that is none, and leaves the file free', async () => {
    const { files, done } = createShelf()
    const { say } = await withAda({ files })
    expect(await codeOf(() => say({ text: 7, file: fileId }))).toBe('bad_request')
    expect(await codeOf(() => say({ text: '' }))).toBe('bad_request')
    expect(done).toEqual([])
    expect((await say({ file: fileId })).message.file).toEqual(file)
  })

  test('has it alone, and sent again with its key it is the same message', async () => {
    const { files, done } = createShelf()
    const { say } = await withAda({ files })
    const first = await say({ file: fileId, key: 'k' })
    expect(await say({ file: fileId, key: 'k' })).toMatchObject({ replayed: true, message: first.message })
    expect(done).toEqual([`${fileId} is sent`])
    expect(await codeOf(() => say({ file: fileId }))).toBe('not_found')
  })

  test('may have one that another server has sent with the same key', async () => {
    const { files } = createShelf()
    const { say } = await withAda({ files })
    await files.mark(fileId, true)
    expect(await codeOf(() => say({ file: fileId }))).toBe('not_found')
    expect((await say({ file: fileId, key: 'k' })).message.file).toEqual(file)
  })

  test.each([undefined, 'k'])(
    'that could not be kept, with the key %s, leaves the file and the turn free',
    async (key) => {
      const { files, done } = createShelf()
      const store = late()
      const { chat, say } = await withAda({ files }, store)
      await slow(chat, 10)
      store.isBroken = true
      await expect(say({ file: fileId, key })).rejects.toThrow('no disk')
      expect(done).toEqual([`${fileId} is sent`, `${fileId} is not sent`])
      store.isBroken = false
      expect((await say({ file: fileId, key })).message.file).toEqual(file)
    },
  )

  test('that comes too soon in a slow room leaves the file free', async () => {
    const { files, done } = createShelf()
    const { chat, say } = await withAda({ files })
    await slow(chat, 10)
    await say()
    expect(await codeOf(() => say({ file: fileId }))).toBe('rate_limited')
    expect(done).toEqual([])
  })

  test('whose file cannot be taken leaves the turn in a slow room', async () => {
    const { chat, say } = await withAda(createShelf(/is sent/))
    await slow(chat, 10)
    await expect(say({ file: fileId })).rejects.toThrow('no disk')
    expect((await say()).message.text).toBe('hi')
  })
})

describe('a message with a key', () => {
  test('in a slow room takes its turn once, and can be repeated at once', async () => {
    const { chat, say } = await withAda()
    await slow(chat, 10)
    const first = await say({ key: 'k' })
    expect(await say({ key: 'k' })).toMatchObject({ replayed: true, message: first.message, epoch: first.epoch })
    expect(await codeOf(() => say({ key: 'other' }))).toBe('rate_limited')
  })

  test('is told to an observer as repeated only where it is', async () => {
    const { chat, say } = await withAda()
    const told: string[] = []
    const ignore = (): void => undefined
    chat.watch.observer = {
      sent: ignore,
      kept: ignore,
      repeated: ({ name }, username) => void told.push(`${username} in ${name}`),
      delivered: ignore,
      waking: ignore,
      parked: ignore,
      told: ignore,
      gone: ignore,
    }
    await say({ key: 'k' })
    expect(told).toEqual([])
    await say({ key: 'k' })
    expect(told).toEqual(['ada in lobby'])
    chat.watch.observer = undefined
    await say({ key: 'k' })
  })
})

describe('a message', () => {
  test('is counted to the address of its request, or else to that of its session; without one to none', async () => {
    const rates = { ...NO_LIMITS, address: { perSecond: 0.001, burst: 2 } }
    const { chat } = createChat({ rates })
    const { session } = await chat.join({ room, username: 'ada', address: '192.0.2.1' })
    const say = (more: Partial<SendRequest>) => chat.send({ room, text: 'hi', ...more })
    await say({ session })
    await say({ session })
    expect(await codeOf(() => say({ session }))).toBe('rate_limited')
    await say({ session, address: '192.0.2.2' })
    await say({ username: 'bob', address: '192.0.2.2' })
    expect(await codeOf(() => say({ username: 'bob', address: '192.0.2.2' }))).toBe('rate_limited')
    for (let i = 0; i < 4; i++) await say({ username: 'bob' })
  })

  test('to a store that answers later is answered with what was kept', async () => {
    const { chat, say, ada } = await withAda({}, late())
    expect(await say()).toMatchObject({ message: { id: 2, text: 'hi' }, epoch: 'epoch001', replayed: false })
    const { message } = await chat.amending.edit({ room, of: 2, text: 'ho', session: ada })
    expect(message).toMatchObject({ of: 2, text: 'ho' })
  })

  test('of a person without a session is nobody’s to change', async () => {
    const { chat, ada } = await withAda()
    await chat.send({ room, username: 'bob', text: 'hi' })
    expect(await codeOf(() => chat.amending.edit({ room, of: 2, text: 'ho', session: ada }))).toBe('forbidden')
  })

  test('under a held name is refused, and under a free one kept, in rooms of several processes too', async () => {
    const { one, other } = createTwo()
    await one.join({ room, username: 'ada' })
    const say = (username: string) => other.send({ room, username, text: 'hi' })
    expect(await codeOf(() => say('Ada'))).toBe('name_taken')
    expect((await say('bob')).message).toMatchObject({ id: 2, username: 'bob' })
  })

  test('that answers what is not there leaves no room behind', async () => {
    const { chat, clock } = createChat()
    const reply = (of: unknown) => chat.send({ room: 'attic', username: 'bob', text: 'why?', of })
    expect(await codeOf(() => reply(1))).toBe('not_found')
    clock.settle()
    expect(chat.rooms.get('attic')).toBeUndefined()
  })
})
