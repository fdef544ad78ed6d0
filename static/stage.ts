// The stage, for a projector (`?big`): the messages over the full width, and above them a strip with the room, how
// many people are there, and the address, as letters and as a QR code. In a room without messages the address and its
// code are as large as possible. The screen stays awake.

import { keepAwake } from './awake.js'
import { byId, element, write } from './element.js'
import { laterStyle } from './later-style.js'
import { later } from './later-words.js'
import { linkTo, wordsOf } from './link.js'
import { drawCode } from './qr.js'
import { sayCount } from './words.js'

export type StageParts = {
  readonly room: () => string
  /** How many people are in the room. */
  readonly people: () => number
}

export class Stage {
  readonly #parts: StageParts
  readonly #count = element('p', { class: 'crowd', role: 'status', 'aria-label': later.howMany })
  readonly #strip = element('div', { class: 'strip' })
  readonly #invitation = element('section', { class: 'invitation', 'aria-label': later.invitation })
  #sleep: (() => void) | undefined
  #shown = ''

  constructor(parts: StageParts) {
    this.#parts = parts
  }

  get isOn(): boolean {
    return this.#sleep !== undefined
  }

  /** Opens the stage. The address says so, for a reload. */
  async enter(): Promise<void> {
    if (this.isOn) return
    this.#sleep = keepAwake()
    await laterStyle()
    if (!this.isOn) return
    byId('title', HTMLElement).after(this.#count, this.#strip)
    byId('log', HTMLElement).after(this.#invitation)
    this.#mark(true)
    await this.show()
  }

  leave(): void {
    this.#sleep?.()
    this.#sleep = undefined
    for (const part of [this.#count, this.#strip, this.#invitation]) part.remove()
    this.#mark(false)
  }

  /** The room, or the people in it, may have changed. */
  async show(): Promise<void> {
    if (!this.isOn) return
    const room = this.#parts.room()
    const people = this.#parts.people()
    write(this.#count, sayCount(later.peopleHere, people))
    if (room === this.#shown) return
    this.#shown = room
    const { href, isLocal } = await linkTo(room)
    if (room !== this.#shown) return
    const parts = wordsOf(href)
      .split(/(?=\/#)/)
      .map((part) => element('span', {}, part))
    const address = element('p', { class: 'address', dir: 'ltr' }, ...parts)
    const hint = isLocal ? [element('p', { class: 'hint' }, later.localAlone)] : []
    this.#strip.replaceChildren(address.cloneNode(true), drawCode(href))
    this.#invitation.replaceChildren(
      drawCode(href),
      element('div', {}, element('h2', {}, later.comeIn), address, ...hint),
    )
  }

  #mark(isOn: boolean): void {
    document.documentElement.toggleAttribute('data-big', isOn)
    byId('stage', HTMLButtonElement).ariaPressed = String(isOn)
    const address = new URL(location.href)
    if (isOn) address.searchParams.set('big', '')
    else address.searchParams.delete('big')
    // `?big` and not `?big=`.
    history.replaceState(history.state, '', address.href.replace('big=', 'big'))
  }
}
