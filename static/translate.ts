// Loads another language than English, and writes index.html in it. Where that runs from right to left the page does too, and
// has the style for what does not turn by itself.

import { element } from './element.js'
import { loadStyle } from './later-style.js'
import { type Nodes, speak, type Table } from './words.js'
import { PLACES } from './words/written.js'

const LOAD: ReadonlyMap<string, () => Promise<{ readonly words: Table }>> = new Map([
  ['de', () => import('./words/de.js')],
  ['fr', () => import('./words/fr.js')],
  ['es', () => import('./words/es.js')],
  ['pt', () => import('./words/pt.js')],
  ['ar', () => import('./words/ar.js')],
  ['zh', () => import('./words/zh.js')],
])

const RIGHT_TO_LEFT: ReadonlySet<string> = new Set(['ar'])

/** Resolves when the page may be shown. `place`: the language with its country, for dates. */
export async function translate(language: string, place: string): Promise<void> {
  const isRtl = RIGHT_TO_LEFT.has(language)
  const [loaded] = await Promise.all([LOAD.get(language)?.(), isRtl ? loadStyle('static/rtl.css') : undefined])
  if (loaded === undefined) return
  const { words } = loaded
  const root = document.documentElement
  root.lang = language
  if (isRtl) root.dir = 'rtl'
  speak(place, words, isRtl)
  for (const [key, ...places] of PLACES) for (const one of places) writeAt(one, words[key])
}

function writeAt(place: string, text: string): void {
  const [selector = '', attribute] = place.split('@')
  const found = document.querySelector(selector)
  if (attribute === undefined) found?.replaceChildren(...withKeys(text))
  else found?.setAttribute(attribute, text)
}

/** Keys stand in brackets. */
function withKeys(text: string): Nodes {
  return text.split(/\[([^[\]]+)\]/).map((part, i) => (i % 2 === 0 ? part : element('kbd', {}, part)))
}
