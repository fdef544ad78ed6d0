import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ChatError } from '../../../src/core/errors.js'
import {
  entryOf,
  foldName,
  parseKey,
  parseRoom,
  parseText,
  parseUsername,
  removed,
} from '../../../src/core/rooms/message.js'
import { message } from '../../support/chat.js'

function refusal(call: () => unknown): string {
  try {
    call()
  } catch (error) {
    if (error instanceof ChatError && error.code === 'bad_request') return error.message
    throw error
  }
  return 'it was taken'
}

const takes = (call: () => unknown): boolean => refusal(call) === 'it was taken'

describe('rooms and keys', () => {
  test.each(['a', 'Z', '0', '_', '-', 'lobby', '__proto__', 'constructor', 'x'.repeat(64)])(
    '%j is a name for both',
    (name) => {
      expect([parseRoom(name), parseKey(name)]).toEqual([name, name])
    },
  )

  test.each(['', ' ', 'a b', 'a.b', 'a~b', 'ä', 'a\n', '\0', 'x'.repeat(65), 1, null, undefined, ['a'], {}])(
    '%j is a name for neither',
    (name) => {
      expect(takes(() => parseRoom(name))).toBe(false)
      expect(takes(() => parseKey(name))).toBe(false)
    },
  )

  test('what is refused is named in the sentence', () => {
    expect([refusal(() => parseRoom(undefined)), refusal(() => parseRoom('a b'))]).toEqual([
      expect.stringMatching(/^room/),
      expect.stringMatching(/^room/),
    ])
    expect(refusal(() => parseKey('a b'))).toMatch(/^key/)
  })
})

test('a room that is missing is asked for, and one that is wrong is told what it may be', () => {
  for (const value of [undefined, '']) expect(refusal(() => parseRoom(value))).toMatch(/required/)
  for (const value of ['a b', null]) expect(refusal(() => parseRoom(value))).toMatch(/1 to 64/)
})

test('what was removed keeps its place, its time and its key, and nothing that was said', () => {
  const said = message(5, { text: 'a rude word', edited: 9, reactions: [{ text: '👍', by: ['bob'] }] })
  const rest = { id: 5, room: 'lobby', type: 'removed', username: 'ada', text: 'removed', timestamp: said.timestamp }
  expect(removed(said)).toEqual(rest)
  expect('key' in removed(said)).toBe(false)
  expect(removed({ ...said, key: 'k' })).toEqual({ ...rest, key: 'k' })
})

describe('texts', () => {
  test('may have a hundred marks on a letter, and not one more', () => {
    const pile = (marks: number): string => `a b${'\u0301'.repeat(marks)} c`
    expect(takes(() => parseText(pile(100)))).toBe(true)
    expect(refusal(() => parseText(pile(101)))).toMatch(/piles up marks/)
    expect(takes(() => parseText('b\u0301'.repeat(200)))).toBe(true)
  })

  test('are normalised to NFC, and a carriage return before a line feed is dropped', () => {
    expect(parseText('e\u0301\r\ntwo\n\tthree')).toBe('\u00e9\ntwo\n\tthree')
  })

  test('of 4,000 code points are taken, however many units or bytes they are; one more is told how many are allowed', () => {
    expect(parseText('😀'.repeat(4000))).toHaveLength(8000)
    expect(refusal(() => parseText('😀'.repeat(4001)))).toMatch(/4000.*4001/)
    expect(refusal(() => parseText('a'.repeat(4001)))).toMatch(/4000/)
  })

  test('are counted after normalisation', () => {
    expect(parseText('e\u0301'.repeat(4000))).toHaveLength(4000)
  })

  test.each([undefined, null, 7, true, [], {}, ''])('%j is no text', (value) => {
    expect(refusal(() => parseText(value))).toMatch(/^text/)
  })

  const refused = [
    '\0',
    '\x07',
    '\x1b[31m',
    '\r',
    'a\rb',
    '\x7f',
    '\x85',
    '\x9b',
    '\ud800',
    'a\udc00b',
    '\u202e',
    '\u202a',
    '\u2066',
    '\u2069',
  ]
  test.each(refused)('%j is refused, not stripped', (part) => {
    expect(takes(() => parseText(`before${part}after`))).toBe(false)
  })

  test.each([' ', '\n', '\t', '\u200f', '👨‍👩‍👧', '\ufeff', '<b>', '__proto__', '\u2028'])(
    '%j is a text like any other',
    (text) => {
      expect(parseText(text)).toBe(text)
    },
  )

  test('whatever is taken is NFC, whole, without control characters, and taken again as it is', () => {
    const frame = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('\r\n', '\n', 'e\u0301', '\u1e9b\u0323', '\u212b', '\ud83d', 'x'),
    )
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 8 }), (frames) => {
        const given = frames.join('')
        if (!takes(() => parseText(given))) return
        const text = parseText(given)
        expect(text).toBe(given.replaceAll('\r\n', '\n').normalize('NFC'))
        expect(text).not.toMatch(/\p{Cs}|[^\P{Cc}\n\t]/u)
        expect(parseText(text)).toBe(text)
      }),
      { numRuns: 500 },
    )
  })
})

describe('names', () => {
  test('are normalised to NFC and lose their outer spaces', () => {
    expect(parseUsername('  Jose\u0301 Luis ')).toBe('Jos\u00e9 Luis')
  })

  test('have 1 to 32 graphemes, however many code points those are', () => {
    expect(parseUsername('x'.repeat(32))).toHaveLength(32)
    expect(refusal(() => parseUsername('x'.repeat(33)))).toMatch(/32/)
    expect(parseUsername('각'.repeat(32))).toHaveLength(32)
    expect(takes(() => parseUsername('각'.repeat(33)))).toBe(false)
    expect(parseUsername('🇩🇪'.repeat(16))).toHaveLength(64)
  })

  test('have at most 128 bytes', () => {
    expect(parseUsername('😀'.repeat(32))).toHaveLength(64)
    expect(takes(() => parseUsername(`${'😀'.repeat(31)}🇩🇪`))).toBe(false)
    expect(takes(() => parseUsername(`a${'\u0301'.repeat(127)}`))).toBe(false)
  })

  const refused = [
    '',
    ' ',
    '   ',
    '[ada',
    'ada]',
    '[',
    'a  b',
    'a\tb',
    'a\nb',
    '\tada',
    'a\u00a0b',
    'a\u3000b',
    'a\u2028b',
    '\0',
    '\x1b',
    '\x7f',
    'a\u200bb',
    'a\u200cb',
    'a\u200db',
    'a\u2060b',
    'a\ufeffb',
    'a\u00adb',
    'a\u034fb',
    'a\u061cb',
    'a\u180eb',
    '\u3164',
    '\u2800',
    '\ufe0f',
    'a\u202eb',
    'a\u2066b',
    'a\u200eb',
    'a\ufff9b',
    '\ud800',
    'a\udfff',
    'a\u{e0041}b',
    undefined,
    null,
    7,
    ['ada'],
    {},
  ]
  test.each(refused)('%j is refused', (name) => {
    expect(refusal(() => parseUsername(name))).toMatch(/^username/)
  })

  test.each(['\u0430dmin', 'admin\u0430', 'Αdmin', 'ОК\u0041', 'αб', 'ａ\u0430'])(
    '%j mixes Latin, Greek or Cyrillic and is refused',
    (name) => {
      expect(refusal(() => parseUsername(name))).toMatch(/mixes/)
    },
  )

  test.each([
    'Анна',
    'Ελένη',
    '李雷',
    'Ali علي',
    '😀',
    '❤️',
    'a-b_c.d',
    '<script>',
    '__proto__',
    'toString',
    "O'Neil",
    '7',
  ])('%j is a name', (name) => {
    expect(parseUsername(name)).toBe(name.normalize('NFC'))
  })

  test('whatever is taken keeps every rule, and is taken again as it is', () => {
    const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), fc.string({ unit: 'grapheme', maxLength: 40 })),
        (given) => {
          if (!takes(() => parseUsername(given))) return
          const name = parseUsername(given)
          expect(parseUsername(name)).toBe(name)
          expect(name.normalize('NFC')).toBe(name)
          expect([...graphemes.segment(name)].length).toBeLessThanOrEqual(32)
          expect(new TextEncoder().encode(name).length).toBeLessThanOrEqual(128)
          expect(name).not.toMatch(/[[\]\p{Cc}\p{Cs}\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]|^ | $| {2}/u)
        },
      ),
      { numRuns: 500 },
    )
  })
})

describe('names are compared', () => {
  const same = [
    ['Ada', 'aDA'],
    ['a b', 'a_b'],
    ['Straße', 'STRASSE'],
    ['Straße', 'STRAẞE'],
    ['ﬁn', 'fin'],
    ['ｆｕｌｌ', 'full'],
    ['Ⅳ', 'iv'],
    ['ΟΔΟΣ', 'οδος'],
    ['ſam', 'sam'],
    ['a\ufe0f', 'a'],
  ]
  test.each(same)('%j and %j are one', (one, other) => {
    expect(foldName(one)).toBe(foldName(other))
  })

  test.each([
    ['ada', 'adam'],
    ['a-b', 'a_b'],
    ['jose', 'josé'],
    ['асе', 'ace'],
  ])('%j and %j are two', (one, other) => {
    expect(foldName(one)).not.toBe(foldName(other))
  })

  test('whatever a name is, its capitals and small letters are one name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 12 }), (name) => {
        expect(foldName(name.toUpperCase())).toBe(foldName(name))
      }),
    )
  })
})

test('an entry is its message as JSON, once, and is accounted for with at least its bytes', () => {
  const given = message(3, { text: '😀"\n', key: 'c_1' })
  const entry = entryOf(given, 12.5)
  expect(JSON.parse(entry.json)).toEqual(given)
  expect([entry.at, entry.size >= Buffer.byteLength(entry.json)]).toEqual([12.5, true])
})

test('the JSON of an entry is what JSON.stringify makes of it, and its bytes are those of UTF-8', () => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('"', '\\', '\u2028', '\ud800', '\x7f'),
  )
  const optional = { key: text, of: fc.nat(), edited: fc.nat(), by: fc.array(text), on: fc.constant(false as const) }
  const required = { id: fc.nat(), room: text, type: text, username: text, text, timestamp: fc.maxSafeNat() }
  fc.assert(
    fc.property(fc.record({ ...required, ...optional }, { requiredKeys: objectKeys(required) }), (given) => {
      const { json, bytes } = entryOf(given, 0)
      expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(given)))
      expect(bytes).toBe(Buffer.byteLength(json))
    }),
    { numRuns: 1000 },
  )
})

function objectKeys<T extends object>(of: T): (keyof T)[] {
  return Object.keys(of) as (keyof T)[]
}
