// Edits, deletes, reactions and replies: who may make them, for how long, and what a room's readers get.

import { describe, expect, test } from 'vitest'
import type { Chat } from '../../../src/core/chat.js'
import { EDIT_MS } from '../../../src/core/people/authors.js'
import { GATHER_MS } from '../../../src/core/people/gatherings.js'
import type { Session } from '../../../src/core/people/sessions.js'
import { REACTION_PEOPLE } from '../../../src/core/rooms/change.js'
import type { Message } from '../../../src/core/rooms/message.js'
import { codeOf, createChat, join } from '../../support/chat.js'

const room = 'lobby'

/** A chat in which ada has said `helo`, with the id 2. */
async function withAda(editMs?: number): Promise<ReturnType<typeof createChat> & { ada: Session }> {
  const fixture = createChat({ editMs })
  const ada = await join(fixture.chat, 'ada')
  await fixture.chat.send({ room, text: 'helo', session: ada })
  return { ...fixture, ada }
}

const entry = (chat: Chat, id: number): Message | undefined => chat.rooms.get(room)?.entry(id)?.message

describe('an edit', () => {
  test('gives the message its new text in the ring and in history, and is told as an entry', async () => {
    const { chat, ada } = await withAda()
    const { message } = await chat.amending.edit({ room, of: 2, text: 'hello', session: ada })
    expect(message).toMatchObject({ id: 3, type: 'edit', of: 2, text: 'hello', username: 'ada' })
    const now = { id: 2, type: 'chat', text: 'hello', edited: message.timestamp }
    expect(entry(chat, 2)).toMatchObject(now)
    expect((await chat.history(room, { limit: 9 })).messages[1]).toMatchObject(now)
    expect(chat.rooms.get(room)?.entry(2)?.json).toContain('"hello"')
  })

  test('is the session’s alone that sent it: no other name, no later holder of the name, nobody without one', async () => {
    const { chat, ada } = await withAda()
    const bob = await join(chat, 'bob')
    const edit = (session: Session | undefined, of = 2) => chat.amending.edit({ room, of, text: 'x', session })
    expect(await codeOf(() => edit(bob))).toBe('forbidden')
    expect(await codeOf(() => edit(undefined))).toBe('unauthorized')
    await chat.end(ada)
    const other = await join(chat, 'ada')
    expect(await codeOf(() => edit(other))).toBe('forbidden')
    const { message } = await chat.send({ room, text: 'hi', username: 'carl' })
    const carl = await join(chat, 'carl')
    expect(await codeOf(() => edit(carl, message.id))).toBe('forbidden')
    expect(entry(chat, 2)?.text).toBe('helo')
  })

  test('may be made for a time, and with 0 not at all', async () => {
    const { chat, clock, ada } = await withAda()
    const disconnect = ada.connect()
    const edit = () => chat.amending.edit({ room, of: 2, text: 'x', session: ada })
    clock.advance(EDIT_MS)
    await edit()
    clock.advance(1)
    expect(await codeOf(edit)).toBe('forbidden')
    await expect(edit()).rejects.toThrow('a message may be changed for 15 min, and this one is older')
    disconnect()
    const never = await withAda(0)
    const change = () => never.chat.amending.edit({ room, of: 2, text: 'x', session: never.ada })
    await expect(change()).rejects.toThrow('this chat keeps messages as they were sent')
    const short = await withAda(1500)
    short.clock.advance(1501)
    const late = () => short.chat.amending.edit({ room, of: 2, text: 'x', session: short.ada })
    await expect(late()).rejects.toThrow('a message may be changed for 2 s, and this one is older')
  })

  test('of what is no message is a 404, and of a message that was removed', async () => {
    const { chat, ada } = await withAda()
    for (const of of [1, 9])
      expect(await codeOf(() => chat.amending.edit({ room, of, text: 'x', session: ada }))).toBe('not_found')
    await chat.remove(ada, room, 2)
    expect(await codeOf(() => chat.amending.edit({ room, of: 2, text: 'x', session: ada }))).toBe('not_found')
    for (const of of [0, -1, 1.5, 'x', undefined])
      expect(await codeOf(() => chat.amending.edit({ room, of, text: 'x', session: ada }))).toBe('bad_request')
  })

  test('leaves no older text in the ring', async () => {
    const { chat, ada } = await withAda()
    for (const text of ['secret one', 'secret two', 'fine'])
      await chat.amending.edit({ room, of: 2, text, session: ada })
    const json = (chat.rooms.get(room)?.slice(1, 99) ?? []).map((one) => one.json).join('')
    expect([json.includes('secret'), json.includes('fine')]).toEqual([false, true])
  })

  test('with a key is made once, and the key of a message is no key of an edit', async () => {
    const { chat, ada } = await withAda()
    const edit = (text: string) => chat.amending.edit({ room, of: 2, text, key: 'k', session: ada })
    const first = await edit('hello')
    expect(first.replayed).toBe(false)
    expect(await edit('hello')).toEqual({ ...first, replayed: true })
    expect(await codeOf(() => edit('other'))).toBe('key_reused')
    expect(await codeOf(() => chat.send({ room, text: 'hello', key: 'k', session: ada }))).toBe('key_reused')
    const bob = await join(chat, 'bob')
    const steal = () => chat.amending.edit({ room, of: 2, text: 'x', key: 'k', session: bob })
    expect(await codeOf(steal)).toBe('forbidden')
    expect((await chat.amending.edit({ room, of: 2, text: 'at last', session: ada })).replayed).toBe(false)
  })

  test('is not for the muted, nor in a closed room', async () => {
    const { chat, ada } = await withAda()
    const teacher = await join(chat, 'teacher')
    await chat.moderation.appoint(teacher)
    await chat.moderation.mute(teacher, room, 'ada', 60)
    expect(await codeOf(() => chat.amending.edit({ room, of: 2, text: 'x', session: ada }))).toBe('forbidden')
    expect(await codeOf(() => chat.amending.react({ room, of: 2, text: '👍', session: ada }))).toBe('forbidden')
  })
})

test('a message is deleted by its author for a time, and by nobody else but a moderator', async () => {
  const { chat, ada } = await withAda()
  const bob = await join(chat, 'bob')
  expect(await codeOf(() => chat.remove(bob, room, 2))).toBe('forbidden')
  expect((await chat.remove(ada, room, 2)).message).toMatchObject({ type: 'delete', of: 2, username: 'ada' })
  expect(entry(chat, 2)).toMatchObject({ type: 'removed', text: 'removed' })
})

describe('a reaction', () => {
  test('is folded into the message, one of each for a person, and can be taken back', async () => {
    const { chat, clock, ada } = await withAda()
    const react = (text: string, on?: boolean) => chat.amending.react({ room, of: 2, text, on, session: ada })
    expect((await react('👍'))?.message).toMatchObject({ type: 'reaction', of: 2, text: '👍', username: 'ada' })
    expect(await react('👍')).toBe(undefined)
    expect((await react('❤'))?.message.text).toBe('❤️')
    expect(entry(chat, 2)?.reactions).toEqual([
      { text: '❤️', by: ['ada'] },
      { text: '👍', by: ['ada'] },
    ])
    clock.advance(GATHER_MS)
    expect((await react('👍', false))?.message).toMatchObject({ on: false })
    expect(await react('👍', false)).toBe(undefined)
    expect(entry(chat, 2)?.reactions).toEqual([{ text: '❤️', by: ['ada'] }])
  })

  test('is exactly one emoji', async () => {
    const { chat, ada } = await withAda()
    const react = (text: unknown) => chat.amending.react({ room, of: 2, text, session: ada })
    for (const text of ['', 'a', '👍👍', '👍 ', '1', '\ufe0f', 7, undefined, '👍'.repeat(9999), '<b>'])
      expect(await codeOf(() => react(text))).toBe('bad_request')
    for (const text of ['👩‍👩‍👧‍👦', '🏴󠁧󠁢󠁳󠁣󠁴󠁿', '🇫🇷', '👍🏽', '1️⃣']) expect((await react(text))?.message.text).toBe(text)
  })

  test('of thirty people who give the same within a second costs two entries', async () => {
    const { chat, clock } = await withAda()
    const class_ = await Promise.all(Array.from({ length: 30 }, (_, i) => join(chat, `pupil${i}`)))
    const before = chat.rooms.get(room)?.last ?? 0
    const all = class_.map((session) => chat.amending.react({ room, of: 2, text: '👍', session }))
    await all[0]
    clock.advance(GATHER_MS)
    const kept = await Promise.all(all)
    expect(new Set(kept.map((one) => one?.message.id))).toEqual(new Set([before + 1, before + 2]))
    expect(entry(chat, 2)?.reactions?.[0]?.by).toHaveLength(30)
    expect(entry(chat, before + 2)).toMatchObject({ type: 'reaction', by: expect.any(Array) })
    clock.advance(GATHER_MS)
  })

  test('that is given again while it waits is the one that waits', async () => {
    const { chat, clock, ada } = await withAda()
    const bob = await join(chat, 'bob')
    const react = (session: Session) => chat.amending.react({ room, of: 2, text: '👍', session })
    const first = await react(bob)
    const waiting: ReturnType<typeof react>[] = []
    for (let i = 0; i < 2; i++) {
      waiting.push(react(ada))
      await new Promise((resolve) => setImmediate(resolve))
    }
    clock.advance(GATHER_MS)
    const ids = (await Promise.all(waiting)).map((one) => one?.message.id)
    expect(ids).toEqual(Array.from({ length: 2 }, () => (first?.message.id ?? 0) + 1))
    expect(entry(chat, 2)?.reactions).toEqual([{ text: '👍', by: ['ada', 'bob'] }])
  })

  test('that is taken back while it waits ends as it was said last', async () => {
    const { chat, clock, ada } = await withAda()
    const bob = await join(chat, 'bob')
    await chat.amending.react({ room, of: 2, text: '👍', session: bob })
    const on = chat.amending.react({ room, of: 2, text: '👍', session: ada })
    await new Promise((resolve) => setImmediate(resolve))
    const off = chat.amending.react({ room, of: 2, text: '👍', on: false, session: ada })
    for (let i = 0; i < 4; i++) {
      await new Promise((resolve) => setImmediate(resolve))
      clock.advance(GATHER_MS)
    }
    await Promise.all([on, off])
    expect(entry(chat, 2)?.reactions).toEqual([{ text: '👍', by: ['bob'] }])
  })

  test('is one of twelve different ones at the most', async () => {
    const { chat, clock, ada } = await withAda()
    const react = (text: string) => chat.amending.react({ room, of: 2, text, session: ada })
    for (const text of ['😀', '😁', '😂', '😃', '😄', '😅', '😆', '😇', '😈', '😉', '😊', '😋']) await react(text)
    expect(await codeOf(() => react('😌'))).toBe('forbidden')
    const bob = await join(chat, 'bob')
    clock.advance(GATHER_MS)
    await chat.amending.react({ room, of: 2, text: '😀', session: bob })
    expect(entry(chat, 2)?.reactions).toContainEqual({ text: '😀', by: ['ada', 'bob'] })
  })

  test('is one of three hundred people’s at the most, those counted that wait', async () => {
    const { chat, clock } = await withAda()
    const people: Session[] = []
    for (let i = 0; i <= REACTION_PEOPLE; i++) people.push(await join(chat, `person ${i}`))
    const [first, last] = [people.shift(), people.pop()]
    const react = (session: Session | undefined, text = '👍') => chat.amending.react({ room, of: 2, text, session })
    await react(first)
    const waiting = people.map((session) => react(session))
    await new Promise((resolve) => setImmediate(resolve))
    expect(await codeOf(() => react(last))).toBe('forbidden')
    clock.advance(GATHER_MS)
    await Promise.all(waiting)
    expect(await codeOf(() => react(last, '😀'))).toBe('forbidden')
    expect(entry(chat, 2)?.reactions?.[0]?.by).toHaveLength(REACTION_PEOPLE)
  })

  test('needs a session in the room, and a message that is there', async () => {
    const { chat, ada } = await withAda()
    expect(await codeOf(() => chat.amending.react({ room, of: 2, text: '👍', session: undefined }))).toBe(
      'unauthorized',
    )
    expect(await codeOf(() => chat.amending.react({ room: 'den', of: 2, text: '👍', session: ada }))).toBe('not_joined')
    for (const of of [1, 7])
      expect(await codeOf(() => chat.amending.react({ room, of, text: '👍', session: ada }))).toBe('not_found')
  })

  test('that waits while the room is cleared is refused, and not given to a message of the new log', async () => {
    const { chat, clock, ada } = await withAda()
    const bob = await join(chat, 'bob')
    bob.moderates = true
    await chat.amending.react({ room, of: 2, text: '👍', session: ada })
    const waiting = codeOf(() => chat.amending.react({ room, of: 2, text: '👍', session: bob }))
    await new Promise((resolve) => setImmediate(resolve))
    await chat.moderation.clear(bob, room)
    await chat.send({ room, text: 'a new page', session: ada })
    clock.advance(GATHER_MS)
    expect(await waiting).toBe('not_found')
    expect([chat.rooms.get(room)?.last, entry(chat, 2)?.reactions]).toEqual([2, undefined])
  })

  test('that waits while the chat closes is refused, and leaves no timer behind', async () => {
    const { chat, ada } = await withAda()
    const bob = await join(chat, 'bob')
    await chat.amending.react({ room, of: 2, text: '👍', session: ada })
    const waiting = codeOf(() => chat.amending.react({ room, of: 2, text: '👍', session: bob }))
    await new Promise((resolve) => setImmediate(resolve))
    chat.amending.close()
    expect(await waiting).toBe('unavailable')
  })
})

test('a reply names the message that it answers, which is or was in the room', async () => {
  const { chat, ada } = await withAda()
  const reply = (of: unknown) => chat.send({ room, text: 'why?', of, session: ada })
  expect((await reply(2)).message).toMatchObject({ id: 3, type: 'chat', of: 2 })
  expect((await reply('3')).message).toMatchObject({ type: 'chat', of: 3 })
  for (const of of [1, 99]) expect(await codeOf(() => reply(of))).toBe('not_found')
  expect(await codeOf(() => reply('x'))).toBe('bad_request')
  await chat.remove(ada, room, 2)
  expect((await reply(2)).message).toMatchObject({ of: 2 })
})
