// A text as a search shows it: the part with the first word that was looked for, and each of these words apart, so that
// they can be marked. Words are compared as the server compares them, whose folding can change how long a text is:
//
//     text     S t r a ß e      folded   s t r a s s e
//     places   0 1 2 3 4 4 5             the place in the text of each folded letter

import { foldText } from '../src/core/rooms/search.js'

export type Piece = { readonly text: string; readonly isFound: boolean }

/** How much is shown, and how much of that before the first word, in UTF-16 units. */
const MOST_UNITS = 300
const BEFORE_UNITS = 60

type Span = { readonly from: number; readonly to: number }

/** `words`: what was looked for, as it was typed. */
export function excerptOf(text: string, words: string): readonly Piece[] {
  const spans = spansOf(text, wordsOf(words))
  const from = startOf(text, spans[0]?.from ?? 0)
  const to = Math.min(text.length, from + MOST_UNITS)
  const pieces: Piece[] = from > 0 ? [{ text: '…', isFound: false }] : []
  let at = from
  for (const span of spans) {
    if (span.to > to) break
    if (span.from > at) pieces.push({ text: text.slice(at, span.from), isFound: false })
    pieces.push({ text: text.slice(span.from, span.to), isFound: true })
    at = span.to
  }
  const rest = text.slice(at, endOf(text, to))
  if (rest !== '') pieces.push({ text: rest, isFound: false })
  if (to < text.length) pieces.push({ text: '…', isFound: false })
  return pieces
}

function wordsOf(words: string): readonly string[] {
  return foldText(words)
    .split(/\s+/u)
    .filter((word) => word !== '')
}

/** Where the words are, from left to right; those that overlap are one. */
function spansOf(text: string, words: readonly string[]): readonly Span[] {
  const places: Span[] = []
  let folded = ''
  let at = 0
  for (const sign of text) {
    const letters = foldText(sign)
    const to = at + sign.length
    // An accent of its own belongs to the letter before it.
    const before = places.at(-1)
    if (letters === '' && before !== undefined) places[places.length - 1] = { ...before, to }
    for (let i = 0; i < letters.length; i++) places.push({ from: at, to })
    folded += letters
    at = to
  }
  const found: Span[] = []
  for (const word of words)
    for (let i = folded.indexOf(word); i >= 0; i = folded.indexOf(word, i + word.length))
      found.push({ from: places[i]?.from ?? 0, to: places[i + word.length - 1]?.to ?? 0 })
  return joined(found.toSorted((a, b) => a.from - b.from))
}

function joined(spans: readonly Span[]): readonly Span[] {
  const apart: Span[] = []
  for (const span of spans) {
    const last = apart.at(-1)
    if (last === undefined || span.from > last.to) apart.push(span)
    else apart[apart.length - 1] = { from: last.from, to: Math.max(last.to, span.to) }
  }
  return apart
}

/** Where the excerpt begins: at a word, a little before what was found. */
function startOf(text: string, found: number): number {
  if (found <= 2 * BEFORE_UNITS) return 0
  const from = found - BEFORE_UNITS
  const space = text.slice(from, found).search(/\s/u)
  return space >= 0 ? from + space + 1 : endOf(text, from)
}

/** The same place, or the one before it inside a pair of surrogates. */
function endOf(text: string, place: number): number {
  return /[\udc00-\udfff]/.test(text.charAt(place)) ? place - 1 : place
}
