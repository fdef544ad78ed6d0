// Notifications: the number of unread messages in the icon, and for mentions, if asked for, a notification and a
// sound. Both are off until the person switches them on. Loaded when the page is idle.

import type { Message } from '../src/client/wire.js'
import { byId } from './element.js'
import { later } from './later-words.js'
import { stored } from './storage.js'

const ICON = 'static/icon.svg'
const isOn = (value: unknown): boolean => value === true

export class Notifications {
  readonly #icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]')
  readonly #notify = byId('notify', HTMLInputElement)
  readonly #sound = byId('sound', HTMLInputElement)
  readonly #error = byId('notify-error', HTMLElement)
  #shown = ''

  constructor() {
    wireChoice(this.#sound, 'sound', () => undefined)
    wireChoice(this.#notify, 'notify', () => void this.#ask())
  }

  /** Shows how many messages are unread, and whether one mentions this person. */
  show(count: number, mentions: number): void {
    const state = `${count} ${mentions}`
    if (state === this.#shown) return
    this.#shown = state
    if (this.#icon !== null)
      this.#icon.href = count > 0 ? unreadIcon(count, mentions > 0 ? '#b0202f' : '#2a4bbd') : ICON
  }

  mention(message: Message): void {
    const sound = this.#sound.checked
    const notify = this.#notify.checked
    if (sound || notify) void import('./mention.js').then(({ call }) => call(message, { sound, notify }))
  }

  async #ask(): Promise<void> {
    this.#error.textContent = ''
    if (!this.#notify.checked) return
    const answer = 'Notification' in window && isSecureContext ? await Notification.requestPermission() : 'denied'
    if (answer === 'granted') return
    this.#notify.checked = false
    this.#error.textContent = isSecureContext ? later.notAllowed : later.needsHttps
  }
}

function wireChoice(box: HTMLInputElement, name: string, changed: () => void): void {
  const choice = stored('local', name, isOn)
  box.checked = choice.read()
  box.addEventListener('change', () => {
    choice.write(box.checked)
    changed()
  })
}

/** The icon with a number: an image made of characters, none of which people typed. */
function unreadIcon(count: number, colour: string): string {
  const page =
    '<path fill="#fdfdfb" stroke="#1c2733" stroke-width="2" d="M5 4h22a3 3 0 0 1 3 3v15a3 3 0 0 1-3 3H15l-7 5v-5H5a3 3 0 0 1-3-3V7a3 3 0 0 1 3-3z"/>'
  const dot = `<circle cx="20" cy="12" r="11" fill="${colour}" stroke="#fff" stroke-width="2"/>`
  const number = `<text x="20" y="17.5" fill="#fff" font-family="sans-serif" font-size="15" font-weight="700" text-anchor="middle">${count > 9 ? '9+' : count}</text>`
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">${page}${dot}${number}</svg>`
  return `data:image/svg+xml,${encodeURIComponent(svg)}`
}
