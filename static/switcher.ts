// Ctrl+K: to another room, by a part of its name. Names that begin with it come first. Enter on a new name opens that
// room. Loaded when the page is idle.

import { element } from './element.js'
import { laterStyle } from './later-style.js'
import { later } from './later-words.js'
import { Options } from './options.js'
import { isRoom } from './rooms.js'
import { say } from './words.js'

/** Resolves when the dialog has its style. */
export const styled = laterStyle()

/** Opens the dialog. `done` is called when it is closed, with the room if one was chosen. */
export function openSwitcher(rooms: readonly string[], typed: string, done: (room: string | undefined) => void): void {
  const box = element('input', {
    'aria-label': later.goTo,
    placeholder: later.goToRoom,
    role: 'combobox',
    'aria-expanded': 'true',
    'aria-controls': 'switch-list',
    'aria-autocomplete': 'list',
    autocomplete: 'off',
    autocapitalize: 'none',
    spellcheck: 'false',
  })
  const list = element('ul', { id: 'switch-list', class: 'choices', 'aria-label': later.matches })
  const dialog = element('dialog', { class: 'dialog switcher', 'aria-label': later.goToRoom }, box, list)
  let found: readonly string[] = []
  let chosen: string | undefined

  const choose = (at: number): void => {
    chosen = found[at]
    if (chosen !== undefined) dialog.close()
  }
  const options = new Options(box, list, choose)
  const search = (): void => {
    const wanted = box.value.trim().replace(/^#/, '')
    const matching = matchesOf(rooms, wanted.toLowerCase())
    found = isRoom(wanted) && !rooms.includes(wanted) ? [...matching, wanted] : matching
    options.show(found.map((room) => element('li', {}, rooms.includes(room) ? room : say(later.openThat, { room }))))
  }
  box.addEventListener('input', search)
  box.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && !event.isComposing) choose(options.at)
    else if (!options.move(event.key)) return
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
