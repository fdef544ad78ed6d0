// Words in a room's past: what matches, how far one request looks, and who has a turn meanwhile.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encode } from '../../../src/core/rooms/history.js'
import type { Message } from '../../../src/core/rooms/message.js'
import { foldText, matches, parseWords, search, SEARCH_MESSAGES } from '../../../src/core/rooms/search.js'
import type { History, Range } from '../../../src/core/rooms/store.js'
import { codeOf, createChat, message } from '../../support/chat.js'

const room = 'lobby'

const isFound = (text: string, query: string, parts: Partial<Message> = {}): boolean =>
  matches(message(1, { text, ...parts }), parseWords(query))

describe('a message matches', () => {
  test.each([
    ['Café au lait', 'cafe'],
    ['cafe au lait', 'CAFÉ'],
    ['Cafe\u0301', 'café'],
    ['STRASSE', 'straße'],
    ['ΟΔΥΣΣΕΥΣ', 'οδυσσευς'],
    ['Ёлка', 'елка'],
    ['ﬁnal ﾃｽﾄ', 'final テスト'],
    ['한글', '한'],
    ['I ❤\ufe0f it', '❤'],
    ['see https://example.org/a?b', 'example.org'],
    ['second line\nfirst', 'first second'],
  ])('%j for %j', (text, query) => {
    expect(isFound(text, query)).toBe(true)
  })

  test.each([
    ['한글', 'ㅎ'],
    ['कि', 'का'],
    ['ガ', 'カ'],
    ['first', 'first second'],
  ])('not %j for %j', (text, query) => {
    expect(isFound(text, query)).toBe(false)
  })

  test('by its name and its text together, and never where it was removed or speaks of another', () => {
    expect(isFound('an exam', 'zoe exam', { username: 'Zoë' })).toBe(true)
    for (const type of ['removed', 'join', 'edit', 'delete', 'reaction', 'clear'])
      expect(isFound('an exam', 'exam', { type })).toBe(false)
  })

  test('whatever is a part of it', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
        (a, b) => {
          fc.pre(foldText(b).trim() !== '')
          expect(foldText(`${a}\n${b}`).length).toBeGreaterThanOrEqual(0)
          expect(isFound(`${a}\n${b}\n${a}`, b)).toBe(true)
        },
      ),
    )
  })
})

test.each([
  ['   ', 'nothing to look for'],
  ['\u200b', 'nothing to look for'],
  ['x'.repeat(201), 'at most 200'],
  ['👍'.repeat(201), 'at most 200'],
  ['a b c d e f g h i', 'give 8 at the most'],
])('%j is refused with a sentence', (query, sentence) => {
  expect(() => parseWords(query)).toThrow(sentence)
})

test('200 characters are looked for, and a word twice is one', () => {
  expect(parseWords('👍'.repeat(200))).toHaveLength(1)
  expect(parseWords('a b c d e f g h A B')).toHaveLength(8)
})

/** A log of so many messages that is made as it is read, and how it was asked. */
function longLog(count: number, textOf: (id: number) => string) {
  const asked: Range[] = []
  const read = async (range: Range): Promise<History> => {
    asked.push(range)
    const { before = Infinity, after, limit } = range
    const to = after === undefined ? Math.min(before - 1, count) : Math.min(count, after + limit)
    const from = after === undefined ? Math.max(1, to - limit + 1) : after + 1
    const messages: Message[] = []
    for (let id = from; id <= to; id++) messages.push(message(id, { text: textOf(id) }))
    return { messages, epoch: 'epoch001', first: 1, last: count, more: false }
  }
  return { asked, read }
}

/** A clock on which each look takes so long, and on which `turns` counts whose turn it was. */
function busyClock(lookMs: number) {
  const clock = { turns: 0, longest: 0, ms: 0, turnAt: 0 }
  return {
    clock,
    now: () => (clock.ms += lookMs),
    soon: (call: () => void) => {
      clock.turns++
      clock.longest = Math.max(clock.longest, clock.ms - clock.turnAt)
      clock.turnAt = clock.ms
      setImmediate(call)
    },
  }
}

describe('one request', () => {
  const parts = { held: () => undefined, encodeOne: encode, mostBytes: 1e9 }

  test('looks through so many messages at the most, says how far, and the next one finds the rest', async () => {
    const { read } = longLog(50_000, (id) => (id === 3 ? 'needle' : 'hay'))
    const clock = busyClock(0)
    let [before, more, requests] = [Infinity, true, 0]
    const found: number[] = []
    while (more) {
      const page = await search({ ...parts, clock, read }, ['needle'], { before, limit: 20 })
      found.push(...page.messages.map(({ id }) => id))
      if (requests++ === 0) expect(page).toMatchObject({ more: true, searched: 50_001 - SEARCH_MESSAGES, messages: [] })
      before = page.searched
      more = page.more
    }
    expect([found, requests, before]).toEqual([[3], 3, 1])
  })

  test('looks for a moment, and others have their turn all the while', async () => {
    const { read, asked } = longLog(50_000, () => 'hay')
    const clock = busyClock(0.5)
    const page = await search({ ...parts, clock, read }, ['needle'], { limit: 20 })
    expect(page.more).toBe(true)
    expect(clock.clock.ms).toBeLessThan(210)
    expect(clock.clock.longest).toBeLessThan(5)
    expect(asked.length).toBeGreaterThan(2)
  })

  test.each([
    ['short ones in ever larger slices', 5, [64, 128, 256, 512, 512]],
    ['long ones in small slices', 4000, [64, 33, 33, 33, 33]],
  ])('reads %s', async (_name, units, limits) => {
    const { read, asked } = longLog(5000, () => 'x'.repeat(units))
    await search({ ...parts, clock: busyClock(0), read }, ['needle'], { limit: 20 })
    expect(asked.slice(1, 6).map(({ limit }) => limit)).toEqual(limits)
  })

  test('that is quick lets others have their turn once for each slice', async () => {
    const { read, asked } = longLog(300, () => 'hay')
    const clock = busyClock(0)
    await search({ ...parts, clock, read }, ['needle'], { limit: 20 })
    expect(clock.clock.turns).toBe(asked.length - 1)
  })

  test('goes on behind what is lost, in either direction', async () => {
    const { read } = longLog(500, (id) => (id % 100 === 50 ? 'needle' : 'hay'))
    const lossy = async (range: Range): Promise<History> => {
      const { before = 501, after, limit } = range
      const [from, to] = after === undefined ? [before - limit, before - 1] : [after + 1, after + limit]
      const page = await read(range)
      const held = page.messages.filter(({ id }) => id >= from && id <= to && (id < 100 || id > 400))
      return { ...page, messages: held }
    }
    const find = async (range: { before?: number; after?: number }) => {
      const page = await search({ ...parts, clock: busyClock(0), read: lossy }, ['needle'], { limit: 20, ...range })
      return [page.messages.map(({ id }) => id), page.more, page.searched]
    }
    expect(await find({})).toEqual([[50, 450], false, 1])
    expect(await find({ after: 0 })).toEqual([[50, 450], false, 500])
  })

  test('is cut by its limit, and by its bytes, right behind what it gives', async () => {
    const { read } = longLog(300, (id) => (id % 10 === 0 ? 'needle' : 'hay'))
    const clock = busyClock(0)
    const page = await search({ ...parts, clock, read }, ['needle'], { limit: 3 })
    expect([page.messages.map(({ id }) => id), page.searched, page.more]).toEqual([[280, 290, 300], 280, true])
    const small = await search({ ...parts, clock, read, mostBytes: 1 }, ['needle'], { limit: 3 })
    expect([small.messages.map(({ id }) => id), small.more]).toEqual([[300], true])
    const rest = await search({ ...parts, clock, read }, ['needle'], { limit: 3, before: small.searched })
    expect(rest.messages.map(({ id }) => id)).toEqual([270, 280, 290])
    const on = await search({ ...parts, clock, read }, ['needle'], { limit: 2, after: 290 })
    expect([on.messages.map(({ id }) => id), on.searched, on.more]).toEqual([[300], 300, false])
  })

  test('ends where the log is begun anew, with what it has found, the oldest first', async () => {
    const { read, asked } = longLog(300, () => 'needle')
    const renewed = async (range: Range): Promise<History> => {
      const page = await read(range)
      return asked.length > 2 ? { ...page, epoch: 'epoch002' } : page
    }
    const page = await search({ ...parts, clock: busyClock(0), read: renewed }, ['needle'], { limit: 100 })
    expect(page).toMatchObject({ epoch: 'epoch001', more: false, searched: 237 })
    expect(page.messages.map(({ id }) => id)).toEqual(Array.from({ length: 64 }, (_, i) => 237 + i))
    expect(page.json).toEqual(page.messages.map((one) => encode(one).json))
  })
})

test('what the ring holds is not asked of the store again', async () => {
  const { chat, clock, store } = createChat({ ring: 100 })
  for (let i = 1; i <= 80; i++) await chat.send({ room, username: 'ada', text: i === 40 ? 'needle' : 'hay' })
  const asked: Range[] = []
  const read = store.read.bind(store)
  store.read = (name, range) => {
    asked.push(range)
    return read(name, range)
  }
  const searching = chat.search(room, 'Needle', { limit: 5 })
  const turning = setInterval(() => clock.settle())
  const { messages, more, searched } = await searching
  clearInterval(turning)
  expect([messages.map(({ id }) => id), more, searched]).toEqual([[40], false, 1])
  expect(asked).toEqual([{ limit: 1 }])
})

test('so many may search at one time; one more is asked to come again', async () => {
  const { chat, clock } = createChat()
  await chat.send({ room, username: 'ada', text: 'needle' })
  const searching = Array.from({ length: 18 }, () => chat.search(room, 'needle', { limit: 5 }))
  expect(await codeOf(() => chat.search(room, 'needle', { limit: 5 }))).toBe('unavailable')
  const turning = setInterval(() => clock.settle())
  for (const { messages } of await Promise.all(searching)) expect(messages).toHaveLength(1)
  clearInterval(turning)
  expect(await codeOf(async () => chat.search(room, ' ', { limit: 5 }))).toBe('bad_request')
})
