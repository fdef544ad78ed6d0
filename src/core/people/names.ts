// Names: under which name a person may speak, and who holds it in a room.
//
//     a person with a session, or with an identity ──> the name that comes with it, and no other
//     any other person                             ──> any name that is not held in the room, nor one that looks the same

import { ChatError } from '../errors.js'
import type { Identity } from './identity.js'
import { foldName, parseUsername } from '../rooms/message.js'
import type { Room } from '../rooms/room.js'
import type { Session, Sessions } from './sessions.js'

/** The name to speak under, where this one is asked for. Throws `bad_request` when the person has another name. */
export function nameFor(somebody: Pick<Session, 'username'> | undefined, username: unknown): string {
  if (somebody === undefined) return parseUsername(username)
  const given = username === undefined ? somebody.username : parseUsername(username)
  // An identity's name was given by others, and lines over TCP cannot write its spaces.
  if (given === somebody.username || ('subject' in somebody && foldName(given) === foldName(somebody.username)))
    return somebody.username
  throw new ChatError('bad_request', 'this session has another name: leave username out, or join without the token')
}

/** The session under which a person with this identity is in the room already. It gets the newer identity. */
export function ownSession(
  sessions: Sessions,
  room: Room,
  username: string,
  identity: Identity | undefined,
): Session | undefined {
  const session = sessions.peek(room.presence.holder(username)?.token ?? '')
  if (identity === undefined || session?.identity?.subject !== identity.subject) return undefined
  session.identity = identity
  return session
}

/** Throws `name_taken` where a session holds the name. */
export function refuseHeldName(room: Room, username: string): void {
  if (room.presence.holder(username) !== undefined) throw nameTaken()
}

export function nameTaken(): ChatError {
  return new ChatError('name_taken', 'somebody in this room has that name: choose another, or try again in a minute')
}

/** The room, if this session holds its name in it. Throws `not_joined`. */
export function requireJoined(session: Session, room: Room | undefined): Room {
  if (room !== undefined && room.presence.has(session)) return room
  throw new ChatError('not_joined', 'you have not joined this room: join it first')
}

/** `place`: the session's place among the members, where a directory has given it one. */
export function takeName(session: Session, room: Room, place?: number): void {
  room.presence.add(session, place)
  session.rooms.add(room)
}

export function releaseName(session: Session, room: Room): void {
  room.presence.remove(session)
  session.rooms.delete(room)
}
