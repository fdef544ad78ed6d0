// The rooms on the side: which is the current one, and how much is unread in the others.

import { byId, element } from './element.js'
import type { Rooms } from './rooms.js'
import { numberWords, say, words } from './words.js'

/** How many rooms that were open earlier are offered. */
const LATELY = 4

export type RoomListParts = {
  readonly rooms: Rooms
  readonly close: (room: string) => void
}

export class RoomList {
  readonly #parts: RoomListParts
  readonly #list = byId('rooms', HTMLUListElement)
  readonly #elsewhere = byId('elsewhere', HTMLElement)
  readonly #recent = byId('recent', HTMLUListElement)
  #shown = ''

  constructor(parts: RoomListParts) {
    this.#parts = parts
    parts.rooms.onChange(() => this.show())
  }

  show(): void {
    const { rooms } = this.#parts
    const all = rooms.open.map((room) => ({ room, here: room === rooms.current, ...rooms.unreadIn(room) }))
    const state = JSON.stringify([all, rooms.recent])
    if (state === this.#shown) return
    this.#shown = state
    const focused = document.activeElement?.getAttribute('href')
    this.#list.replaceChildren(...all.map((entry) => this.#line(entry, all.length > 1)))
    if (focused?.startsWith('#') === true)
      this.#list.querySelector<HTMLElement>(`[href="${CSS.escape(focused)}"]`)?.focus()
    this.#elsewhere.hidden = rooms.unread.count === 0
    this.#elsewhere.textContent = numberWords(rooms.unread.count)
    const lately = rooms.recent.filter((room) => !rooms.open.includes(room)).slice(0, LATELY)
    this.#recent.replaceChildren(...lately.map((room) => element('li', {}, element('a', { href: `#${room}` }, room))))
  }

  #line(
    { room, here, count, mentions }: { room: string; here: boolean; count: number; mentions: number },
    canClose: boolean,
  ): HTMLLIElement {
    const link = element('a', { href: `#${room}` }, element('span', { class: 'name' }, room))
    if (here) link.setAttribute('aria-current', 'page')
    const line = element('li', {}, link)
    if (count > 0) {
      line.className = mentions > 0 ? 'unread mentioned' : 'unread'
      link.append(
        element(
          'span',
          { class: 'count' },
          numberWords(count),
          element('span', { class: 'hidden-text' }, words.unread),
        ),
      )
    }
    if (canClose) {
      const title = say(words.leave, { room })
      const close = element('button', { type: 'button', class: 'quiet', 'aria-label': title, title }, '×')
      close.addEventListener('click', () => this.#parts.close(room))
      line.append(close)
    }
    return line
  }
}
