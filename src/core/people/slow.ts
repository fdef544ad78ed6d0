// Slow mode: a name may send one message in so many seconds.
//
//     said through this process       a map of names, in the order in which they spoke last
//     said through another process    the room's ring

import type { Undo } from '../clock.js'
import { ChatError } from '../errors.js'
import { foldName } from '../rooms/message.js'
import type { Room } from '../rooms/room.js'

/** The most seconds between two messages of a name. */
export const SLOW_SECONDS = 300

/** So many names are remembered of who spoke lately in a slow room. */
const MOST_SPEAKERS = 20_000

export class Speakers {
  /** When each name spoke last (`Clock.now`), the longest ago first. */
  readonly #spoke = new Map<string, number>()

  /** A name speaks now; the undo says that it did not. Throws `rate_limited` where its seconds are not over. */
  speak(room: Room, username: string, seconds: number, now: number): Undo {
    const since = now - 1000 * seconds
    const fold = foldName(username)
    const last = Math.max(this.#spoke.get(fold) ?? -Infinity, lastSaidBy(room, fold, since))
    const wait = Math.ceil((last - since) / 1000)
    if (wait > 0)
      throw new ChatError(
        'rate_limited',
        `this room is slow, and takes one message of a name in ${seconds} s: wait ${wait} s, then send it again`,
        wait,
      )
    this.#spoke.delete(fold)
    this.#spoke.set(fold, now)
    for (const [other, at] of this.#spoke) {
      if (at > since && this.#spoke.size <= MOST_SPEAKERS) break
      this.#spoke.delete(other)
    }
    return () => void (this.#spoke.get(fold) === now && this.#spoke.delete(fold))
  }
}

/** When a name said something last (`Clock.now`), as far as the ring has it; before `since` where it was that long ago. */
function lastSaidBy(room: Room, fold: string, since: number): number {
  for (let id = room.last; id >= room.first; id--) {
    const entry = room.entry(id)
    if (entry === undefined || entry.at <= since) break
    const { type, username } = entry.message
    if ((type === 'chat' || type === 'removed') && foldName(username) === fold) return entry.at
  }
  return -Infinity
}
