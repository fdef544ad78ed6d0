// Ctrl+K: to another room, by a part of its name. Names that begin with it come first. Enter on a new name opens that
// room. Loaded when the page is idle.

import { element } from './element.js'
import { laterStyle } from './later-style.js'
import { isRoom } from './rooms.js'

/** Resolves when the dialog has its style. */
export const styled = laterStyle()

/** Opens the dialog. `done` is called when it is closed, with the room if one was chosen. */
export function openSwitcher(rooms: readonly string[], typed: string, done: (room: string | undefined) => void): void {
  const box = element('input', {
    'aria-label': 'Go to',
    placeholder: 'Go to a room',
    role: 'combobox',
    'aria-expanded': 'true',
    'aria-controls': 'switch-list',
    'aria-autocomplete': 'list',
    autocomplete: 'off',
    autocapitalize: 'none',
    spellcheck: 'false',
  })
  const list = element('ul', {
    id: 'switch-list',
    class: 'choices',
    role: 'listbox',
    'aria-label': 'Matches',
  })
  const dialog = element('dialog', { class: 'dialog switcher', 'aria-label': 'Go to a room' }, box, list)
  let found: readonly string[] = []
  let at = 0
  let chosen: string | undefined

  const choose = (room: string): void => {
    chosen = room
    dialog.close()
  }
  const show = (): void => {
    list.replaceChildren(...found.map((room, i) => optionOf(room, i, i === at, rooms.includes(room), choose)))
    if (found.length > 0) box.setAttribute('aria-activedescendant', `switch-${at}`)
    else box.removeAttribute('aria-activedescendant')
    list.children[at]?.scrollIntoView({ block: 'nearest' })
  }
  const search = (): void => {
    const wanted = box.value.trim().replace(/^#/, '')
    const matching = matchesOf(rooms, wanted.toLowerCase())
    found = isRoom(wanted) && !rooms.includes(wanted) ? [...matching, wanted] : matching
    at = 0
    show()
  }
  box.addEventListener('input', search)
  box.addEventListener('keydown', (event) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (step !== 0 && found.length > 0) {
      at = (at + step + found.length) % found.length
      show()
    } else if (event.key === 'Enter' && !event.isComposing) {
      const room = found[at]
      if (room !== undefined) choose(room)
    } else return
    event.preventDefault()
  })
  // The dialog goes before the room opens; otherwise it would take the selection, and with it the keys, out of the
  // box.
  dialog.addEventListener('close', () => {
    dialog.remove()
    done(chosen)
  })
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close()
  })
  document.body.append(dialog)
  box.value = typed
  dialog.showModal()
  search()
}

/** The rooms with this in their name, those that begin with it first. */
function matchesOf(rooms: readonly string[], wanted: string): string[] {
  const at = (room: string): number => room.toLowerCase().indexOf(wanted)
  return rooms.filter((room) => at(room) >= 0).toSorted((a, b) => Number(at(a) > 0) - Number(at(b) > 0))
}

function optionOf(
  room: string,
  i: number,
  chosen: boolean,
  known: boolean,
  choose: (room: string) => void,
): HTMLLIElement {
  const words = known ? room : `Open ${room}`
  const option = element('li', { id: `switch-${i}`, role: 'option', 'aria-selected': String(chosen) }, words)
  option.addEventListener('click', () => choose(room))
  return option
}
