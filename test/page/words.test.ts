// Every language says the same: the same keys, the same forms for numbers, the same places for names and numbers.

import { describe, expect, test } from 'vitest'
import { formFor, say, type Table, words } from '../../static/words.js'
import { words as ar } from '../../static/words/ar.js'
import { words as de } from '../../static/words/de.js'
import { words as es } from '../../static/words/es.js'
import { words as fr } from '../../static/words/fr.js'
import { later } from '../../static/words/later.js'
import { words as pt } from '../../static/words/pt.js'
import { PLACES, written } from '../../static/words/written.js'
import { words as zh } from '../../static/words/zh.js'

const LANGUAGES: Readonly<Record<string, Table>> = { ar, de, es, fr, pt, zh }
const english = new Map(Object.entries({ ...words, ...later, ...written }))

test('what two parts of the page say under one name is the same', () => {
  for (const [key, text] of [...Object.entries(later), ...Object.entries(written)])
    expect(english.get(key), key).toEqual(text)
})

test('all that stands in index.html has its place there', () => {
  expect(PLACES.map(([key]) => key).toSorted()).toEqual(Object.keys(written).toSorted())
})

describe.each(Object.entries(LANGUAGES))('%s', (language, table) => {
  test('has what English has, and nothing else', () => {
    expect(Object.keys(table).toSorted()).toEqual([...english.keys()].toSorted())
  })

  test('has a place for each name and number', () => {
    for (const [key, said] of Object.entries(table))
      // A form may say its number in words.
      for (const text of formsOf(said)) {
        const wanted = slots(formsOf(english.get(key)).at(-1)).filter(
          (slot) => slot !== 'n' || typeof said === 'string',
        )
        expect(
          slots(text).filter((slot) => slot !== 'n' || typeof said === 'string'),
          `${key}: ${text}`,
        ).toEqual(wanted)
      }
  })

  test('has the form of each number, where it has more than one', () => {
    const { pluralCategories } = new Intl.PluralRules(language).resolvedOptions()
    // Millions alone are `many` in the languages of the west.
    const wanted = pluralCategories.filter((category) => category !== 'many' || language === 'ar').toSorted()
    for (const [key, said] of Object.entries(table))
      if (typeof said === 'object' && 'other' in said && Object.keys(said).length > 1)
        expect(Object.keys(said).toSorted(), key).toEqual(wanted)
  })

  test('is another language', () => {
    const same = Object.entries(table).filter(([key, said]) => typeof said === 'string' && said === english.get(key))
    // Words that both have, what is no word, and what a keyboard has.
    const shared =
      /^(?:message|messages|notifications|link|password|stop|comma|nameInRoom|textArgument|invitation|keys|inSeconds|seconds|nameArgument)$/
    expect(same.map(([key]) => key).filter((key) => !shared.test(key))).toEqual([])
  })
})

test('a text is said with what stands for its names, and with the form of its number', () => {
  expect(say('{a} and {b}: {a}', { a: 'x', b: 1234 })).toBe('x and 1,234: x')
  expect(say('{a}', { a: '{b}', b: 'no' })).toBe('{b}')
  expect([1, 2].map((n) => formFor({ one: 'one', other: 'more' }, n))).toEqual(['one', 'more'])
  expect(formFor({ other: 'any' }, 1)).toBe('any')
})

function formsOf(said: unknown): string[] {
  return typeof said === 'string' ? [said] : Object.values(said ?? {}).map(String)
}

function slots(text = ''): string[] {
  return [...text.matchAll(/\{(\w+)\}/g)].map(([slot]) => slot.slice(1, -1)).toSorted()
}
