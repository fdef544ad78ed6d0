// The messages that came in lately, as they are now. By them a line can say which message an edit, a reaction or an
// answer is about, and a command finds a person's newest message.

import { changed, isChange, type Message } from '../client/index.js'
import { foldName } from '../core/rooms/message.js'

/** As many as a room's ring has. */
const KEPT = 500

/** `about`: the message that it is about, as it was before. */
export type Told = Message & { readonly about?: Message | undefined }

export class Seen {
  /** By room, the oldest message first. */
  readonly #rooms = new Map<string, Map<number, Message>>()

  /** Takes a message that came in. */
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

  /** It is another log, or the room is left. */
  forget(room: string): void {
    this.#rooms.delete(room)
  }

  /** The newest message in a room: of this name, or of people other than `me`. */
  newest(room: string, { name, me }: { readonly name?: string | undefined; readonly me: string }): Message | undefined {
    const isMeant = ({ type, username }: Message): boolean =>
      type === 'chat' && (name === undefined ? username !== me : foldName(username) === foldName(name))
    return [...(this.#rooms.get(room)?.values() ?? [])].findLast(isMeant)
  }
}
