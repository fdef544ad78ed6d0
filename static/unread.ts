// Unread messages: those of other people in a room that this tab does not show. The title says how many there are.
// When one of them mentions this person, who is doing something else, a notification calls.

import type { Message } from '../src/client/wire.js'
import { whenIdle } from './idle.js'
import type { Notifications } from './notifications.js'
import type { Rooms } from './rooms.js'
import { mentions } from './text.js'

export type UnreadParts = {
  readonly rooms: Rooms
  /** This person's name. */
  readonly myName: () => string
  /** Does this tab lead? Only the tab that leads notifies for a message that no tab shows. */
  readonly leads: () => boolean
  /** The newest id of a room that has been loaded; 0 for none. */
  readonly last: (room: string) => number
}

export class Unread {
  readonly #parts: UnreadParts
  #notifications: Notifications | undefined

  constructor(parts: UnreadParts) {
    this.#parts = parts
    document.addEventListener('visibilitychange', () => this.look())
    whenIdle(async () => {
      const { Notifications } = await import('./notifications.js')
      this.#notifications = new Notifications()
      this.show()
    })
  }

  /** Counts the messages of others. */
  take(messages: readonly Message[]): void {
    for (const message of messages)
      if (message.type === 'chat' && message.username !== this.#parts.myName()) this.#count(message)
    this.look()
  }

  /** A person who sees the page has read the room that it shows. */
  look(): void {
    const { rooms, last } = this.#parts
    if (document.visibilityState === 'visible') rooms.read(rooms.current, last(rooms.current))
  }

  show(): void {
    const { current, unread } = this.#parts.rooms
    const title = unread.count > 0 ? `(${unread.count}) ${current} · mini-chat` : `${current} · mini-chat`
    if (document.title !== title) document.title = title
    this.#notifications?.show(unread.count, unread.mentions)
  }

  #count(message: Message): void {
    const { rooms, myName, leads } = this.#parts
    const isSeen = message.room === rooms.current && document.visibilityState === 'visible'
    const isMention = mentions(message.text, myName())
    if (!isSeen) rooms.count(message.room, 1, isMention ? 1 : 0)
    if (isMention && (leads() || isSeen) && !document.hasFocus()) this.#notifications?.mention(message)
  }
}
