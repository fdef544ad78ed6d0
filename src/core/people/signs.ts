// Signs: what a person shows without saying anything, such as that they type.
//
//     typing   ──> presence ──> readers     gone with the next message, or after a while
//
// No sign is in the log. Signs have a rate of their own, apart from that of messages.

import { parseRoom } from '../rooms/message.js'
import type { Directory } from './directory.js'
import type { Entrance } from './entrance.js'
import type { Limits } from './limits.js'
import type { Session } from './sessions.js'

export type SignsParts = {
  readonly limits: Limits
  readonly entrance: Entrance
  readonly directory: Directory | undefined
}

export class Signs {
  readonly #parts: SignsParts

  constructor(parts: SignsParts) {
    this.#parts = parts
  }

  /** Says that a person types, or no longer does. */
  async typing(session: Session, name: unknown, typing: boolean): Promise<void> {
    const { limits, entrance, directory } = this.#parts
    const entered = entrance.enter(session, parseRoom(name))
    const room = entered instanceof Promise ? await entered : entered
    entrance.refuse(room.name, session.username, session)
    limits.typing(session)
    room.presence.setTyping(session, typing)
    directory?.typing(room.name, session, typing)
  }
}
