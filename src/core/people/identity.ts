// An identity: what authentication has found out about a person. Without one (in an open chat, or with one password
// for all) a person may take any name and go anywhere.

import { ChatError } from '../errors.js'

export type Identity = {
  /** The person, whatever the name: two tokens with one subject are one person's. */
  readonly subject: string
  /** The name to speak under, and the only one. */
  readonly username: string
  /** The rooms that may be read, joined and sent to; undefined: all. */
  readonly rooms: ReadonlySet<string> | undefined
  /** Until when the identity is good, in milliseconds since 1970. */
  readonly until: number
}

/** May a person with this identity see the room? */
export function maySee(grant: Identity | undefined, room: string): boolean {
  return grant?.rooms?.has(room) ?? true
}

/** Is the time of the identity over? `date`: `Clock.date`. */
export function isOver(identity: Identity | undefined, date: number): boolean {
  return identity !== undefined && identity.until <= date
}

/**
 * Throws `unauthorized` when the identity's time is over, and `forbidden` for a room that is not in it. `date`:
 * `Clock.date`.
 */
export function requireIdentity(grant: Identity | undefined, room: string, date: number): void {
  if (isOver(grant, date))
    throw new ChatError('unauthorized', 'your time is over: ask for a new token, and join again with it')
  if (!maySee(grant, room))
    throw new ChatError('forbidden', 'this room is not one of yours: ask whoever gave you the token')
}
