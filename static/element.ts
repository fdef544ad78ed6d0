// Makes elements, and finds those in index.html. Text goes in as text nodes: nothing on this page makes HTML from a
// string, so no text of a person can become markup.

import { colour } from './crayons.js'

type Attributes = Readonly<Record<string, string>>

export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  made.append(...children)
  return made
}

/** A name as it is shown: in its own colour, and without changing the writing direction of the text beside it. */
export function nameElement(username: string): HTMLElement {
  const name = element('bdi', { class: 'who' }, username)
  colour(name, username)
  return name
}

/** Finds an element of index.html. Throws if it is missing or of another kind, which is a bug. */
export function byId<Kind extends HTMLElement>(id: string, kind: abstract new () => Kind): Kind {
  const found = document.getElementById(id)
  if (found instanceof kind) return found
  throw new Error(`index.html has no ${kind.name} #${id}`)
}

/** Writes a text, if it is another: the same text anew would be laid out and painted anew. */
export function write(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text
}

/** Hides or shows an element. One that is hidden already is not looked at anew. */
export function hide(element: Element, isHidden: boolean): void {
  element.toggleAttribute('hidden', isHidden)
}

/** Calls back on an event; returns its undo. */
export function on(target: EventTarget, type: string, call: (event: Event) => void): () => void {
  target.addEventListener(type, call)
  return () => target.removeEventListener(type, call)
}
