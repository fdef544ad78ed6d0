// How a message of this process gets into a log: who is told of it, and that a repeat is told to nobody.

import { describe, expect, test } from 'vitest'
import { ChatError } from '../../../src/core/errors.js'
import type { Chat } from '../../../src/core/chat.js'
import type { Observer } from '../../../src/core/rooms/observer.js'
import type { Appended } from '../../../src/core/rooms/store.js'
import { codeOf, createChat } from '../../support/chat.js'

const room = 'lobby'

/** Notes what the observer is told of messages. */
function observe(chat: Chat): string[] {
  const seen: string[] = []
  const observer: Observer = {
    sent: ({ name }, username) => seen.push(`${username} sends to ${name}`),
    kept: ({ id }) => seen.push(`${id} kept`),
    repeated: () => seen.push('repeated'),
    delivered: (_, { id }) => seen.push(`${id} delivered`),
    waking: () => undefined,
    parked: () => undefined,
    told: () => undefined,
    gone: () => undefined,
  }
  chat.watch.observer = observer
  return seen
}

test('an observer sees a message sent, delivered and kept, and one that is refused only sent', async () => {
  const { chat, store } = createChat()
  const seen = observe(chat)
  await chat.send({ room, username: 'ada', text: 'hi' })
  expect(seen).toEqual(['ada sends to lobby', '1 delivered', '1 kept'])
  store.append = () => {
    throw new ChatError('unavailable', 'the store is away: try again')
  }
  expect(await codeOf(() => chat.send({ room, username: 'ada', text: 'hi' }))).toBe('unavailable')
  expect(seen.slice(3)).toEqual(['ada sends to lobby'])
})

test('a room that was opened for a message that could not be kept goes again', async () => {
  const { chat, clock, store } = createChat()
  store.append = () => {
    throw new ChatError('full', 'the disk is full')
  }
  expect(await codeOf(() => chat.send({ room, username: 'ada', text: 'hi' }))).toBe('full')
  clock.settle()
  expect([...chat.rooms.all()]).toEqual([])
})

test('in a full memory a moderator still removes and clears', async () => {
  const { chat } = createChat({ bytes: 5000 })
  const { session } = await chat.join({ room, username: 'teacher' })
  await chat.moderation.appoint(session)
  await chat.send({ room, session, text: 'x'.repeat(3000) })
  expect(await codeOf(() => chat.send({ room, session, text: 'hi' }))).toBe('full')
  expect((await chat.moderation.clear(session, room)).message).toMatchObject({ id: 1, type: 'clear' })
  await chat.send({ room, session, text: 'x'.repeat(3000) })
  expect(await codeOf(() => chat.send({ room, session, text: 'hi' }))).toBe('full')
  expect((await chat.remove(session, room, 2)).message).toMatchObject({ id: 3, type: 'delete', of: 2 })
  expect((await chat.send({ room, session, text: 'hi' })).message.id).toBe(4)
})

describe('where several processes write', () => {
  /** A store that decides about keys: it has kept `hi` under the key `k` for another process. */
  function createOneOfSeveral() {
    const fixture = createChat()
    const { store } = fixture
    const append = store.append.bind(store)
    const kept = new Map<string, Appended>()
    store.appendOnce = async (name, draft) => {
      const before = kept.get(draft.key ?? '')
      if (before !== undefined) return { ...before, replayed: true }
      const appended = await append(name, draft)
      kept.set(draft.key ?? '', appended)
      return appended
    }
    const other = { id: 7, room, type: 'chat', username: 'ada', text: 'hi', timestamp: 1, key: 'k' }
    kept.set('k', { message: other, epoch: 'remote01' })
    return { ...fixture, other }
  }

  test('the store decides whether a key was used, and a repeat is told to nobody', async () => {
    const { chat, other } = createOneOfSeveral()
    const heard: string[] = []
    chat.onPublish(({ text }) => heard.push(text))
    const repeat = await chat.send({ room, username: 'ada', text: 'hi', key: 'k' })
    expect([repeat.replayed, repeat.message, repeat.epoch, heard]).toEqual([true, other, 'remote01', []])
    const first = await chat.send({ room, username: 'ada', text: 'new', key: 'k2' })
    expect([first.replayed, first.message.text, heard]).toEqual([false, 'new', ['new']])
  })

  test('a key that another process has used for something else is refused', async () => {
    const { chat } = createOneOfSeveral()
    expect(await codeOf(() => chat.send({ room, username: 'ada', text: 'ho', key: 'k' }))).toBe('key_reused')
  })
})

test('a check that fails leaves its key free', async () => {
  const { chat } = createChat()
  const { session } = await chat.join({ room: 'staff', username: 'teacher' })
  await chat.moderation.appoint(session)
  await chat.moderation.slow(session, room, 10)
  const say = (text: string, key: string) => chat.send({ room, username: 'ada', text, key })
  await say('one', 'k1')
  expect(await codeOf(() => say('two', 'k2'))).toBe('rate_limited')
  await chat.moderation.slow(session, room, 0)
  expect((await say('other', 'k2')).replayed).toBe(false)
})
