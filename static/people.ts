// Who is here, who is typing, and whether the room is closed.

import type { PresenceState } from '../src/client/wire.js'
import { colour, giveOut } from './crayons.js'
import { byId, element, nameElement } from './element.js'
import { listOf } from './line.js'

export class People {
  readonly #list = byId('people', HTMLUListElement)
  readonly #counts = [byId('people-count', HTMLElement), byId('people-count-small', HTMLElement)]
  readonly #typing = byId('typing', HTMLElement)
  readonly #closed = byId('closed', HTMLElement)
  readonly #byRoom = new Map<string, PresenceState>()
  readonly #me: () => string
  #shown = ''

  /** `me`: this person's name, which comes first and is not shown as typing. */
  constructor(me: () => string) {
    this.#me = me
  }

  take(rooms: Readonly<Record<string, PresenceState>>, room: string): void {
    for (const [name, presence] of Object.entries(rooms)) this.#byRoom.set(name, presence)
    this.show(room)
  }

  show(room: string): void {
    const { members, typing, closed } = this.#byRoom.get(room) ?? { members: [], typing: [] }
    const me = this.#me()
    this.#closed.hidden = closed !== true
    const state = JSON.stringify([members, typing, me])
    if (state === this.#shown) return
    this.#shown = state
    if (giveOut(members))
      for (const name of document.querySelectorAll<HTMLElement>('.who')) colour(name, name.textContent ?? '')
    const order = members.toSorted((a, b) => Number(b === me) - Number(a === me) || a.localeCompare(b))
    this.#list.replaceChildren(...order.map((name) => memberLine(name, name === me, typing.includes(name))))
    for (const count of this.#counts) count.textContent = String(members.length)
    const others = typing.filter((name) => name !== me)
    this.#typing.replaceChildren(
      ...(others.length === 0 ? [] : [...listOf(others), others.length === 1 ? ' is typing' : ' are typing']),
    )
  }

  /** How many people are in a room. */
  count(room: string): number {
    return this.#byRoom.get(room)?.members.length ?? 0
  }

  /** Has the server told who is in a room, and this person is not among them? */
  lacksMe(room: string): boolean {
    const presence = this.#byRoom.get(room)
    return presence !== undefined && !presence.members.includes(this.#me())
  }
}

function memberLine(name: string, isMe: boolean, isTyping: boolean): HTMLLIElement {
  const line = element('li', {}, nameElement(name))
  if (isMe) line.append(element('span', { class: 'mark' }, '(you)'))
  if (isTyping && !isMe) line.append(element('span', { class: 'mark' }, 'typing …'))
  return line
}
