// The entrance of a room: what is asked of a person who wants to speak there, and how the room is found.
//
//     refuse ──> is the identity valid here, the room open, the name heard?     at once
//     knock  ──> the room, if it is here with a log                             at once
//     open   ──> the room, opened or made                                       the store, and the directory
//     enter  ──> the room, if this session holds its name in it                 at once, nearly always
//     speak  ──> all of that for a session that has joined                      counts as a message
//
// A process that is alone answers at once. Where there is a directory, it is asked before a person is refused for
// what another process may have changed.

import type { Clock } from '../clock.js'
import { foldName } from '../rooms/message.js'
import type { Room } from '../rooms/room.js'
import type { Rooms } from '../rooms/rooms.js'
import type { Directory } from './directory.js'
import { requireIdentity } from './identity.js'
import type { Limits } from './limits.js'
import type { Moderation } from './moderation.js'
import { nameTaken, refuseHeldName, requireJoined } from './names.js'
import type { Session } from './sessions.js'

export type EntranceParts = {
  readonly clock: Clock
  readonly rooms: Rooms
  readonly limits: Limits
  readonly moderation: Moderation
  readonly directory: Directory | undefined
}

export class Entrance {
  readonly #parts: EntranceParts

  constructor(parts: EntranceParts) {
    this.#parts = parts
  }

  /** Throws where this name may not speak here now. */
  refuse(room: string, username: string, session: Session | undefined): void {
    const { clock, moderation } = this.#parts
    if (session?.identity !== undefined) requireIdentity(session.identity, room, clock.date())
    moderation.refuseClosed(room, session)
    moderation.refuseMuted(room, username)
  }

  /** Throws or rejects with `name_taken` where a session holds the name. */
  refuseHeld(room: Room, username: string): void | Promise<void> {
    const { directory } = this.#parts
    if (directory === undefined) return refuseHeldName(room, username)
    // A directory knows that a name was given back before this room has been told.
    return this.#refuseHeldElsewhere(room, username, directory)
  }

  /**
   * The room with this name, if it is here with a log. If not, it has to be opened or made, and an address may do
   * that only so often.
   */
  knock(name: string, address: string | undefined): Room | undefined {
    const { rooms, limits } = this.#parts
    const room = rooms.get(name)
    if (room?.hasLog !== true) limits.room(address)
    return room
  }

  /** Opens a room. Where processes share orders, they may be known only now. */
  async open(name: string, username: string, session: Session | undefined): Promise<Room> {
    const { rooms, moderation, directory } = this.#parts
    const room = await rooms.open(name)
    if (directory === undefined) return room
    try {
      await moderation.reach(name, session)
      this.refuse(name, username, session)
    } catch (error) {
      rooms.settle(room)
      throw error
    }
    return room
  }

  /** The room, if this session holds its name in it. Throws or rejects with `not_joined`. */
  enter(session: Session, name: string): Room | Promise<Room> {
    const { rooms, directory } = this.#parts
    const room = rooms.get(name)
    if (directory === undefined || room?.presence.has(session) === true) return requireJoined(session, room)
    return this.#enterLate(session, name, directory)
  }

  /** The room in which a session may speak now. The call counts as a message. */
  async speak(session: Session, name: string): Promise<Room> {
    await this.#parts.moderation.reach(name, session)
    this.refuse(name, session.username, session)
    const room = await this.enter(session, name)
    this.count(session)
    return room
  }

  /** Counts a message of a session. */
  count(session: Session): void {
    this.#parts.limits.message(session.address, session, session.username)
  }

  /** Like `enter`, where the session may have joined through another process. */
  async #enterLate(session: Session, name: string, directory: Directory): Promise<Room> {
    const { rooms } = this.#parts
    const room = await rooms.open(name)
    try {
      if (!room.presence.has(session)) await directory.catchUp(name)
      const joined = requireJoined(session, room)
      session.rooms.add(joined)
      return joined
    } finally {
      rooms.settle(room)
    }
  }

  async #refuseHeldElsewhere(room: Room, username: string, directory: Directory): Promise<void> {
    const release = room.hold()
    try {
      if (await directory.isHeld(room.name, foldName(username))) throw nameTaken()
    } finally {
      release()
      this.#parts.rooms.settle(room)
    }
  }
}
