// How a loop of requests gets in, and in again. There are three ways, with one interface:
//
//     password     goes with every request
//     token        is for /join alone; the session that it opens goes with every other request
//     a session    of a program that joins by itself, as the page does
//
//     request ── 401 ──> renew ──> request, once more
//                          └── refused ──> that is the end
//
// The first two are in credentials-entry.ts, which the page does not load.

import type { Credentials } from './credentials.js'
import type { Platform } from './platform.js'
import type { Refused, Shown } from './wire.js'

export type EntryOptions = {
  /** The server's address, without a slash at the end. Default: where the page came from. */
  readonly url?: string
  /** The credentials, for a chat that asks for them. */
  readonly credentials?: Credentials
  /** Instead of credentials, the token of a session, asked for before each request. */
  readonly token?: (room: string) => string | undefined
  /** The session is over: join again, or throw. Without this the refusal stands. */
  readonly onUnauthorized?: (room: string) => Promise<void>
  readonly platform?: Platform
}

/** A refused request: about which room, with what it showed, and under which name if it had one. */
export type Refusal = {
  readonly refused: Refused
  readonly room: string
  readonly shown: Shown
  readonly username?: string
}

export type Entry = {
  /** What the next request about a room shows. */
  shown(room: string): Shown
  /** Resolves when there is something else to show. Throws the refusal if there is not. */
  renew(refusal: Refusal): Promise<void>
}

/** The way in of a program that has a session. */
export function sessionEntry({ token, onUnauthorized }: EntryOptions): Entry {
  return {
    shown: (room) => ({ token: token?.(room) }),
    async renew({ refused, room }) {
      if (onUnauthorized === undefined) throw refused
      await onUnauthorized(room)
    },
  }
}
