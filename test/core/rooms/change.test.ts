// What a change makes of an earlier message. Who may make one is in test/core/people/amending.test.ts.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { changed, changesOf, parseEmoji, peopleOf, withParts } from '../../../src/core/rooms/change.js'
import type { Message } from '../../../src/core/rooms/message.js'
import { codeOf, message } from '../../support/chat.js'

const said = message(5, { text: 'helo', key: 'k' })

const change = (type: string, parts: Partial<Message> = {}, id = 9): Message => message(id, { type, of: 5, ...parts })

/** The changes of a log that holds these messages. */
function changesIn(log: readonly Message[], last: Message): readonly Message[] {
  const held = {
    get: (id: number) => log.find((one) => one.id === id),
    slice: (from: number, to: number) => log.filter(({ id }) => id >= from && id <= to),
  }
  return changesOf(held, last)
}

describe('a message', () => {
  test('is given the text of an edit and when that was, with its time and its key last', () => {
    const after = changed(said, change('edit', { text: 'hello', timestamp: 99 }))
    expect(after).toEqual({ ...said, text: 'hello', edited: 99 })
    expect(Object.keys(after).slice(-2)).toEqual(['timestamp', 'key'])
    expect('key' in withParts(message(5), { text: 'x' })).toBe(false)
  })

  test('is the same object where a change is of another, is not later, or is no change', () => {
    for (const other of [
      change('edit', { of: 4 }),
      change('edit', {}, 5),
      change('delete', {}, 4),
      change('chat'),
      change('clear'),
      change('reaction', { text: '👍', on: false }),
    ])
      expect(changed(said, other)).toBe(said)
  })

  test('that is none of a person’s is removed, and not changed otherwise', () => {
    const left = message(5, { type: 'leave' })
    for (const type of ['edit', 'reaction']) expect(changed(left, change(type, { text: '👍' }))).toBe(left)
    expect(changed(left, change('delete'))).toMatchObject({ id: 5, type: 'removed', text: 'removed' })
  })

  test('without reactions says nothing of them', () => {
    const once = changed(said, change('reaction', { text: '👍' }))
    expect(once.reactions).toEqual([{ text: '👍', by: ['ada'] }])
    const again = changed(once, change('reaction', { text: '👍', on: false }, 10))
    expect(again).toEqual(said)
    expect('reactions' in again).toBe(false)
  })

  test('loses the reactions of those people alone who take theirs back', () => {
    const by = ['ada', 'bob', 'eve']
    const all = changed(said, change('reaction', { text: '👍', by }))
    const left = changed(all, change('reaction', { text: '👍', by: ['eve', 'ada', 'zoe'], on: false }, 10))
    expect(left.reactions).toEqual([{ text: '👍', by: ['bob'] }])
    expect([peopleOf(change('reaction', { by })), peopleOf(said)]).toEqual([by, ['ada']])
  })
})

test('a reaction is a string, and one emoji of it', async () => {
  expect(['👍', '❤', '❤️'].map(parseEmoji)).toEqual(['👍', '❤️', '❤️'])
  for (const value of [['👍'], 7, null, undefined, '', 'a', '👍👍'])
    expect([value, await codeOf(() => parseEmoji(value))]).toEqual([value, 'bad_request'])
})

test('reactions have one order, whatever order they came in, and one that comes twice is one', () => {
  const texts = ['👍', '❤️', '🎉']
  const people = ['ada', 'bob', 'eve']
  const all = texts.flatMap((text) => people.map((username) => change('reaction', { text, username })))
  const wanted = { reactions: texts.toSorted().map((text) => ({ text, by: people })) }
  fc.assert(
    fc.property(fc.shuffledSubarray([...all, ...all], { minLength: 18 }), (changes) => {
      expect(changes.reduce(changed, said)).toMatchObject(wanted)
    }),
  )
})

describe('in a log', () => {
  const edited = changed(said, change('edit', { text: 'older' }, 6))
  const older = change('edit', { text: 'older' }, 6)
  const elsewhere = change('edit', { of: 4, text: 'other' }, 7)

  test('what is no change changes nothing, and neither does one without a message', () => {
    expect(changesIn([said], message(9))).toEqual([])
    expect(changesIn([said], message(9, { of: 5 }))).toEqual([])
    expect(changesIn([said], message(9, { type: 'edit' }))).toEqual([])
    expect(changesIn([], change('reaction', { text: '👍' }))).toEqual([])
  })

  test('an edit takes its text from the older edits of the same message', () => {
    const now = changesIn([edited, older, elsewhere], change('edit', { text: 'new' }))
    expect(now.map(({ id, type, text }) => [id, type, text])).toEqual([
      [5, 'chat', 'new'],
      [6, 'removed', 'removed'],
    ])
    expect(changesIn([said, elsewhere], change('edit', { text: 'new' }))).toMatchObject([{ id: 5, text: 'new' }])
  })

  test('and so it does where the message itself is gone', () => {
    for (const type of ['edit', 'delete'])
      expect(changesIn([older, elsewhere], change(type))).toMatchObject([{ id: 6, type: 'removed' }])
  })

  test('an answer to a message changes nothing, and is not changed with it', () => {
    const answer = message(8, { of: 5 })
    expect(changesIn([older], answer)).toEqual([])
    const now = changesIn([edited, older, answer], change('edit', { text: 'new' }))
    expect(now.map(({ id }) => id)).toEqual([5, 6])
  })

  test('a reaction leaves the edits alone', () => {
    expect(changesIn([edited, older], change('reaction', { text: '👍' }))).toMatchObject([{ id: 5, text: 'older' }])
    expect(changesIn([edited, older], change('reaction', { text: '👍', on: false }))).toEqual([])
  })
})
