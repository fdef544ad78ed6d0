// Marks mentions of the people in the room, lightly; those of the reader are marked when a line is drawn (text.ts). Code and
// links stay as they are.
//
//     line drawn, or its text changed ──> each `@Ada` of it that names a person becomes an element
//     a person comes ──> lines with an @ are looked at again

import type { Conversation } from './conversation.js'
import { byId, element } from './element.js'
import type { People } from './people.js'
import { speakersOf } from './speakers.js'

/** So many names at the most; a room of more people has its newest speakers marked. */
const MOST_NAMES = 300

export type MarkParts = { readonly conversation: Conversation; readonly people: People }

export function markMentions({ conversation, people }: MarkParts): void {
  const lines = byId('lines', HTMLOListElement)
  let names: ReadonlySet<string> = new Set()
  let mention: RegExp | undefined

  new MutationObserver((records) => {
    const changed = new Set<Element>()
    for (const { target, addedNodes } of records) {
      const line = target instanceof Element ? target.closest('.line') : null
      if (line !== null) changed.add(line)
      for (const node of addedNodes) if (node instanceof Element && target === lines) changed.add(node)
    }
    mark(changed)
  }).observe(lines, { childList: true, subtree: true })
  people.onShow((state) => {
    const known = new Set([...speakersOf(conversation.log), ...(state?.members ?? [])].slice(0, MOST_NAMES))
    if (known.size === names.size && [...known].every((name) => names.has(name))) return
    names = known
    mention = names.size === 0 ? undefined : patternOf([...names])
    mark(lines.children)
  })

  function mark(some: Iterable<Element>): void {
    for (const line of some)
      for (const text of line.querySelectorAll(':scope > .text')) if (text.textContent?.includes('@')) markIn(text)
  }

  function markIn(text: Element): void {
    const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT)
    const found: Text[] = []
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode())
      if (node instanceof Text && node.parentElement?.closest('code, a, mark, .mention') === null) found.push(node)
    for (const node of found) replaceIn(node)
  }

  function replaceIn(node: Text): void {
    if (mention === undefined || !node.data.includes('@')) return
    const parts = node.data.split(mention)
    if (parts.length === 1) return
    node.replaceWith(
      ...parts.map((part, i) => (i % 2 === 0 ? part : element('span', { class: 'mention', dir: 'auto' }, part))),
    )
  }
}

/** Of two names that begin alike the longer one is meant. */
function patternOf(names: readonly string[]): RegExp {
  const literals = names
    .toSorted((a, b) => b.length - a.length)
    .map((name) => name.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'))
  return new RegExp(`(?<![\\p{L}\\p{N}_])(@(?:${literals.join('|')}))(?![\\p{L}\\p{N}_])`, 'giu')
}
