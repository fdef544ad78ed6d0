// On a narrow screen the outer areas are drawers. A button opens one; a tap beside it, Esc or a choice closes it.
// While one is open, the page behind it cannot be reached. Loaded when the page is idle, or with the first press.

import { byId } from './element.js'
import { laterStyle } from './later-style.js'

const veil = byId('veil', HTMLButtonElement)
const middle = byId('middle', HTMLElement)

/** The areas by the ids of their buttons. */
const AREAS = { 'show-rooms': byId('side', HTMLElement), 'show-people': byId('folk', HTMLElement) }

export type DrawerButton = keyof typeof AREAS

veil.addEventListener('click', close)
addEventListener('hashchange', close)

/** Opens the drawer of a button, or closes it if it is open. */
export async function toggle(id: DrawerButton): Promise<void> {
  const area = AREAS[id]
  if (area.dataset['open'] !== undefined) return void close()
  await laterStyle()
  close()
  area.dataset['open'] = ''
  byId(id, HTMLButtonElement).ariaExpanded = 'true'
  veil.hidden = false
  middle.inert = true
  area.querySelector<HTMLElement>('a, input, button')?.focus()
}

/** Closes an open drawer; answers whether one was open. */
export function close(): boolean {
  const open = Object.values(AREAS).find((area) => area.dataset['open'] !== undefined)
  veil.hidden = true
  middle.inert = false
  if (open === undefined) return false
  delete open.dataset['open']
  for (const button of document.querySelectorAll('.fold')) button.ariaExpanded = 'false'
  return true
}
