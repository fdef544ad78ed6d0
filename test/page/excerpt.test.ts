// What a search shows of a text: the words that were looked for, as the server finds them, and what is around them.

import { expect, test } from 'vitest'
import { excerptOf } from '../../static/excerpt.js'

/** Found words in brackets. */
function shown(text: string, words: string): string {
  return excerptOf(text, words)
    .map((piece) => (piece.isFound ? `[${piece.text}]` : piece.text))
    .join('')
}

test('words are found in any case, without accents, and where folding makes a text longer', () => {
  expect(shown('Das Café in der Straße', 'CAFE strasse')).toBe('Das [Café] in der [Straße]')
  expect(shown('ﬁne and cafe\u0301!', 'fin cafe')).toBe('[ﬁn]e and [cafe\u0301]!')
  expect(shown('nothing of it', 'tea')).toBe('nothing of it')
  expect(shown('any text', '  ')).toBe('any text')
})

test('words that overlap or touch are one', () => {
  expect(shown('needlework', 'needle lework')).toBe('[needlework]')
  expect(shown('aaaa b', 'aa')).toBe('[aaaa] b')
})

test('of a long text the part with the first word is shown, from a word on', () => {
  const text = `${'before '.repeat(100)}needle ${'after '.repeat(100)}`
  expect(shown(text, 'needle')).toMatch(/^…(?:before ){4,9}\[needle\] (?:after )+\S{0,5}…$/)
  expect(shown(text, 'needle').length).toBeLessThan(320)
})

test('no sign is cut in two', () => {
  const text = `${'😀'.repeat(300)}needle${'😀'.repeat(300)}`
  expect(shown(text, 'needle')).not.toMatch(/(?<![\ud800-\udbff])[\udc00-\udfff]|[\ud800-\udbff](?![\udc00-\udfff])/)
  expect(shown(text, 'needle')).toContain('[needle]')
})
