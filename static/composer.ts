// The box in which a person writes. Enter sends and Shift+Enter starts a new line. On a screen keyboard, which has no
// Shift+Enter, Enter starts a new line and the button sends. A draft is kept for each room, and survives a reload. An
// error is told above the box, and the text stays in it.

import { byId, write } from './element.js'
import { asFields, asString, stored } from './storage.js'
import type { Typing } from './typing.js'
import { say, words } from './words.js'

/** From how many UTF-16 units on a text is measured (length.ts). */
const LONG_UNITS = 3600

/** A line that is obeyed and not said; `/me` says what a person does. */
const COMMAND = /^\/(?!me\s+\S)/

const hasScreenKeyboard = matchMedia('(pointer: coarse)')

export type ComposerParts = {
  readonly room: () => string
  readonly send: (text: string) => void
  /** Sends the files that wait beside the box. False if none do. */
  readonly sendFiles: () => boolean
  /** Obeys a line that begins with a slash. Resolves with the reason why not, or with nothing. */
  readonly command: (line: string) => Promise<string>
  /** Takes back the last message that failed, and returns its text. */
  readonly takeBack: () => string | undefined
  /** What becomes of the text, for those who see that this person is typing. */
  readonly typing: (what: keyof Typing) => void
}

export class Composer {
  readonly #parts: ComposerParts
  readonly #box = byId('message', HTMLTextAreaElement)
  readonly #error = byId('send-error', HTMLElement)
  readonly #drafts = stored('session', 'drafts', asFields)
  #troubled = false

  constructor(parts: ComposerParts) {
    this.#parts = parts
    byId('composer', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault()
      this.#send()
    })
    if (hasScreenKeyboard.matches) this.#box.enterKeyHint = 'enter'
    this.#box.addEventListener('keydown', (event) => this.#key(event))
    this.#box.addEventListener('input', () => this.#changed())
  }

  /** Shows the draft of the current room. */
  show(): void {
    this.#box.value = asString(this.#drafts.read()[this.#parts.room()])
    this.#box.placeholder = say(words.writeTo, { room: `#${this.#parts.room()}` })
    this.say('')
    this.#fit()
  }

  focus(): void {
    this.#box.focus()
    const { length } = this.#box.value
    this.#box.setSelectionRange(length, length)
  }

  /** Shows a sentence above the box, which stays. */
  say(sentence: string): void {
    write(this.#error, sentence)
  }

  /** A text could not be sent: it comes back before what has been written meanwhile, with the reason. */
  giveBack(text: string, sentence: string): void {
    this.#box.value = [text, this.#box.value].filter((part) => part !== '').join('\n')
    this.#changed()
    this.say(sentence)
  }

  /** Shows why the last message has not been sent, until it is. */
  trouble(sentence: string | undefined): void {
    if (sentence !== undefined) this.say(sentence)
    else if (this.#troubled) this.say('')
    this.#troubled = sentence !== undefined
  }

  #key(event: KeyboardEvent): void {
    // Enter that ends the choice of a character in an input method sends nothing.
    if (event.isComposing) return
    const sends = event.ctrlKey || event.metaKey || !(event.shiftKey || hasScreenKeyboard.matches)
    if (event.key === 'Enter' && sends) {
      event.preventDefault()
      this.#send()
    } else if (event.key === 'ArrowUp' && this.#box.value === '') {
      const text = this.#parts.takeBack()
      if (text === undefined) return
      event.preventDefault()
      this.#box.value = text
      this.#changed()
    }
  }

  #send(): void {
    const text = this.#box.value
    if (text.trim() === '') return this.#parts.sendFiles() ? undefined : this.#box.focus()
    if (COMMAND.test(text)) return void this.#command(text)
    if (text.length < LONG_UNITS) return this.#give(text)
    void this.#measure(text).then((isTooLong) => isTooLong || this.#give(text))
  }

  #give(text: string): void {
    this.#empty()
    this.#parts.send(text)
  }

  /** Says if a text is too long, or nearly. Without a connection the server will say it. */
  async #measure(text: string): Promise<boolean> {
    const length = await import('./length.js').then(
      ({ sayLength }) => sayLength(text),
      () => undefined,
    )
    if (text === this.#box.value) this.say(length?.sentence ?? '')
    return length?.isTooLong === true
  }

  #empty(): void {
    this.#box.value = ''
    this.#parts.typing('sent')
    this.#changed()
    this.#box.focus()
  }

  /** A line that cannot be obeyed stays in the box, with the reason above it; and so does what is written meanwhile. */
  async #command(line: string): Promise<void> {
    const room = this.#parts.room()
    const sentence = await this.#parts.command(line)
    if (sentence !== '') return this.say(sentence)
    if (room !== this.#parts.room()) this.#forget(room)
    else if (line === this.#box.value) this.#empty()
  }

  /** The draft of a room has been sent. */
  #forget(room: string): void {
    const { [room]: _, ...others } = this.#drafts.read()
    this.#drafts.write(others)
  }

  #changed(): void {
    const text = this.#box.value
    const { [this.#parts.room()]: _, ...others } = this.#drafts.read()
    this.#drafts.write(text === '' ? others : { ...others, [this.#parts.room()]: text })
    if (text.length < LONG_UNITS) this.say('')
    else void this.#measure(text)
    this.#parts.typing(text === '' || COMMAND.test(text) ? 'stop' : 'touch')
    this.#fit()
  }

  /** Browsers without `field-sizing` have the box's rows counted for them. */
  #fit(): void {
    if (CSS.supports('field-sizing', 'content')) return
    this.#box.rows = Math.min(8, this.#box.value.split('\n').length)
  }
}
