// Looks for words in a room's past, a slice at a time, from one end of it towards the other.
//
//     last ── ring ──┬── 64 ── 128 ── 256 ── 512 ── …  of the store ──> first
//     searched ──────┴─ what was looked through ──┘ the next request goes on from here
//
// A message matches where each word is in its text or in its name. The words of a person and of a text are compared as
// people read them: in any case of letters, in whatever form (NFKC), and without the accents of Latin, Greek and
// Cyrillic letters, so `cafe` finds `Café` and `STRASSE` finds `straße`. The signs of other scripts count: there they
// are letters.
//
// There is no index: it would have to be kept beside every store, and forgotten with every message that is. What a scan
// costs is bounded instead. After 2 ms others have their turn; after 200 ms, or 20,000 messages, the answer says how far
// it came.

import type { Clock } from '../clock.js'
import { ChatError } from '../errors.js'
import type { Encoded, HistoryPage } from './history.js'
import type { Message } from './message.js'
import type { History, Range } from './store.js'

export const MOST_WORDS = 8
export const QUERY_POINTS = 200

/** A code point is two UTF-16 units at the most. */
const RAW_QUERY_UNITS = 2 * QUERY_POINTS

/** What one request may take. */
const SEARCH_MS = 200
export const SEARCH_MESSAGES = 20_000

/** How long it looks before others have their turn. */
const TURN_MS = 2

/** Messages of a slice: the first, the most, and the bytes that a slice should have; a text has 16 kB at the most. */
const FIRST_SLICE = 64
const MOST_SLICE = 512
const SLICE_UNITS = 128 * 1024

/** `searched`: the id down to which, or with `after` up to which, it has looked; the next request goes on from there. */
export type SearchPage = HistoryPage & { readonly searched: number }

/** Messages next to a place in the direction of the search, and the place behind them. */
export type Slice = { readonly messages: readonly Message[]; readonly next: number }

export type SearchParts = {
  readonly clock: Pick<Clock, 'now' | 'soon'>
  readonly read: (range: Range) => Promise<History>
  /** What is in memory of the log with this epoch before a place, at most so many; undefined where nothing is. */
  readonly held: (epoch: string, before: number, size: number) => Slice | undefined
  readonly encodeOne: (message: Message) => Encoded
  /** Bytes of all messages together; one is given in any case. */
  readonly mostBytes: number
}

/** The words that are looked for, folded. Throws `bad_request` for none, and for too many or too much. */
export function parseWords(query: string): readonly string[] {
  if (query.length > RAW_QUERY_UNITS || Array.from(query).length > QUERY_POINTS)
    throw new ChatError('bad_request', `q is too long: at most ${QUERY_POINTS} characters`)
  const words = [...new Set(foldText(query).split(/\s+/u))].filter((word) => word !== '')
  if (words.length === 0) throw new ChatError('bad_request', 'q has nothing to look for: give one word or several')
  if (words.length > MOST_WORDS)
    throw new ChatError('bad_request', `q has ${words.length} words: give ${MOST_WORDS} at the most`)
  return words
}

const ASCII = /^\p{ASCII}*$/u

/** A text as it is compared. */
export function foldText(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase()
  const plain = text.normalize('NFKD').replace(/[\u0300-\u036f]|\p{Default_Ignorable_Code_Point}/gu, '')
  // By way of capitals ß and ss are one; of the two small sigmas the one for the end of a word is the other.
  return plain.normalize('NFKC').toLowerCase().toUpperCase().toLowerCase().replaceAll('ς', 'σ')
}

/** Is each word in the text or in the name of what somebody said? What was removed, and notes of changes, never match. */
export function matches({ type, username, text }: Message, words: readonly string[]): boolean {
  if (type !== 'chat') return false
  const said = foldText(`${username}\n${text}`)
  return words.every((word) => said.includes(word))
}

/** A page of what matches: the newest before a place, or the oldest after one. */
export async function search(
  parts: SearchParts,
  words: readonly string[],
  { before = Infinity, after, limit }: Range,
): Promise<SearchPage> {
  const { clock, encodeOne, mostBytes } = parts
  const ends = { ...(await parts.read({ limit: 1 })), messages: [] }
  const isAfter = after !== undefined
  const begunAt = clock.now()
  const messages: Message[] = []
  const json: string[] = []
  let slice: Slice = { messages: [], next: startOf(ends, before, after) }
  let [at, size, place, looked, bytes, turnAt] = [0, FIRST_SLICE, slice.next, 0, 0, begunAt]
  const hasMore = (): boolean => ends.last > 0 && (isAfter ? place < ends.last : place > ends.first)
  const isTired = (): boolean => looked >= SEARCH_MESSAGES || clock.now() - begunAt >= SEARCH_MS
  const yieldTurn = async (): Promise<void> => {
    await new Promise<void>((resolve) => clock.soon(resolve))
    turnAt = clock.now()
  }
  const pageOf = (more: boolean): SearchPage => {
    const found = isAfter ? { messages, json } : { messages: messages.toReversed(), json: json.toReversed() }
    return { ...ends, ...found, more, searched: place }
  }
  while (messages.length < limit) {
    const message = slice.messages[isAfter ? at : slice.messages.length - 1 - at]
    if (message === undefined) {
      place = slice.next
      if (!hasMore() || isTired()) break
      const next = await sliceOf(parts, ends, place, isAfter, size)
      // The log was begun anew meanwhile: nothing of the old one can be had any more.
      if (next === undefined) return pageOf(false)
      slice = next
      at = 0
      size = sizeAfter(size, next.messages)
      // A store that has all of it in memory answers at once: others have their turn all the same.
      await yieldTurn()
      continue
    }
    if (isTired()) break
    if (clock.now() - turnAt >= TURN_MS) await yieldTurn()
    at++
    looked++
    if (matches(message, words)) {
      const encoded = encodeOne(message)
      if (messages.length > 0 && bytes + encoded.bytes > mostBytes) break
      bytes += encoded.bytes
      messages.push(message)
      json.push(encoded.json)
    }
    place = message.id
  }
  return pageOf(hasMore())
}

/** The id next to which it begins, itself not looked at. */
function startOf({ first, last }: History, before: number, after: number | undefined): number {
  if (last === 0) return 0
  return after === undefined ? Math.max(first, Math.min(before, last + 1)) : Math.min(last, Math.max(after, first - 1))
}

/** How many messages the next slice has, by what these have. */
function sizeAfter(size: number, messages: readonly Message[]): number {
  const units = messages.reduce((sum, { text }) => sum + text.length, 0)
  return Math.max(1, Math.min(MOST_SLICE, 2 * size, Math.ceil((size * SLICE_UNITS) / Math.max(1, units))))
}

/** Undefined where the log is another than it was. */
async function sliceOf(
  { held, read }: SearchParts,
  { epoch, first, last }: History,
  place: number,
  isAfter: boolean,
  size: number,
): Promise<Slice | undefined> {
  const here = isAfter ? undefined : held(epoch, place, size)
  if (here !== undefined)
    return { messages: here.messages.filter(({ id }) => id >= first), next: Math.max(first, here.next) }
  const page = await read(isAfter ? { after: place, limit: size } : { before: place, limit: size })
  if (page.epoch !== epoch) return undefined
  const { messages } = page
  // Where so many ids are missing, what lay there is lost: the search goes on behind them.
  const far = isAfter ? Math.min(last, place + size) : Math.max(first, place - size)
  return { messages, next: (isAfter ? messages.at(-1)?.id : messages[0]?.id) ?? far }
}
