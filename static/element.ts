// Makes elements, and finds those that index.html has. Text goes in as text nodes: nothing here, and nothing on
// this page, makes HTML from a string, so nothing that somebody writes can become markup.

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

/** A name as it is shown: in its own colour, its writing direction kept from running over into what stands beside it. */
export function nameElement(username: string): HTMLElement {
  const name = element('bdi', { class: 'who' }, username)
  name.style.setProperty('--hue', String(hueOf(username)))
  return name
}

/** Finds an element of index.html. Throws when it is missing or another kind, which is a bug. */
export function byId<Kind extends HTMLElement>(id: string, kind: abstract new () => Kind): Kind {
  const found = document.getElementById(id)
  if (found instanceof kind) return found
  throw new Error(`index.html has no ${kind.name} #${id}`)
}

/** Calls back on an event; returns its undo. */
export function on(target: EventTarget, type: string, call: (event: Event) => void): () => void {
  target.addEventListener(type, call)
  return () => target.removeEventListener(type, call)
}

/** A hue from 0 to 359, the same for the same name everywhere (FNV-1a). */
function hueOf(name: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193)
  // Steps of the golden angle keep names that differ little from looking alike.
  return Math.round(((hash >>> 0) * 137.508) % 360)
}
