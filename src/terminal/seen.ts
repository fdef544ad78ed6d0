// The messages that came in lately, as they are now: so that a line can say of which one an edit, a reaction or an answer
// speaks, and so that a command finds the newest one of somebody.

import { changed, isChange, type Message } from '../client/index.js'
import { foldName } from '../core/rooms/message.js'

/** As many as a room's ring has. */
const KEPT = 500

/** `about`: the message that it speaks of, as it was before. */
export type Told = Message & { readonly about?: Message | undefined }

export class Seen {
  /** By room, the oldest first. */
  readonly #rooms = new Map<string, Map<number, Message>>()

  /** Takes what came in. */
  take(message: Message): Told {
    const room = this.#rooms.get(message.room) ?? new Map<number, Message>()
    this.#rooms.set(message.room, room)
    const about = message.of === undefined ? undefined : room.get(message.of)
    if (about !== undefined && isChange(message.type)) room.set(about.id, changed(about, message))
    room.delete(message.id)
    room.set(message.id, message)
    for (const id of room.keys()) {
      if (room.size <= KEPT) break
      room.delete(id)
    }
    return about === undefined ? message : { ...message, about }
  }

  /** The log is another, or the room is left. */
  forget(room: string): void {
    this.#rooms.delete(room)
  }

  /** The newest thing that somebody said in a room: of this name, or of others than `me`. */
  newest(room: string, { name, me }: { readonly name?: string | undefined; readonly me: string }): Message | undefined {
    const isMeant = ({ type, username }: Message): boolean =>
      type === 'chat' && (name === undefined ? username !== me : foldName(username) === foldName(name))
    return [...(this.#rooms.get(room)?.values() ?? [])].findLast(isMeant)
  }
}
