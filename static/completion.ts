// Completes a name behind an @, from the people in the room: the newest speakers come first. While the list is open,
// Enter and Tab choose, Esc closes it, and the arrows go up and down; closed, all keys do what they did. (A box of several
// lines keeps its own role, so what a combobox says of its list is said by aria-haspopup and by a status.)
//
//     hello @jo|         open: the names of which a word begins so, in any case, with or without accents
//     hello @Jörg |      chosen

import { foldText } from '../src/core/rooms/search.js'
import type { Conversation } from './conversation.js'
import { byId, element, nameElement } from './element.js'
import { laterStyle } from './later-style.js'
import { later } from './later-words.js'
import { Options } from './options.js'
import type { People } from './people.js'
import type { Rooms } from './rooms.js'
import type { Session } from './session.js'
import { speakersOf } from './speakers.js'
import { sayCount } from './words.js'

export type CompletionParts = {
  readonly conversation: Conversation
  readonly people: People
  readonly rooms: Rooms
  readonly session: Session
}

const MOST = 8

/** An @ that stands at the beginning of a word, and what is typed behind it: a name may have spaces. */
const TYPED = /(?<![\p{L}\p{N}_])@([^@\n]{0,32})$/u

export class Completion {
  readonly #parts: CompletionParts
  readonly #box = byId('message', HTMLTextAreaElement)
  readonly #list = element('ul', {
    id: 'names',
    class: 'names',
    'aria-label': later.namesToMention,
    hidden: '',
  })
  readonly #told = element('p', { class: 'hidden-text', role: 'status' })
  readonly #options = new Options(this.#box, this.#list, (at) => this.#choose(at))
  #names: readonly string[] = []
  /** Where the @ is. */
  #from = 0

  constructor(parts: CompletionParts) {
    this.#parts = parts
    const form = byId('composer', HTMLFormElement)
    form.append(this.#list, this.#told)
    this.#box.setAttribute('aria-autocomplete', 'list')
    this.#box.setAttribute('aria-haspopup', 'listbox')
    // The keys are taken before the box sends with them.
    form.addEventListener('keydown', (event) => this.#key(event), { capture: true })
    this.#box.addEventListener('input', () => this.#look())
    this.#box.addEventListener('click', () => this.#look())
    this.#box.addEventListener('blur', () => this.#close())
    // A press does not take the focus out of the box.
    this.#list.addEventListener('pointerdown', (event) => event.preventDefault())
  }

  get #isOpen(): boolean {
    return this.#names.length > 0
  }

  #look(): void {
    const { value, selectionStart, selectionEnd } = this.#box
    const typed = selectionStart === selectionEnd ? TYPED.exec(value.slice(0, selectionStart)) : null
    if (typed === null) return this.#close()
    const found = this.#fitting(typed[1] ?? '')
    // A name that is there in full needs no choice.
    if (found.length === 0 || (found.length === 1 && found[0] === typed[1])) return this.#close()
    this.#from = typed.index
    this.#names = found
    void laterStyle()
    this.#list.hidden = false
    this.#options.show(found.map((name) => element('li', {}, nameElement(name))))
    this.#box.setAttribute('aria-controls', this.#list.id)
    this.#told.textContent = sayCount(later.namesFit, found.length)
  }

  /** Names that begin so, and then those of which a later word does. */
  #fitting(typed: string): readonly string[] {
    const { conversation, people, rooms, session } = this.#parts
    const members = new Set(people.state(rooms.current)?.members ?? [])
    members.delete(session.username)
    const speakers = speakersOf(conversation.log).filter((name) => members.delete(name))
    const others = [...members].toSorted((a, b) => a.localeCompare(b))
    const wanted = foldText(typed).replaceAll('_', ' ')
    const place = (name: string): number => ` ${foldText(name).replaceAll('_', ' ')}`.indexOf(` ${wanted}`)
    return [...speakers, ...others]
      .filter((name) => place(name) >= 0)
      .toSorted((a, b) => Number(place(a) > 0) - Number(place(b) > 0))
      .slice(0, MOST)
  }

  #key(event: KeyboardEvent): void {
    if (!this.#isOpen || event.target !== this.#box || event.isComposing) return
    const { key } = event
    const isPlain = !event.shiftKey && !event.ctrlKey && !event.metaKey && !event.altKey
    if ((key === 'Enter' || key === 'Tab') && isPlain) this.#choose(this.#options.at)
    else if (key === 'Escape') this.#close()
    else if (!this.#options.move(key)) {
      // The caret leaves the name, or the text is sent.
      if (['ArrowLeft', 'ArrowRight', 'Home', 'End', 'Enter'].includes(key)) this.#close()
      return
    }
    event.preventDefault()
    event.stopPropagation()
  }

  #choose(at: number): void {
    const name = this.#names[at]
    if (name === undefined) return
    const { selectionStart, value } = this.#box
    const space = value.charAt(selectionStart) === ' ' ? '' : ' '
    this.#box.setRangeText(`@${name}${space}`, this.#from, selectionStart, 'end')
    this.#close()
    this.#box.dispatchEvent(new InputEvent('input', { bubbles: true }))
  }

  #close(): void {
    if (!this.#isOpen) return
    this.#names = []
    this.#list.hidden = true
    this.#options.show([])
    this.#told.textContent = ''
    this.#box.removeAttribute('aria-controls')
  }
}
