// How a loop of requests gets in, and in again. Three ways, of one shape:
//
//     password     goes with every request
//     token        is for /join alone; the session that comes of it goes with every other request
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
  /** Where the server is, without a slash at the end. Default: where the page came from. */
  readonly url?: string
  /** What opens the chat, where it asks for something. */
  readonly credentials?: Credentials
  /** In place of credentials, a session of one's own: its token, asked for before each request. */
  readonly token?: (room: string) => string | undefined
  /** That session is over: join again, or throw. Without it the refusal stands. */
  readonly onUnauthorized?: (room: string) => Promise<void>
  readonly platform?: Platform
}

/** What was refused: a request about a room, with this, and under this name if it had one. */
export type Refusal = {
  readonly refused: Refused
  readonly room: string
  readonly shown: Shown
  readonly username?: string
}

export type Entry = {
  /** What goes with the next request about a room. */
  shown(room: string): Shown
  /** Resolves when there is something else to show. Throws the refusal when there is not. */
  renew(refusal: Refusal): Promise<void>
}

/** A session of one's own. */
export function sessionEntry({ token, onUnauthorized }: EntryOptions): Entry {
  return {
    shown: (room) => ({ token: token?.(room) }),
    async renew({ refused, room }) {
      if (onUnauthorized === undefined) throw refused
      await onUnauthorized(room)
    },
  }
}
