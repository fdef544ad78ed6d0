// Keeps a room of this process like the directory: the members, typing and orders of all processes.
//
//     directory ── held, freed, typing, ordered ──> presence, sessions, moderation ──> readers
//
// The directory also tells what this process did itself. That changes nothing the second time.

import type { Undo } from '../clock.js'
import type { Room } from '../rooms/room.js'
import type { Directory, Member, RoomListener } from './directory.js'
import type { Moderation } from './moderation.js'
import { releaseName, takeName } from './names.js'
import type { Sessions } from './sessions.js'

export type MirrorParts = {
  readonly sessions: Sessions
  readonly moderation: Moderation
  /** Tells the room that a member has left because the session ran out. */
  readonly tellLeft: (room: Room, username: string) => Promise<void>
}

/** Keeps a room like the directory until the undo. */
export async function follow(directory: Directory, room: Room, parts: MirrorParts): Promise<Undo> {
  const unfollow = await directory.follow(room.name, mirror(room, parts))
  return () => {
    unfollow()
    parts.moderation.forget(room.name)
  }
}

function mirror(room: Room, { sessions, moderation, tellLeft }: MirrorParts): RoomListener {
  return {
    held(member) {
      const session = sessions.peek(member.token)
      if (session === undefined) room.presence.add(member, member.place)
      else takeName(session, room, member.place)
    },
    freed(member) {
      const session = sessions.peek(member.token)
      if (session === undefined) room.presence.remove(member)
      else releaseName(session, room)
    },
    typing: (member, typing) => void (room.presence.has(member) && room.presence.setTyping(member, typing)),
    ordered(orders) {
      moderation.set(room.name, orders)
      room.presence.setHands(orders.hands)
    },
    expired: (member: Member) => void tellLeft(room, member.username),
  }
}
