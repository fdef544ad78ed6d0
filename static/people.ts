// Who is here, who is typing, whose hand is up, and whether the room is closed.

import type { PresenceState } from '../src/client/wire.js'
import { colour, giveOut } from './crayons.js'
import { byId, element, hide, nameElement } from './element.js'
import { sayNames } from './line.js'
import { numberWords, words } from './words.js'

export class People {
  readonly #list = byId('people', HTMLUListElement)
  readonly #counts = [byId('people-count', HTMLElement), byId('people-count-small', HTMLElement)]
  readonly #typing = byId('typing', HTMLElement)
  readonly #closed = byId('closed', HTMLElement)
  readonly #byRoom = new Map<string, PresenceState>()
  readonly #me: () => string
  readonly #listeners = new Set<(state: PresenceState | undefined) => void>()
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
    const known = this.state(room)
    for (const listener of this.#listeners) listener(known)
    const { members, typing, closed, hands = [] } = known ?? { members: [], typing: [] }
    const me = this.#me()
    hide(this.#closed, closed !== true)
    const state = JSON.stringify([members, typing, me, hands])
    if (state === this.#shown) return
    this.#shown = state
    if (giveOut(members))
      for (const name of document.querySelectorAll<HTMLElement>('.who')) colour(name, name.textContent ?? '')
    const order = members.toSorted((a, b) => Number(b === me) - Number(a === me) || a.localeCompare(b))
    this.#list.replaceChildren(
      ...order.map((name) => memberLine(name, name === me, typing.includes(name), hands.includes(name))),
    )
    for (const count of this.#counts) count.textContent = numberWords(members.length)
    const others = typing.filter((name) => name !== me)
    this.#typing.replaceChildren(...(others.length === 0 ? [] : sayNames(words.typing, others)))
  }

  /** What the server told of a room last. */
  state(room: string): PresenceState | undefined {
    return this.#byRoom.get(room)
  }

  /** Calls back with the state of the room that is shown, each time it is told or another room is shown. */
  onShow(call: (state: PresenceState | undefined) => void): void {
    this.#listeners.add(call)
  }

  /** How many people are in a room. */
  count(room: string): number {
    return this.state(room)?.members.length ?? 0
  }

  /** Has the server told who is in a room, and this person is not among them? */
  lacksMe(room: string): boolean {
    const presence = this.state(room)
    return presence !== undefined && !presence.members.includes(this.#me())
  }
}

function memberLine(name: string, isMe: boolean, isTyping: boolean, isUp: boolean): HTMLLIElement {
  const line = element('li', {}, nameElement(name), isUp ? ' ✋' : '')
  if (isMe) line.append(element('span', { class: 'mark' }, words.you))
  if (isTyping && !isMe) line.append(element('span', { class: 'mark' }, words.isTyping))
  return line
}
