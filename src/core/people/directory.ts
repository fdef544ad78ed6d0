// The port behind which several processes know who is here. A process that is alone needs none: its sessions,
// presence, orders and limits are all there is, and everything about people is settled at once.
//
//     what this process knows        sessions.ts, presence.ts, moderation.ts, limits.ts     at once
//     what other processes know      a directory                                            one round trip
//
// With a directory each process still decides by what it has in memory, and the directory keeps that alike in all
// processes. It is asked where memory is not enough: for a token that is not known here, for a name before it is
// given away, and before a request is refused because of something that another process may have changed.
//
//     strong     a name in a room has one holder, whatever happens at one time
//     eventual   members, typing, orders and rates: other processes hear of a change within a second
//
// Every directory passes test/directory/contract.ts; so does a chat without one.

import type { Undo } from '../clock.js'
import type { Holder } from '../rooms/presence.js'
import type { Identity } from './identity.js'
import type { Counted } from './limits.js'
import type { Session } from './sessions.js'

/** A person who holds a name in a room. `place`: the order in which people came, the same in every process. */
export type Member = Required<Holder> & { readonly place: number }

/**
 * A moderator's orders in a room, and the hands that are up there. `slow`: seconds between two messages of a name, or 0.
 * `muted`: until when each name may say nothing (`Clock.date`).
 */
export type Orders = {
  readonly isClosed: boolean
  readonly slow: number
  readonly muted: ReadonlyMap<string, number>
  /** The hands that are up, by fold: the lower the number, the earlier the hand went up. */
  readonly hands: ReadonlyMap<string, number>
}

export const NO_ORDERS: Orders = { isClosed: false, slow: 0, muted: new Map(), hands: new Map() }

/** A session that another process made. */
export type KnownSession = {
  readonly token: string
  readonly username: string
  readonly address: string | undefined
  readonly identity: Identity | undefined
  readonly moderates: boolean
  /** The rooms in which it may hold its name. */
  readonly rooms: readonly string[]
}

/** Hears what happens to a room's people. The first calls tell who was there before. */
export type RoomListener = {
  held(member: Member): void
  freed(member: Member): void
  typing(member: Member, typing: boolean): void
  ordered(orders: Orders): void
  /** This member's session ran out, and this process is the one that tells the room. */
  expired(member: Member): void
}

/** What the directory asks and tells this process. */
export type Process = {
  /** The session with this token, if this process has heard of it within the last minute. */
  session(token: string): Session | undefined
  /** Sessions that this process has heard of within the last minute. */
  sessions(): Iterable<Session>
  /** Another process has counted something so many times. */
  counted(counted: Counted, times: number): void
}

export type Directory = {
  /** Called once, before anything else. */
  begin(process: Process): void
  /** The session with this token; undefined where there is none. Asking is no contact. */
  find(token: string): Promise<KnownSession | undefined>
  /** Tells the directory what a session is now: its identity, and whether it moderates. */
  update(session: Session): Promise<void>
  /** The session is over at once. */
  end(session: Session): Promise<void>
  /**
   * Takes the session's name in a room. `isNew`: the session did not have it before. Rejects with `name_taken` where
   * another session has it, and with `unavailable` where that cannot be known.
   */
  claim(room: string, session: Session): Promise<{ readonly place: number; readonly isNew: boolean }>
  /** Gives the name back. False where this session did not have it any more: then the others have been told already. */
  release(room: string, session: Session): Promise<boolean>
  isHeld(room: string, fold: string): Promise<boolean>
  /** Tells of a room's people until the undo. Resolves when all that is known has been told. */
  follow(room: string, listener: RoomListener): Promise<Undo>
  /** Tells what other processes have changed in a room up to now. */
  catchUp(room: string): Promise<void>
  typing(room: string, session: Holder, typing: boolean): void
  /** `until`: in milliseconds since 1970; 0 takes a mute back. */
  mute(room: string, fold: string, until: number): Promise<void>
  setClosed(room: string, isClosed: boolean): Promise<void>
  setSlow(room: string, seconds: number): Promise<void>
  /** Puts the hand of the holder of a name up or down. `token`: only where the name is held under it. */
  setHand(
    room: string,
    holder: { readonly fold: string; readonly token: string | undefined },
    isUp: boolean,
  ): Promise<void>
  count(counted: Counted): void
  /** Notes for so many milliseconds who wrote a message. `place` and `author` are a word each, for `authorOf`. */
  wrote(place: string, author: string, ms: number): void
  /** Who wrote a message; undefined where that is unknown. */
  authorOf(place: string): Promise<string | undefined>
  /** Can names be taken now? */
  ready(): boolean
  /** Ends. The sessions that this process has heard of keep their minute, in which another process may hear of them. */
  close(): Promise<void>
}
