// Names: which one somebody may speak under, and who holds it in a room.
//
//     a session, or an identity, has a name ──> that one, and no other
//     nobody has said who it is         ──> any, as long as nobody in the room holds it, or one that looks the same

import { ChatError } from '../errors.js'
import type { Identity } from './identity.js'
import { foldName, parseUsername } from '../rooms/message.js'
import type { Room } from '../rooms/room.js'
import type { Session, Sessions } from './sessions.js'

/** The name to speak under, where this one is asked for. Throws `bad_request` for another than one's own. */
export function nameFor(somebody: Pick<Session, 'username'> | undefined, username: unknown): string {
  if (somebody === undefined) return parseUsername(username)
  const given = username === undefined ? somebody.username : parseUsername(username)
  // An identity's name was given by others, and lines over TCP cannot write its spaces.
  if (given === somebody.username || ('subject' in somebody && foldName(given) === foldName(somebody.username)))
    return somebody.username
  throw new ChatError('bad_request', 'this session has another name: leave username out, or join without the token')
}

/** The session under which somebody is in the room already, with the newer identity. */
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

/** Throws `name_taken`. */
export function refuseHeldName(room: Room, username: string): void {
  if (room.presence.holder(username) !== undefined) throw nameTaken()
}

export function nameTaken(): ChatError {
  return new ChatError('name_taken', 'somebody in this room has that name: choose another, or try again in a minute')
}

/** The room, where this session holds its name in it. Throws `not_joined`. */
export function requireJoined(session: Session, room: Room | undefined): Room {
  if (room !== undefined && room.presence.has(session)) return room
  throw new ChatError('not_joined', 'you have not joined this room: join it first')
}

/** `place`: where it is among the members, where a directory has said it. */
export function takeName(session: Session, room: Room, place?: number): void {
  room.presence.add(session, place)
  session.rooms.add(room)
}

export function releaseName(session: Session, room: Room): void {
  room.presence.remove(session)
  session.rooms.delete(room)
}
