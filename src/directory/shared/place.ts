// The port to where people are kept for all processes: redis.ts and postgres.ts implement it. Each call is one step that
// nothing comes between, and rejects with `unavailable` while it cannot be asked.

import type { Undo } from '../../core/clock.js'
import type { KnownSession, Member } from '../../core/people/directory.js'
import type { Session } from '../../core/people/sessions.js'
import type { Counts, People } from './people.js'

export type Keep = {
  readonly session: Session
  /** For so many milliseconds from now at least. */
  readonly ms: number
  /** A room to add to those of the session. */
  readonly room?: string
  /** Is the rest to be written in any case, and not only where it is gone? */
  readonly isWritten?: boolean
}

/** Whoever has the name, and its place where the caller has it. */
export type Claimed = { readonly place: number; readonly isNew: boolean } | { readonly heldBy: string }

export type Order = { readonly isClosed: boolean } | { readonly fold: string; readonly until: number }

/** Who wrote the message at a place: for so many milliseconds. */
export type Authored = { readonly place: string; readonly author: string; readonly ms: number }

export type PeoplePlace = {
  readonly isHere: boolean
  find(token: string): Promise<KnownSession | undefined>
  keep(keeps: readonly Keep[]): Promise<void>
  end(token: string): Promise<void>
  /** Milliseconds that each session has left; none where it is over. */
  left(tokens: readonly string[]): Promise<readonly number[]>
  claim(room: string, session: Pick<Member, 'fold' | 'token' | 'username'>): Promise<Claimed>
  /** False where this token does not have the name. */
  release(room: string, holder: Pick<Member, 'fold' | 'token'>): Promise<boolean>
  /** The session does not hold its name there any more. */
  forget(token: string, room: string): Promise<void>
  /** For each name whether a session has it. */
  areHeld(room: string, folds: readonly string[]): Promise<readonly boolean[]>
  people(room: string): Promise<People>
  /** Which of these rooms are not as they are known here. */
  moved(known: ReadonlyMap<string, { isAt(born: string, version: number): boolean }>): Promise<readonly string[]>
  order(room: string, order: Order, now: number): Promise<void>
  /** Calls back with the news of a room until the undo. */
  listen(room: string, hear: (text: string) => void): Promise<Undo>
  /** Tells a room's news, and what was counted. Lost where it cannot be told. */
  tell(room: string, text: string): void
  tellCounts(counts: Counts): void
  wrote(authored: readonly Authored[]): Promise<void>
  authorOf(place: string): Promise<string | undefined>
  /** Takes away what is over, of which there may be a little at any time. */
  tidy(): Promise<void>
  close(): void
}
