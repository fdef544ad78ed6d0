// The publisher: the only way in which a message of this process gets into a log.
//
//     publish ──> evict ──> store.append ──> listeners
//                                     └──> (the store delivers) ──> room
//
// Then the store has kept the message, and the room has it: at once where that is in memory, else when the promise
// resolves, and the room is held so long. Whether the sender may say it was checked before.

import type { Clock, Undo } from '../clock.js'
import type { Watch } from './observer.js'
import { saidBy } from './idempotency.js'
import type { Draft, Message } from './message.js'
import type { Holder } from './presence.js'
import type { Room } from './room.js'
import type { Rooms } from './rooms.js'
import type { Appended, Store } from './store.js'

type Parts = Omit<Draft, 'room' | 'timestamp'>

export class Publisher {
  readonly #store: Store
  readonly #clock: Clock
  readonly #rooms: Rooms
  readonly #watch: Watch
  readonly #listeners = new Set<(message: Message) => void>()
  readonly #onStop: ((room: string, holder: Holder) => void) | undefined

  /** `onStop` is told when a person has been typing until this message. */
  constructor(store: Store, clock: Clock, rooms: Rooms, watch: Watch, onStop?: (room: string, holder: Holder) => void) {
    this.#onStop = onStop
    this.#store = store
    this.#clock = clock
    this.#rooms = rooms
    this.#watch = watch
  }

  /** Calls back for every message that this process published. */
  onPublish(call: (message: Message) => void): Undo {
    this.#listeners.add(call)
    return () => this.#listeners.delete(call)
  }

  /**
   * At once where the store answers at once. `address`: the address to which a room that begins with this message is
   * counted. Throws or rejects with `full` or `unavailable` when the message could not be kept.
   */
  publish(room: Room, parts: Parts, address?: string): Appended | Promise<Appended> {
    return this.#put(room, parts, address, (draft) => this.#store.append(room.name, draft))
  }

  /**
   * Like `publish`, but once for each sender and key; `replayed` when it was published before. `sender`: whether a
   * session sends it, or a name alone. `check` runs only for a message that was not published before; when it throws,
   * the key is free again. Throws `key_reused` when the key was used for something else.
   */
  publishByKey(
    room: Room,
    sender: 'session' | 'name',
    parts: Parts & { readonly key: string },
    address?: string,
    check?: () => Promise<void>,
  ): Promise<{ readonly appended: Appended; readonly replayed: boolean }> {
    return room.keys.once(`${sender} ${parts.username}`, parts.key, saidBy(parts), async (replay) => {
      // Without a check nothing may come between: a sender's messages have the order in which they were sent.
      if (check !== undefined) await check()
      // Where several processes write, the store decides whether the key was used.
      const once = this.#store.appendOnce?.bind(this.#store)
      if (once === undefined) return this.publish(room, parts, address)
      const kept = await this.#put(room, parts, address, (draft) => once(room.name, draft))
      return kept.replayed === true ? replay(kept) : kept
    })
  }

  #put(
    room: Room,
    parts: Parts,
    address: string | undefined,
    append: (draft: Draft) => Appended | Promise<Appended>,
  ): Appended | Promise<Appended> {
    const { type, username, text } = parts
    this.#watch.observer?.sent(room, username)
    let kept: Appended | Promise<Appended>
    try {
      // A moderator's order frees memory, or takes next to none.
      if (type !== 'delete' && type !== 'clear') this.#rooms.evictFor(room, address)
      // The parts that every message has come first, in the order of the wire.
      kept = append(Object.assign({ room: room.name, type, username, text, timestamp: this.#clock.date() }, parts))
    } catch (error) {
      this.#rooms.settle(room)
      throw error
    }
    return kept instanceof Promise ? this.#wait(room, kept) : this.#tell(room, kept)
  }

  /** The store is at work. The room must not be forgotten meanwhile. */
  async #wait(room: Room, kept: Promise<Appended>): Promise<Appended> {
    const release = room.hold()
    try {
      return this.#tell(room, await kept)
    } finally {
      release()
      // When nothing could be kept, the room that was opened for it goes again.
      this.#rooms.settle(room)
    }
  }

  #tell(room: Room, appended: Appended): Appended {
    const { message } = appended
    const holder = room.presence.holder(message.username)
    if (message.type === 'chat' && holder !== undefined && room.presence.setTyping(holder, false))
      this.#onStop?.(room.name, holder)
    if (appended.replayed === true) return appended
    this.#watch.observer?.kept(message)
    for (const listener of this.#listeners) listener(message)
    return appended
  }
}
