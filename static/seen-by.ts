// Seen by: below one's own newest message, who has it. The server tells it with the people of a room, to polls that ask
// for it (docs/protocol.md, "Who has read it"), so it is no request of its own.
//
//     my message ──> the next poll asks (seen=1) ── {"ada":801,"bob":799} ──> Seen by 2
//                                    └── everyone has it ──> the polls after that do not ask
//
// Nothing shows where the server does not tell it (--no-seen), and on the stage. Others see it below their own messages.

import type { Message, PresenceState } from '../src/client/wire.js'
import type { Conversation } from './conversation.js'
import { byId, element } from './element.js'
import type { Feed } from './feed.js'
import { later } from './later-words.js'
import type { People } from './people.js'
import type { Rooms } from './rooms.js'
import type { Session } from './session.js'
import type { Batch } from './tabs.js'
import { join, locale, sayCount } from './words.js'

export type SeenParts = {
  readonly conversation: Conversation
  readonly feed: Feed
  readonly people: People
  readonly rooms: Rooms
  readonly session: Session
}

export class SeenBy {
  readonly #parts: SeenParts
  readonly #lines = byId('lines', HTMLOListElement)
  readonly #count = element('summary')
  readonly #names = element('p')
  // What is read out are messages, and not how far they have come.
  readonly #box = element('details', { class: 'seen', 'aria-live': 'off' }, this.#count, this.#names)
  /** By room: how far each member has read, as it was told last; and the id of one's own newest message. */
  readonly #told = new Map<string, Readonly<Record<string, number>>>()
  readonly #mine = new Map<string, number>()
  #shown = ''
  #of = 0

  constructor(parts: SeenParts) {
    this.#parts = parts
    parts.feed.wantsSeen = () => this.#isWanted()
    // Before the lines are drawn: the next poll goes out at once.
    parts.feed.onBatch((batch) => this.#take(batch))
    parts.people.onShow((state) => this.#learn(state))
    new MutationObserver(() => this.#show()).observe(this.#lines, { childList: true })
  }

  #take({ messages, gaps, rooms = {} }: Batch): void {
    for (const { room, reason } of gaps)
      if (reason !== 'overflow') {
        this.#told.delete(room)
        this.#mine.delete(room)
      }
    const me = this.#parts.session.username
    for (const { room, id, type, username } of messages)
      if (type === 'chat' && username === me) this.#mine.set(room, id)
    for (const [room, { seen }] of Object.entries(rooms)) if (seen !== undefined) this.#told.set(room, seen)
    this.#show()
  }

  /** What came before this was loaded, or in a room that is shown for the first time. The server does not tell it again. */
  #learn(state: PresenceState | undefined): void {
    const { conversation } = this.#parts
    const { room } = conversation.log
    const message = this.#newest()
    if (message !== undefined && !this.#mine.has(room)) this.#mine.set(room, message.id)
    if (state?.seen !== undefined && !this.#told.has(room)) this.#told.set(room, state.seen)
    this.#show()
  }

  /** Has anyone in an open room not read what this person said there last? */
  #isWanted(): boolean {
    if (document.visibilityState === 'hidden' || isStage()) return false
    return this.#parts.rooms.open.some((room) => {
      const id = this.#mine.get(room)
      return id !== undefined && this.#readers(room, id).length < this.#others(room).length
    })
  }

  #others(room: string): readonly string[] {
    const { people, session } = this.#parts
    const me = session.username
    return (people.state(room)?.members ?? []).filter((name) => name !== me)
  }

  #readers(room: string, id: number): readonly string[] {
    const seen = new Map(Object.entries(this.#told.get(room) ?? {}))
    return this.#others(room).filter((name) => (seen.get(name) ?? 0) >= id)
  }

  /** One's own newest message that is on the page, and of the log that the server has. */
  #newest(): Message | undefined {
    const { conversation, session } = this.#parts
    const { log } = conversation
    if (!log.atEnd) return undefined
    // Read once, and not for each line: it is in the browser's storage.
    const me = session.username
    return log.findLast(({ type, username, of }) => type === 'chat' && username === me && of !== 0)
  }

  #show(): void {
    const message = this.#newest()
    if (message === undefined) return this.#box.remove()
    const { room, id } = message
    const names = this.#readers(room, id)
    const line = [...this.#lines.querySelectorAll<HTMLElement>(`[data-id="${id}"]`)].at(-1)
    if (line === undefined || names.length === 0) return this.#box.remove()
    if (id !== this.#of) this.#box.open = false
    this.#of = id
    const shown = JSON.stringify(names)
    if (shown !== this.#shown) {
      this.#shown = shown
      this.#count.textContent = sayCount(later.seenBy, names.length)
      this.#count.title = new Intl.ListFormat(locale).format(names)
      this.#names.replaceChildren(...join(names.map((name) => [element('bdi', {}, name)])))
    }
    if (this.#box.parentElement === line) return
    const hadFocus = this.#box.contains(document.activeElement)
    this.#parts.conversation.scroll.keep(() => line.append(this.#box))
    if (hadFocus) this.#count.focus({ preventScroll: true })
  }
}

function isStage(): boolean {
  return 'big' in document.documentElement.dataset
}
