// What a way in has found out about somebody, where it asks who people are. Without one (an open chat, or one with a
// single password for all) everybody may say any name and go anywhere.

import { ChatError } from '../errors.js'

export type Identity = {
  /** The person, whatever the name: two grants with one subject are one person's. */
  readonly subject: string
  /** The name to speak under; no other will do. */
  readonly username: string
  /** The rooms that may be read, joined and sent to; undefined: all. */
  readonly rooms: ReadonlySet<string> | undefined
  /** Until when it is good, in milliseconds since 1970. */
  readonly until: number
}

/** May whoever has this see the room? */
export function maySee(grant: Identity | undefined, room: string): boolean {
  return grant?.rooms?.has(room) ?? true
}

/** Throws `unauthorized` when its time is over, `forbidden` for a room that is not in it. `date`: `Clock.date`. */
export function requireIdentity(grant: Identity | undefined, room: string, date: number): void {
  if (grant === undefined) return
  if (grant.until <= date)
    throw new ChatError('unauthorized', 'your time is over: ask for a new token, and join again with it')
  if (!maySee(grant, room))
    throw new ChatError('forbidden', 'this room is not one of yours: ask whoever gave you the token')
}
