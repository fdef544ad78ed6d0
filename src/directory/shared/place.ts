// The port to the place where people are kept for all processes: redis.ts and postgres.ts implement it. Each call is
// one step, and rejects with `unavailable` while the place is away.

import type { Undo } from '../../core/clock.js'
import type { KnownSession, Member } from '../../core/people/directory.js'
import type { Session } from '../../core/people/sessions.js'
import type { Counts, People } from './people.js'

export type Keep = {
  readonly session: Session
  /** The session is kept for at least so many milliseconds from now. */
  readonly ms: number
  /** A room to add to the session's rooms. */
  readonly room?: string
  /** Write the other fields in any case, and not only where they are gone? */
  readonly isWritten?: boolean
}

/** The session has the name, and its place in the room; or the token that has it. */
export type Claimed = { readonly place: number; readonly isNew: boolean } | { readonly heldBy: string }

export type Order =
  | { readonly isClosed: boolean }
  | { readonly slow: number }
  /** `token`: only where the name is held under it; empty where that does not matter. */
  | { readonly hand: string; readonly token: string; readonly isUp: boolean }
  | { readonly fold: string; readonly until: number }

/** The author of the message at a place, to be kept for so many milliseconds. */
export type Authored = { readonly place: string; readonly author: string; readonly ms: number }

export type PeoplePlace = {
  readonly isHere: boolean
  find(token: string): Promise<KnownSession | undefined>
  keep(keeps: readonly Keep[]): Promise<void>
  end(token: string): Promise<void>
  /** Milliseconds that each session has left; 0 or less where it is over. */
  left(tokens: readonly string[]): Promise<readonly number[]>
  claim(room: string, session: Pick<Member, 'fold' | 'token' | 'username'>): Promise<Claimed>
  /** False where this token does not hold the name. */
  release(room: string, holder: Pick<Member, 'fold' | 'token'>): Promise<boolean>
  /** The session does not hold its name there any more. */
  forget(token: string, room: string): Promise<void>
  /** For each name: does a session hold it? */
  areHeld(room: string, folds: readonly string[]): Promise<readonly boolean[]>
  people(room: string): Promise<People>
  /** The rooms that differ from what is known here. */
  moved(known: ReadonlyMap<string, { isAt(born: string, version: number): boolean }>): Promise<readonly string[]>
  order(room: string, order: Order, now: number): Promise<void>
  /** Calls back with the news of a room until the undo. */
  listen(room: string, hear: (text: string) => void): Promise<Undo>
  /** Tells a room's news, and counts. They may be lost. */
  tell(room: string, text: string): void
  tellCounts(counts: Counts): void
  wrote(authored: readonly Authored[]): Promise<void>
  authorOf(place: string): Promise<string | undefined>
  /** Deletes what is over. There may be a little of that at any time. */
  tidy(): Promise<void>
  close(): void
}
