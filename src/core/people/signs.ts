// Signs: what a person shows without saying anything, that they type, and that their hand is up.
//
//     typing   ──> presence ──> readers     gone with the next message, or after a while
//     hand     ──> presence ──> readers     up until it is put down; a moderator puts down another person's
//
// No sign is in the log. Signs have a rate of their own, apart from that of messages.

import type { Clock } from '../clock.js'
import { ChatError } from '../errors.js'
import { foldName, parseRoom, parseUsername } from '../rooms/message.js'
import type { Rooms } from '../rooms/rooms.js'
import type { Directory } from './directory.js'
import type { Entrance } from './entrance.js'
import { requireIdentity } from './identity.js'
import type { Limits } from './limits.js'
import type { Moderation } from './moderation.js'
import type { Session } from './sessions.js'

export type SignsParts = {
  readonly clock: Clock
  readonly rooms: Rooms
  readonly limits: Limits
  readonly entrance: Entrance
  readonly moderation: Moderation
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

  /** Puts the session's own hand up or down in a room; a moderator puts down another person's. */
  async hand(session: Session, name: unknown, isUp: boolean, username?: unknown): Promise<void> {
    const { clock, rooms, limits, entrance, moderation, directory } = this.#parts
    const fold = username === undefined ? session.fold : foldName(parseUsername(username))
    const isOwn = fold === session.fold
    if (!isOwn && isUp)
      throw new ChatError('bad_request', 'only your own hand can go up: leave username out, or give up=false')
    const room = isOwn
      ? await entrance.enter(session, parseRoom(name))
      : await rooms.open(await moderation.require(session, name))
    try {
      if (session.identity !== undefined) requireIdentity(session.identity, room.name, clock.date())
      // In a closed room a raised hand is the way to ask for the word.
      if (isUp) moderation.refuseMuted(room.name, session.username)
      limits.hand(session)
      if (directory === undefined) room.presence.setHand(fold, isUp)
      else await directory.setHand(room.name, { fold, token: isOwn ? session.token : undefined }, isUp)
    } finally {
      rooms.settle(room)
    }
  }
}
