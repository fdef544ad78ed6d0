// The first sheet: it asks for a name and a room, and says in words why a name is refused.

import type { Code } from '../src/core/errors.js'
import { Refused } from '../src/client/wire.js'
import { byId, element } from './element.js'
import { whyNoRoom } from './rooms.js'
import { say, sayCount, words } from './words.js'

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
    for (const box of [this.#name, this.#room]) box.addEventListener('input', () => tell('', box))
    byId('join', HTMLFormElement).addEventListener('input', parts.begun, { once: true })
  }

  show(name: string, room: string, sentence = ''): void {
    this.#name.value = name
    this.#room.value = room
    // A link to a room is an invitation to that room.
    if (location.hash.length > 1) this.#head(joining(room))
    this.#sheet.hidden = false
    this.#name.focus()
    this.#name.select()
    if (sentence !== '') tell(sentence, this.#name)
  }

  /** Shows how many people are in the room, if the sheet still asks for that room. */
  crowd(room: string, count: number): void {
    if (this.#title.textContent !== joining(room)) return
    this.#hint.textContent = count === 0 ? words.nobodyThere : sayCount(words.crowd, count)
  }

  /** Asks for something more, below the name. */
  ask(...boxes: readonly HTMLElement[]): void {
    byId('name-error', HTMLElement).after(...boxes)
  }

  /** Says why the name in the address is no room. */
  async refuseRoom(wanted: string): Promise<void> {
    this.#room.value = wanted
    tell(await whyNoRoom(wanted), this.#room)
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
    if (name === '') return tell(words.nameWanted, this.#name)
    const sentence = await whyNoRoom(room)
    if (sentence !== '') return tell(sentence, this.#room)
    try {
      await this.#parts.enter(name, room)
    } catch (error) {
      tell(whyRefused(error), this.#name)
    }
  }
}

function joining(room: string): string {
  return say(words.joinRoom, { room: `#${room}` })
}

/** Says below a box what is wrong with its text. The sentence stays. */
function tell(sentence: string, box: HTMLInputElement): void {
  byId(`${box.id}-error`, HTMLElement).textContent = sentence
  box.setAttribute('aria-invalid', String(sentence !== ''))
  if (sentence !== '') box.focus()
}

/** Why a room could not be entered, as a sentence. */
export function whyRefused(error: unknown): string {
  return error instanceof Refused ? sentenceOf(error.message, error.code) : words.noConnection
}

/** A reason as a sentence. */
export function sentenceOf(reason: string, code?: Code): string {
  const why = wordsOf(reason, code)
  return `${why.charAt(0).toUpperCase()}${why.slice(1)}${words.stop}`
}

/** Why the server refuses: in the page's own words if it has some, else in the server's. */
export function wordsOf(reason: string, code: Code | undefined): string {
  return (code === undefined ? undefined : words.reasons[code]) ?? reason
}
