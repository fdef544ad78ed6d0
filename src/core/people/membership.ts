// Membership: who holds which name in which room.
//
//     join   ──> entrance ──> is the name free? ──> claim (directory) ──> presence ──> `join` message
//     leave  ──> release (directory) ──> presence ──> `leave` message
//     end    ──> leave every room, and the session is over
//
// A name is taken before the room is told, and given back even where the room cannot be told.

import type { Clock } from '../clock.js'
import { ChatError } from '../errors.js'
import { parseRoom } from '../rooms/message.js'
import type { Publisher } from '../rooms/publisher.js'
import type { Room } from '../rooms/room.js'
import type { Rooms } from '../rooms/rooms.js'
import type { Directory } from './directory.js'
import type { Entrance } from './entrance.js'
import { type Identity, requireIdentity } from './identity.js'
import type { Limits } from './limits.js'
import type { Moderation } from './moderation.js'
import { nameFor, ownSession, refuseHeldName, releaseName, takeName } from './names.js'
import type { Session, Sessions } from './sessions.js'

/** `resumes`: a person who is in the room already, with the same identity, gets the session that there is. */
export type JoinRequest = {
  readonly room: unknown
  readonly username?: unknown
  readonly session?: Session | undefined
  readonly address?: string | undefined
  readonly identity?: Identity | undefined
  readonly resumes?: boolean
}

export type Joined = { readonly session: Session; readonly room: Room; readonly id: number; readonly epoch: string }

export type MembershipParts = {
  readonly clock: Clock
  readonly rooms: Rooms
  readonly sessions: Sessions
  readonly publisher: Publisher
  readonly limits: Limits
  readonly entrance: Entrance
  readonly moderation: Moderation
  readonly directory: Directory | undefined
}

export class Membership {
  readonly #parts: MembershipParts

  constructor(parts: MembershipParts) {
    this.#parts = parts
  }

  /** Takes a name in a room, and tells the room. With a session, the name is the session's. `name`: the room's, parsed. */
  async join(name: string, request: JoinRequest): Promise<Joined> {
    const { clock, sessions, limits, entrance, moderation, directory } = this.#parts
    const identity = request.session?.identity ?? request.identity
    const username = nameFor(request.session ?? identity, request.username)
    requireIdentity(identity, name, clock.date())
    const asked = moderation.reach(name, request.session)
    if (asked !== undefined) await asked
    moderation.refuseClosed(name, request.session)
    limits.join(request.address)
    const room = entrance.knock(name, request.address) ?? (await entrance.open(name, username, request.session))
    if (request.session !== undefined && room.presence.has(request.session)) return joinedAt(request.session, room)
    if (identity !== undefined && request.resumes === true) {
      const reached = this.#reachHolder(room, username)
      if (reached !== undefined) await reached
      const resumed = ownSession(sessions, room, username, identity)
      if (resumed !== undefined) {
        await directory?.update(resumed)
        return joinedAt(resumed, room)
      }
    }
    // A directory knows that a holder's time is over before this room has been told.
    if (directory === undefined) refuseHeldName(room, username)
    return this.#enter(room, username, identity, request)
  }

  /** Gives the name back at once, and tells the room, where the store can keep that. */
  async leave(session: Session, name: unknown): Promise<void> {
    const { entrance, directory } = this.#parts
    const entered = entrance.enter(session, parseRoom(name))
    const room = entered instanceof Promise ? await entered : entered
    const isMine = directory === undefined || (await directory.release(room.name, session))
    releaseName(session, room)
    if (isMine) await this.tellLeft(room, session.username)
  }

  /**
   * Leaves every room, also rooms that were joined through other processes. The names are free even where a message
   * cannot be kept.
   */
  async leaveAll(session: Session): Promise<void> {
    const { directory } = this.#parts
    const known = directory === undefined ? undefined : await directory.find(session.token)
    const names = new Set([...[...session.rooms].map((room) => room.name), ...(known?.rooms ?? [])])
    const left = await Promise.allSettled([...names].map((name) => this.leave(session, name)))
    // A name that could not be given back is an error. A name that was not held any more is not.
    for (const one of left)
      if (one.status === 'rejected' && one.reason instanceof ChatError && one.reason.code === 'unavailable')
        throw one.reason
  }

  /** Leaves every room and ends the session: for a person whose connection has ended. */
  async end(session: Session): Promise<void> {
    const { sessions, directory } = this.#parts
    sessions.close(session)
    const rooms = [...session.rooms]
    await Promise.allSettled(rooms.map((room) => this.leave(session, room.name)))
    // What the directory could not be told, it finds out when the session's time is over.
    for (const room of rooms) releaseName(session, room)
    await directory?.end(session).catch(() => undefined)
  }

  /** Tells a room that a name has been given back. */
  async tellLeft(room: Room, username: string): Promise<void> {
    const { rooms, limits, publisher } = this.#parts
    if (!limits.note(room)) return rooms.settle(room)
    try {
      await publisher.publish(room, { type: 'leave', username, text: 'left' })
    } catch (error) {
      // A person who leaves has left. That a full or broken store cannot keep the message is not that person's error.
      if (!(error instanceof ChatError)) throw error
    }
  }

  async #enter(
    room: Room,
    username: string,
    identity: Identity | undefined,
    { session: had, address }: JoinRequest,
  ): Promise<Joined> {
    const { rooms, sessions, limits, publisher, directory } = this.#parts
    let session = had
    const release = room.hold()
    try {
      session ??= sessions.open(username, address, identity)
      // The name is taken before the message is kept, so that two people who join at once cannot both have it.
      const claimed = directory === undefined ? undefined : await directory.claim(room.name, session)
      takeName(session, room, claimed?.place)
      if (claimed?.isNew === false) return joinedAt(session, room)
      const draft = { type: 'join', username: session.username, text: 'joined' }
      // A flood of joins and leaves is told by presence alone: it must not push out what people said.
      if (!limits.note(room)) return joinedAt(session, room)
      const { message, epoch } = await publisher.publish(room, draft, address)
      return { session, room, id: message.id, epoch }
    } catch (error) {
      if (session !== undefined) this.#undo(session, room, session !== had)
      throw error
    } finally {
      release()
      rooms.settle(room)
    }
  }

  /** Makes the session of a name's holder known here, where another process opened it. */
  #reachHolder(room: Room, username: string): Promise<void> | undefined {
    const { sessions, directory } = this.#parts
    return directory?.catchUp(room.name).then(() => {
      const token = room.presence.holder(username)?.token
      return token === undefined ? undefined : sessions.reach(token)
    })
  }

  /** Takes back a join that the room was not told of. */
  #undo(session: Session, room: Room, isNew: boolean): void {
    const { sessions, directory } = this.#parts
    releaseName(session, room)
    if (isNew) sessions.close(session)
    // If the directory cannot be told, it finds out when the session's time is over.
    directory?.release(room.name, session).catch(() => undefined)
    if (isNew) directory?.end(session).catch(() => undefined)
  }
}

/** The answer for a session that is in the room already: it goes on at the room's newest place. */
function joinedAt(session: Session, room: Room): Joined {
  return { session, room, id: room.last, epoch: room.epoch }
}
