// What the page says. Here is the English of the first sheet and of the chat; index.html says the rest of it, as
// words/written.ts knows, and words/later.ts has what is seen rarely. Another language is one file with all three tables,
// such as words/de.ts, which language.ts has loaded before anything is shown.
//
//     say(words.begins, { room: '#lobby' })     a text, with what stands for its {room}
//     sayCount(words.crowd, 3)                  the form that the language has for 3, with its {n}
//     sayWith(words.joined, { names: [bdi] })   the same as nodes, where elements stand in it
//     join([[bdi], [bdi]])                      a list, as the language joins it: `ada and bob`

import type { Code } from '../src/core/errors.js'
import type { later } from './words/later.js'
import type { written } from './words/written.js'

/** One text for each form that a language has for a number (CLDR's plural categories). */
export type Forms = { readonly other: string } & { readonly [Rule in Intl.LDMLPluralRule]?: string }

const english = {
  live: 'Live',
  connecting: 'Connecting',
  stopped: 'Stopped: {why}',
  reconnecting: 'Reconnecting',
  offline: 'Offline, trying again',
  shuttingDown: 'Server is shutting down, back',
  // Stand behind the three before.
  inSeconds: ' in {n} s',
  rightNow: ' now',

  writeTo: 'Write to {room}',

  nobodySaid: 'Nobody has said anything in {room} yet. Say hello, or share the link.',
  begins: 'This is where {room} begins.',
  removed: '(removed)',
  newMessages: 'New messages',
  showAll: 'Show all',
  showLess: 'Show less',
  // Forms by how many names there are.
  joined: { other: '{names} joined' },
  left: { other: '{names} left' },
  cameBack: { other: '{names} came back' },
  lookedIn: { other: '{names} looked in' },
  others: { other: '{n} others' },
  comma: ', ',

  typing: { one: '{names} is typing', other: '{names} are typing' },
  isTyping: 'typing …',
  you: '(you)',
  unread: ' unread',
  leave: 'Leave {room}',

  joinRoom: 'Join {room}',
  nobodyThere: 'Nobody is there yet.',
  crowd: { one: '{n} person is there.', other: '{n} people are there.' },
  nameWanted: 'Write a name that the others can call you by.',
  noConnection: 'There is no connection to the server: try again in a moment.',
  // Ends a sentence that has none: the reasons below, and the server's.
  stop: '.',
}

/** Why the server refuses, where the page says it in its own words. Other reasons are told as the server tells them. */
type Reasons = { readonly name_taken: string } & { readonly [One in Code]?: string }

const reasons: Reasons = {
  name_taken: 'somebody here has that name already. Choose another; or if it was you, try again in a minute',
}

type Shape<Part> = { readonly [Key in keyof Part]: Part[Key] extends string ? string : Forms }
type First = Shape<typeof english> & { readonly reasons: Reasons }

/** One language, whole. What has no reason in English has one here: the server speaks English. */
export type Table = Shape<typeof english & typeof later & typeof written> & {
  readonly reasons: Reasons &
    Readonly<Record<'rate_limited' | 'too_large' | 'unavailable' | 'internal' | 'full', string>>
}

export let words: First = { ...english, reasons }
/** The language that was chosen, where that is not English. */
export let translation: Table | undefined
/** For dates, times and numbers. */
export let locale = 'en-GB'
let numbers = new Intl.NumberFormat(locale)
let isRtl = false

/** Speaks another language from now on, or English with the dates of somewhere. */
export function speak(place: string, table?: Table, rightToLeft = false): void {
  locale = place
  numbers = new Intl.NumberFormat(locale)
  translation = table
  words = table ?? words
  isRtl = rightToLeft
}

type Values = Readonly<Record<string, string | number>>

export function say(text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (_, slot: string) => shown(values[slot] ?? ''))
}

/** `count` chooses the form, and stands for its {n}. */
export function sayCount(forms: Forms, count: number, values: Values = {}): string {
  return say(formFor(forms, count), { n: count, ...values })
}

export function formFor(forms: Forms, count: number): string {
  return forms[new Intl.PluralRules(locale).select(count)] ?? forms.other
}

/** Between words that run from right to left a name keeps its own direction (Unicode's FSI and PDI). */
function shown(value: string | number): string {
  if (typeof value === 'number') return numberWords(value)
  return isRtl ? `\u2068${value}\u2069` : value
}

export type Nodes = (Node | string)[]

export function sayWith(text: string, values: Readonly<Record<string, Nodes>>): Nodes {
  return text.split(/\{(\w+)\}/).flatMap((part, i) => (i % 2 === 0 ? part : (values[part] ?? [])))
}

export function numberWords(value: number): string {
  return numbers.format(value)
}

export function join(items: readonly Nodes[]): Nodes {
  const parts = new Intl.ListFormat(locale).formatToParts(items.map((_, i) => String(i)))
  return parts.flatMap((part) => (part.type === 'element' ? (items[Number(part.value)] ?? []) : part.value))
}
