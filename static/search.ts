// Searches what was said in the room, as one types: Ctrl+Shift+F, the button in the header, or `/search words`. Loaded
// when it is asked for.
//
//     letters ── 200 ms of rest ──> GET /history?q= ──> names, times, texts with the words marked, the newest first
//                    a further letter ends it             Enter, a click ──> the message in the log
//
// The server looks for a moment only. Then the dialog says how far it came, and has a button that goes on from there.

import { history } from '../src/client/history.js'
import { defaultPlatform as platform } from '../src/client/platform.js'
import type { Message } from '../src/client/wire.js'
import { BASE } from './base.js'
import { element, nameElement } from './element.js'
import { excerptOf } from './excerpt.js'
import { laterStyle } from './later-style.js'
import { later } from './later-words.js'
import { Options } from './options.js'
import { whyRefused } from './welcome.js'
import { locale, say, sayCount } from './words.js'

const REST_MS = 200
const PAGE = 20

/** What the server takes of words. */
const MOST_CHARACTERS = 200

export type SearchParts = {
  readonly room: string
  readonly token: string | undefined
  /** Goes to a message that was chosen. */
  readonly goTo: (id: number) => void
}

export async function openSearch({ room, token, goTo }: SearchParts, typed: string): Promise<void> {
  await laterStyle()
  const title = say(later.searchIn, { room: `#${room}` })
  const box = element('input', {
    'aria-label': title,
    placeholder: title,
    role: 'combobox',
    'aria-expanded': 'false',
    'aria-controls': 'found',
    'aria-autocomplete': 'list',
    autocomplete: 'off',
    enterkeyhint: 'search',
    maxlength: String(MOST_CHARACTERS),
  })
  const close = element('button', { type: 'button', class: 'quiet' }, later.close)
  const list = element('ul', { id: 'found', class: 'found-list', 'aria-label': later.matches })
  const told = element('p', { class: 'hint', role: 'status' }, later.searchHint)
  const goOn = element('button', { type: 'button', hidden: '' }, later.searchOn)
  const dialog = element(
    'dialog',
    { class: 'dialog search', 'aria-label': title },
    element('div', { class: 'search-head' }, box, close),
    list,
    element('div', { class: 'search-foot' }, told, goOn),
  )
  let found: Message[] = []
  let chosen: Message | undefined
  /** The words of which the list is. */
  let shown = ''
  /** Where the search goes on; undefined at first. */
  let before: number | undefined
  let running = new AbortController()
  let rest = (): void => undefined

  const choose = (at: number): void => {
    chosen = found[at]
    if (chosen !== undefined) dialog.close()
  }
  const options = new Options(box, list, choose)
  const stop = (): void => {
    rest()
    running.abort()
    running = new AbortController()
  }
  const clear = (): void => {
    found = []
    options.show([])
    box.ariaExpanded = 'false'
  }
  /** Looks for the words, from the newest message down or from where it stopped. */
  const ask = async (): Promise<void> => {
    stop()
    const { signal } = running
    const q = box.value.trim()
    told.textContent = later.searching
    try {
      const answer = await history({ url: BASE, token, signal }, { room, q, limit: PAGE, before })
      if (signal.aborted) return
      if (before === undefined) clear()
      shown = q
      const page = answer.messages.toReversed()
      options.add(page.map((message) => optionOf(message, q)))
      found.push(...page)
      before = answer.searched
      box.ariaExpanded = String(found.length > 0)
      const hadFocus = document.activeElement === goOn
      goOn.hidden = !answer.more
      if (hadFocus && goOn.hidden) box.focus()
      const looked = answer.last - (answer.searched ?? 0) + 1
      if (answer.more) told.textContent = say(later.foundSoFar, { found: found.length, n: looked })
      else told.textContent = found.length === 0 ? later.nothingFound : sayCount(later.foundAll, found.length)
    } catch (error) {
      if (!signal.aborted) told.textContent = whyRefused(error)
    }
  }
  const begin = (): void => {
    stop()
    before = undefined
    goOn.hidden = true
    if (box.value.trim() !== '') return void (rest = platform.after(REST_MS, () => void ask()))
    clear()
    shown = ''
    told.textContent = later.searchHint
  }

  box.addEventListener('input', begin)
  box.addEventListener('keydown', (event) => {
    if (event.isComposing) return
    if (event.key === 'Enter') {
      // With words that the list is not of yet, Enter does not wait for the rest.
      if (shown === box.value.trim()) choose(options.at)
      else void ask()
    } else if (!options.move(event.key)) return
    event.preventDefault()
  })
  goOn.addEventListener('click', () => void ask())
  close.addEventListener('click', () => dialog.close())
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close()
  })
  // The dialog gives the focus back to where it was, and only then the message takes it.
  dialog.addEventListener('close', () => {
    stop()
    dialog.remove()
    if (chosen !== undefined) goTo(chosen.id)
  })
  document.body.append(dialog)
  box.value = typed
  dialog.showModal()
  if (typed !== '') void ask()
}

function optionOf(message: Message, words: string): HTMLLIElement {
  const name = nameElement(message.username)
  name.replaceChildren(...marked(message.username, words))
  return element(
    'li',
    {},
    name,
    element('time', { datetime: new Date(message.timestamp).toISOString() }, timeWords(message.timestamp)),
    element('span', { class: 'said', dir: 'auto' }, ...marked(message.text, words)),
  )
}

function marked(text: string, words: string): (Node | string)[] {
  return excerptOf(text, words).map((piece) => (piece.isFound ? element('mark', {}, piece.text) : piece.text))
}

/** The time, and the day where that is not today. */
function timeWords(timestamp: number): string {
  const isToday = new Date(timestamp).toDateString() === new Date().toDateString()
  return new Date(timestamp).toLocaleString(locale, { timeStyle: 'short', ...(isToday ? {} : { dateStyle: 'medium' }) })
}
