// The first sheet: it asks for a name and a room, and says in words why a name is refused.

import { Refused } from '../src/client/wire.js'
import { byId, element } from './element.js'
import { whyNotRoom } from './rooms.js'

export type WelcomeParts = {
  /** The person begins to fill it in. */
  readonly begun: () => void
  /** Enters; throws `Refused` when that is refused. */
  readonly enter: (name: string, room: string) => Promise<void>
}

export class Welcome {
  readonly #sheet = byId('welcome', HTMLElement)
  readonly #name = byId('name', HTMLInputElement)
  readonly #room = byId('room', HTMLInputElement)
  readonly #title = byId('join-title', HTMLElement)
  readonly #hint = byId('join-hint', HTMLElement)
  readonly #words = [this.#title.textContent ?? '', this.#hint.textContent ?? ''] as const
  readonly #parts: WelcomeParts

  constructor(parts: WelcomeParts) {
    this.#parts = parts
    byId('join', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault()
      void this.#enter()
    })
    this.#room.addEventListener('input', () => this.#head())
    for (const box of [this.#name, this.#room]) box.addEventListener('input', () => say('', box))
    byId('join', HTMLFormElement).addEventListener('input', parts.begun, { once: true })
  }

  show(name: string, room: string, sentence = ''): void {
    this.#name.value = name
    this.#room.value = room
    // A link to a room is an invitation to that one.
    if (location.hash.length > 1) this.#head(`Join #${room}`)
    this.#sheet.hidden = false
    this.#name.focus()
    this.#name.select()
    if (sentence !== '') say(sentence, this.#name)
  }

  /** Shows how many people are in the room, if the sheet still asks for that room. */
  crowd(room: string, count: number): void {
    if (this.#title.textContent !== `Join #${room}`) return
    this.#hint.textContent =
      count === 0 ? 'Nobody is there yet.' : count === 1 ? '1 person is there.' : `${count} people are there.`
  }

  /** Asks for something more, below the name. */
  ask(...boxes: readonly HTMLElement[]): void {
    byId('name-error', HTMLElement).after(...boxes)
  }

  /** Says why there is no room of the name that stands in the address. */
  refuseRoom(wanted: string): void {
    this.#room.value = wanted
    say(whyNotRoom(wanted), this.#room)
  }

  /** A name is not enough here: says what is needed, and asks for nothing. */
  refuse(sentence: string): void {
    const form = byId('join', HTMLFormElement)
    this.#head()
    form.replaceChildren(...form.querySelectorAll('img, h1'), element('p', { role: 'alert' }, sentence))
    this.#sheet.hidden = false
  }

  hide(): void {
    this.#sheet.hidden = true
  }

  /** The heading: a room, or what this is. */
  #head(title?: string): void {
    this.#title.textContent = title ?? this.#words[0]
    this.#hint.textContent = title === undefined ? this.#words[1] : ''
  }

  async #enter(): Promise<void> {
    const name = this.#name.value.trim()
    const room = this.#room.value.trim().replace(/^#/, '')
    if (name === '') return say('Write a name that the others can call you by.', this.#name)
    const sentence = whyNotRoom(room)
    if (sentence !== '') return say(sentence, this.#room)
    try {
      await this.#parts.enter(name, room)
    } catch (error) {
      say(whyRefused(error), this.#name)
    }
  }
}

/** Says below a box what is wrong with what stands in it; nothing takes it away. */
function say(sentence: string, box: HTMLInputElement): void {
  byId(`${box.id}-error`, HTMLElement).textContent = sentence
  box.setAttribute('aria-invalid', String(sentence !== ''))
  if (sentence !== '') box.focus()
}

/** Why a room could not be entered, as a sentence. */
export function whyRefused(error: unknown): string {
  if (!(error instanceof Refused)) return 'There is no connection to the server: try again in a moment.'
  const { code, message } = error
  if (code === 'name_taken')
    return 'Somebody here has that name already. Choose another; or if it was you, try again in a minute.'
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}.`
}
