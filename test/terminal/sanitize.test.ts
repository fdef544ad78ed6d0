import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sanitize, sanitizeJson } from '../../src/terminal/sanitize.js'
import { MEASURES } from '../support/retried.js'

const CORPUS: readonly (readonly [what: string, typed: string, shown: string])[] = [
  ['an escape sequence that clears the screen', '\u001b[2Jhi', String.raw`\u001b[2Jhi`],
  ['a title for the window', '\u001b]0;owned\u0007', String.raw`\u001b]0;owned\u0007`],
  ['the one-character form of the same', '\u009b2J', String.raw`\u009b2J`],
  ['a carriage return over the line', 'ada: hi\rbob: no', String.raw`ada: hi\u000dbob: no`],
  ['backspaces over a name', 'ada\b\b\bbob', String.raw`ada\u0008\u0008\u0008bob`],
  ['a newline', 'a\nb', String.raw`a\nb`],
  ['a tab', 'a\tb', 'a    b'],
  ['delete and null', '\u007f\u0000', String.raw`\u007f\u0000`],
  ['a right-to-left override', 'abc\u202edef', String.raw`abc\u202edef`],
  ['bidi isolates', '\u2066a\u2069', String.raw`\u2066a\u2069`],
  ['a right-to-left mark', 'a\u200fb', String.raw`a\u200fb`],
  ['an Arabic letter mark', 'a\u061cb', String.raw`a\u061cb`],
  ['zero-width characters', 'a\u200bb\u2060c\ufeff', String.raw`a\u200bb\u2060c\ufeff`],
  ['joiners between Latin letters', 'a\u200cb\u200dc', String.raw`a\u200cb\u200dc`],
  ['a soft hyphen', 'a\u00adb', String.raw`a\u00adb`],
  ['line and paragraph separators', 'a\u2028b\u2029', String.raw`a\u2028b\u2029`],
  ['an invisible letter', '\u3164', String.raw`\u3164`],
  ['text in tag characters', 'a\u{e0061}', String.raw`a\u{e0061}`],
  ['half a character', 'a\ud800', String.raw`a\ud800`],
]

test.each(CORPUS)('%s is shown escaped', (_what, typed, shown) => {
  expect(sanitize(typed)).toBe(shown)
})

test.each([
  'hello, world',
  '日本語 한국어',
  'naïve Ω ж',
  'نص عربي',
  '👍🏽 ❤️ 👩‍👩‍👧 🏴󠁧󠁢󠁥󠁮󠁧󠁿 🇩🇪 1️⃣',
  'می‌خواهم',
  'क्‍ष',
  'C:\\new\\table',
])('%s stays as it is', (text) => {
  expect(sanitize(text)).toBe(text)
})

test('whatever comes in, nothing that a terminal obeys comes out', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
      expect(sanitize(text)).not.toMatch(
        /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/u,
      )
    }),
  )
})

test('JSON is escaped where it would be obeyed, and still means the same', () => {
  const message = { username: 'eve', text: CORPUS.map(([, typed]) => typed).join(' ') }
  const json = sanitizeJson(message)
  expect(json).not.toMatch(/[\p{Cc}\p{Default_Ignorable_Code_Point}]/u)
  expect(JSON.parse(json)).toEqual(message)
})

test('a text of 4,000 characters that are hard to tell apart takes no time to speak of', MEASURES, () => {
  const text = 'a\u200b👩‍👩‍👧'.repeat(400)
  const start = performance.now()
  sanitize(text)
  expect(performance.now() - start).toBeLessThan(500)
})
