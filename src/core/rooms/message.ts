// A message, and what its parts may be. Everything a person can type is checked here, once, on its way in.
// After that the code trusts a value of these types.
//
// Nothing is repaired in silence. A text is normalised (NFC, `\r\n` becomes `\n`) because two ways of writing the
// same letters must be one text. A text that could forge a line, hide a letter or turn the reading direction is
// refused with a sentence.

import { ChatError } from '../errors.js'
import type { Attachment } from './file.js'

/** One entry of a room's log. `timestamp`: milliseconds since 1970, for display; order is by `id` alone. */
export type Message = {
  readonly id: number
  readonly room: string
  readonly type: string
  readonly username: string
  readonly text: string
  readonly timestamp: number
  /** The sender's own mark (see `IdempotencyKeys`). All readers get it. */
  readonly key?: string
  /** The file that it carries. */
  readonly file?: Attachment
  /** The id of an earlier message: the one that this message answers, or changes (change.ts). */
  readonly of?: number
  /** When the text was last changed, in milliseconds since 1970. */
  readonly edited?: number
  readonly reactions?: readonly Reaction[]
  /** Only in a reaction: `by` names the people, where there are several; `on` is false where they take it back. */
  readonly by?: readonly string[]
  readonly on?: false
}

/** An emoji under a message, and the names of the people who put it there. */
export type Reaction = { readonly text: string; readonly by: readonly string[] }

/** A message before the store has given it its place. */
export type Draft = Omit<Message, 'id'>

/**
 * A message in the ring, encoded once for all readers. `bytes`: the length of its JSON in UTF-8; `at`: when it came
 * (`Clock.now`); `size`: the bytes of memory to account for.
 */
export type Entry = {
  readonly message: Message
  readonly json: string
  readonly bytes: number
  readonly at: number
  readonly size: number
}

export const TEXT_POINTS = 4000
export const NAME_GRAPHEMES = 32
export const NAME_BYTES = 128

/**
 * The longest that a text and a name may be before they are normalised, in UTF-16 units. Normalising takes time that
 * grows faster than the text, so the length is checked first. Nothing longer can become short enough: NFC makes one
 * code point of at most four, and a code point is at most two units. A name may have outer spaces as well.
 */
const RAW_TEXT_UNITS = 4 * 2 * TEXT_POINTS
const RAW_NAME_UNITS = 1024

/** The most marks on one letter. A word of any language has a few, and sorting n of them takes n × n steps. */
const PILED_MARKS = 100

/** What readers get in the place of a message that was taken out. */
export function removed({ id, room, username, timestamp, key }: Message): Message {
  return { id, room, type: 'removed', username, text: 'removed', timestamp, ...(key === undefined ? {} : { key }) }
}

export function entryOf(message: Message, at: number): Entry {
  const plain = plainJson(message)
  const json = plain ?? JSON.stringify(message)
  const bytes = plain?.length ?? countBytes(json)
  return { message, json, bytes, at, size: 2 * json.length + 256 }
}

/** ASCII that JSON has as it is: a character is a byte. */
const PLAIN_JSON = /^[ !#-[\]-~]*$/
const PLAIN_FIELDS = 6

/** The JSON of a plain message, in a third of the time; undefined for any other message. */
function plainJson(message: Message): string | undefined {
  const { id, room, type, username, text, timestamp } = message
  if (Object.keys(message).length !== PLAIN_FIELDS) return undefined
  for (const value of [room, type, username, text]) if (!PLAIN_JSON.test(value)) return undefined
  return `{"id":${id},"room":"${room}","type":"${type}","username":"${username}","text":"${text}","timestamp":${timestamp}}`
}

/** 1–64 characters of `A–Z a–z 0–9 _ -`; case matters. */
export function parseRoom(value: unknown): string {
  if (typeof value === 'string' && /^[\w-]{1,64}$/.test(value)) return value
  if (value === undefined || value === '')
    throw new ChatError('bad_request', 'room is required: the name of a room, such as lobby')
  throw new ChatError('bad_request', 'room is 1 to 64 characters of A-Z a-z 0-9 _ -')
}

/** An idempotency key: 1–64 characters of `A–Z a–z 0–9 _ -`. */
export function parseKey(value: unknown): string {
  if (typeof value === 'string' && /^[\w-]{1,64}$/.test(value)) return value
  throw new ChatError('bad_request', 'key is 1 to 64 characters of A-Z a-z 0-9 _ -')
}

/** Nearly every text is plain, and needs no second look. */
const PLAIN_TEXT = /^[\n\t -~]+$/
const FORBIDDEN_IN_TEXT = /[\p{Cs}\u202a-\u202e\u2066-\u2069]|[^\P{Cc}\n\t]/u

/** 1–4,000 code points after normalisation. */
export function parseText(value: unknown): string {
  if (typeof value !== 'string')
    throw new ChatError('bad_request', 'text is required: what you want to say, as a string')
  if (value.length <= TEXT_POINTS && PLAIN_TEXT.test(value)) return value
  if (value.length > RAW_TEXT_UNITS) throw tooLong(countPoints(value))
  if (hasPile(value)) throw new ChatError('bad_request', `text piles up marks on one letter: at most ${PILED_MARKS}`)
  const text = value.replaceAll('\r\n', '\n').normalize('NFC')
  if (text === '') throw new ChatError('bad_request', 'text is empty: say something')
  if (FORBIDDEN_IN_TEXT.test(text)) {
    throw new ChatError(
      'bad_request',
      'text has a control character, a bidi override or half a character: leave it out (only line feeds and tabs are allowed)',
    )
  }
  if (text.length > TEXT_POINTS && countPoints(text) > TEXT_POINTS) throw tooLong(countPoints(text))
  return text
}

function hasPile(text: string): boolean {
  for (const [marks] of text.matchAll(/\p{M}+/gu)) if (marks.length > PILED_MARKS) return true
  return false
}

function tooLong(points: number): ChatError {
  return new ChatError('bad_request', `text is too long: at most ${TEXT_POINTS} characters, this has ${points}`)
}

const PLAIN_NAME = /^[!-Z\\^-~]+(?: [!-Z\\^-~]+)*$/
const FORBIDDEN_IN_NAME = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}[\]\u2800\ufff9-\ufffb]|(?!\ufe0f)\p{Default_Ignorable_Code_Point}/u
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** 1–32 graphemes and at most 128 bytes of UTF-8, without outer spaces, of one script (UTS #39). */
export function parseUsername(value: unknown): string {
  if (typeof value !== 'string') throw new ChatError('bad_request', 'username is required: the name to speak under')
  if (value.length > RAW_NAME_UNITS) throw nameTooLong()
  const name = trimSpaces(value).normalize('NFC')
  if (name === '') throw new ChatError('bad_request', 'username is empty: choose a name')
  if (name.length <= NAME_GRAPHEMES && PLAIN_NAME.test(name)) return name
  if (FORBIDDEN_IN_NAME.test(name)) {
    throw new ChatError('bad_request', 'username has a bracket, a control character or an invisible one: leave it out')
  }
  if (/ {2}|[^\S ]/u.test(name))
    throw new ChatError('bad_request', 'username may have single spaces inside, and no other white space')
  if (name.length > NAME_BYTES || countBytes(name) > NAME_BYTES || countGraphemes(name) > NAME_GRAPHEMES)
    throw nameTooLong()
  if (foldName(name) === '') throw new ChatError('bad_request', 'username has nothing to see: choose a name')
  if (scriptsOf(name) > 1)
    throw new ChatError('bad_request', 'username mixes Latin, Greek or Cyrillic letters: use one of them')
  return name
}

function nameTooLong(): ChatError {
  return new ChatError(
    'bad_request',
    `username is too long: at most ${NAME_GRAPHEMES} characters and ${NAME_BYTES} bytes`,
  )
}

/**
 * The text without the spaces (U+0020) at both ends. A regular expression for those at the end would start again at
 * each space inside.
 */
export function trimSpaces(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && text[start] === ' ') start++
  while (end > start && text[end - 1] === ' ') end--
  return text.slice(start, end)
}

/**
 * Two names with the same fold are one name: NFKC and case folding, a space counts as `_`, invisible characters do
 * not count.
 */
export function foldName(name: string): string {
  // JavaScript has no case folding. This comes near: by way of capitals ß and ss are one, and ẞ first becomes ß.
  const folded = name.normalize('NFKC').toLowerCase().toUpperCase().toLowerCase().normalize('NFKC')
  return folded.replace(/\p{Default_Ignorable_Code_Point}/gu, '').replaceAll(' ', '_')
}

function scriptsOf(name: string): number {
  const letters = name.normalize('NFKC')
  return [/\p{Script=Latin}/u, /\p{Script=Greek}/u, /\p{Script=Cyrillic}/u].filter((script) => script.test(letters))
    .length
}

/**
 * Counts code points: the two halves of a pair are one. An iterator makes a string of each, and takes ten times as
 * long.
 */
function countPoints(text: string): number {
  let points = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    const isPair = unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00
    if (isPair) i++
    points++
  }
  return points
}

function countGraphemes(text: string): number {
  let count = 0
  for (const _ of graphemes.segment(text)) count++
  return count
}

/** How many bytes a text has in UTF-8. */
export function countBytes(text: string): number {
  let bytes = text.length
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    // A character beyond the first 65,536 has two halves, and four bytes: each half counts for two.
    if (unit >= 0x80) bytes += unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 1 : 2
  }
  return bytes
}
