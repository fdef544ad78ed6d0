// What is said of a text that is too long for one message, or nearly. Loaded with the first long one.

import { later } from './later-words.js'
import { sayCount } from './words.js'

const MAX_POINTS = 4000
const WARN_POINTS = 3600

export function sayLength(text: string): { readonly isTooLong: boolean; readonly sentence: string } {
  // Code points: what the server counts.
  const points = Array.from(text.normalize('NFC')).length
  const left = MAX_POINTS - points
  if (left < 0) return { isTooLong: true, sentence: sayCount(later.tooLong, -left, { most: String(MAX_POINTS) }) }
  return { isTooLong: false, sentence: points > WARN_POINTS ? sayCount(later.charactersLeft, left) : '' }
}
