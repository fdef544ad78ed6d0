import { expect, test } from 'vitest'
import { blockOf, day, gapSentence, lineOf, type Look } from '../../src/terminal/format.js'
import { NAME_COLOURS, paintOf, PLAIN } from '../../src/terminal/paint.js'
import type { Told } from '../../src/terminal/seen.js'
import { widthOf, wrap } from '../../src/terminal/wrap.js'

const AT = new Date(2025, 10, 20, 12, 3, 20).getTime()
const LOOK: Look = { me: 'ada', room: 'lobby', paint: PLAIN, columns: 40 }

function message(given: Partial<Told> = {}): Told {
  return { id: 1, room: 'lobby', type: 'chat', username: 'bob', text: 'hi', timestamp: AT, ...given }
}

test('a message is a time, a name and a text', () => {
  expect(blockOf(message(), LOOK)).toBe('12:03 bob: hi')
})

test('another room than the active one is named', () => {
  expect(blockOf(message({ room: 'den' }), LOOK)).toBe('12:03 #den bob: hi')
})

test('who comes and goes, and what somebody does, stand behind a star', () => {
  expect(blockOf(message({ type: 'join', text: 'joined' }), LOOK)).toBe('12:03 * bob joined')
  expect(blockOf(message({ text: '/me waves' }), LOOK)).toBe('12:03 * bob waves')
})

test('a type that this client does not know is ignored', () => {
  for (const type of ['poll', 'removed', 'clear']) {
    expect(blockOf(message({ type }), LOOK)).toBeUndefined()
    expect(lineOf(message({ type }), false)).toBeUndefined()
  }
})

test('what is said of a message names it: by its first words, or by its id where it has not been seen', () => {
  const about = message({ username: 'ada', text: 'shall\nwe?' })
  const block = (given: Partial<Told>): string | undefined =>
    blockOf(message({ of: 1, about, ...given }), { ...LOOK, columns: 80 })
  expect(block({ type: 'edit', username: 'ada', text: 'let us' })).toBe('12:03 * ada changed “shall we?” to: let us')
  expect(block({ type: 'reaction', text: '👍' })).toBe('12:03 * bob gave 👍 to ada: “shall we?”')
  expect(block({ type: 'reaction', text: '👍', by: ['bob', 'eve'] })).toBe(
    '12:03 * bob, eve gave 👍 to ada: “shall we?”',
  )
  expect(block({ type: 'reaction', text: '👍', on: false })).toBe('12:03 * bob took back 👍 from ada: “shall we?”')
  expect(block({ text: 'yes' })).toBe('12:03 bob (to ada: “shall we?”): yes')
  expect(block({ text: '/me nods' })).toBe('12:03 * bob (to ada: “shall we?”) nods')
  expect(block({ type: 'edit', about: undefined })).toBe('12:03 * bob changed message 1 to: hi')
  expect(block({ text: 'yes', about: { ...about, type: 'removed' } })).toBe('12:03 bob (to a message of ada): yes')
})

test('what was removed is not said once more', () => {
  const about = message({ username: 'ada', text: 'a rude word' })
  const line = (given: Partial<Told>): string | undefined =>
    lineOf(message({ type: 'delete', text: 'removed', of: 1, ...given }), false)
  expect(line({ username: 'ada', about })).toBe('2025-11-20 12:03:20 * ada removed a message')
  expect(line({ username: 'teacher', about })).toBe('2025-11-20 12:03:20 * teacher removed a message of ada')
  expect(line({})).toBe('2025-11-20 12:03:20 * bob removed message 1')
})

test('no quote forges a row, and a long one is cut', () => {
  const about = message({ username: 'eve', text: `x\n12:04 ada\u202e: ${'y'.repeat(100)}` })
  const row = lineOf(message({ of: 1, about, text: 'a\nb' }), false)
  expect(row).toBe(String.raw`2025-11-20 12:03:20 bob (to eve: “x 12:04 ada\u202e: ${'y'.repeat(16)}…”): a\nb`)
})

test.each(['ada, come here', 'is @Ada here?', 'for ADA'])('one’s own name in %s is marked', (text) => {
  expect(blockOf(message({ text }), LOOK)).toMatch(/^12:03>bob/)
  const painted = blockOf(message({ text }), { ...LOOK, paint: paintOf(8) })
  expect(painted?.replaceAll('\x1b', 'ESC')).toMatch(/ESC\[1;7m@?adaESC\[22;27m/i)
})

test.each(['a canada goose', 'adamant'])('a word that only has one’s name in it, as in %s, is not marked', (text) => {
  expect(blockOf(message({ text }), LOOK)).toMatch(/^12:03 bob/)
})

test('a newline in a text goes on in an indented row', () => {
  expect(blockOf(message({ text: 'one\n12:04 eve: forged' }), LOOK)).toBe('12:03 bob: one\n        12:04 eve: forged')
})

test('no text, however long or wide, puts anything at the left edge or past the right one', () => {
  const text = `${'x '.repeat(30)}${' '.repeat(60)}12:04 eve: forged ${'日本語'.repeat(20)}${'😀'.repeat(30)}`
  const [first = '', ...others] = (blockOf(message({ text }), LOOK) ?? '').split('\n')
  expect(first).toMatch(/^12:03 bob: /)
  expect(others.length).toBeGreaterThan(4)
  for (const row of others) expect(row).toMatch(/^ {8}/)
  for (const row of [first, ...others]) expect(widthOf(row)).toBeLessThanOrEqual(40)
})

test('what a name hides is shown, in a block and in a line', () => {
  const forged = message({ username: 'eve\n12:04 ada\u202e' })
  expect(blockOf(forged, LOOK)).toBe(String.raw`12:03 eve\n12:04 ada\u202e: hi`)
  expect(lineOf(forged, true)).toBe(String.raw`2025-11-20 12:03:20 #lobby eve\n12:04 ada\u202e: hi`)
})

test('a line for programs is one line, with the whole date', () => {
  expect(lineOf(message({ text: 'a\nb\tc' }), false)).toBe(String.raw`2025-11-20 12:03:20 bob: a\nb    c`)
  expect(day(AT)).toBe('2025-11-20')
})

test('rows break behind a space where there is one', () => {
  expect(wrap('the quick brown fox', 10, 12)).toEqual(['the quick ', 'brown fox'])
  expect(wrap('x'.repeat(25), 10, 10)).toEqual(['x'.repeat(10), 'x'.repeat(10), 'x'.repeat(5)])
})

test('a gap is told with its number, or as a new beginning', () => {
  expect(gapSentence({ room: 'lobby', reason: 'overflow', missed: 290, first: 303 })).toBe(
    '290 messages missed in lobby',
  )
  expect(gapSentence({ room: 'lobby', reason: 'restart', missed: null, first: 1 })).toContain('lobby began anew')
})

test('a name has one colour everywhere, and names differ', () => {
  const paint = paintOf(8)
  const names = Array.from({ length: 100 }, (_, i) => `name${i}`)
  expect(paint.name('ada', 'ada')).toBe(paintOf(8).name('ada', 'ada'))
  expect(new Set(names.map((name) => paint.name(name, ''))).size).toBe(NAME_COLOURS.length)
  expect(paintOf(4).name('ada', 'ada').replaceAll('\x1b', 'ESC')).toMatch(/^ESC\[3[1-6]madaESC\[39m$/)
  expect(paintOf(1)).toBe(PLAIN)
})

test.each(NAME_COLOURS)('colour %i is readable on black and on white', (index) => {
  const levels = [0, 95, 135, 175, 215, 255]
  const [red, green, blue] = [36, 6, 1].map((step) => linear(levels[Math.floor((index - 16) / step) % 6] ?? 0))
  const luminance = 0.2126 * (red ?? 0) + 0.7152 * (green ?? 0) + 0.0722 * (blue ?? 0)
  // WCAG 2.2, contrast ratio: 3 is the least for interface parts.
  expect((luminance + 0.05) / 0.05).toBeGreaterThan(3.8)
  expect(1.05 / (luminance + 0.05)).toBeGreaterThan(3.8)
})

function linear(level: number): number {
  const part = level / 255
  return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
}
