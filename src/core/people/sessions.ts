// Sessions: who a person is for longer than one request.
//
//     POST /join ──> token ──> contact, contact … ──> a minute without contact, or /leave ──> the names are free
//
// A session is a secret token and a name. It holds the name in each room that it joined, until it leaves, or until
// nothing has been heard from it for a minute. A request is contact. A parked poll or an open connection is contact
// for as long as it lasts.

import type { Clock, Random, Undo } from '../clock.js'
import { ChatError } from '../errors.js'
import { type Identity, isOver } from './identity.js'
import { fullBucket } from '../bucket.js'
import type { Directory, KnownSession } from './directory.js'
import { ConnectionLimit } from './limits.js'
import type { Holder } from '../rooms/presence.js'
import { foldName } from '../rooms/message.js'
import type { Room } from '../rooms/room.js'
import type { TimerWheel } from '../rooms/timer-wheel.js'

/** A session without contact for this long is over, and its names are free. */
export const SESSION_MS = 60_000

export class Session implements Holder {
  readonly token: string
  readonly username: string
  readonly fold: string
  readonly rooms = new Set<Room>()
  /** Where the session joined from; undefined for the program itself. */
  readonly address: string | undefined
  /** The buckets of its messages, and of its signs of typing. */
  readonly said = fullBucket()
  readonly typed = fullBucket()
  /** Who the person is, where the chat asks for that. */
  identity: Identity | undefined
  /** Has the session shown the key of the moderators? */
  moderates = false
  readonly #clock: Clock
  #contactAt: number
  #connections = 0

  constructor(token: string, username: string, clock: Clock, address?: string) {
    this.address = address
    this.token = token
    this.username = username
    this.fold = foldName(username)
    this.#clock = clock
    this.#contactAt = clock.now()
  }

  /** Milliseconds that may pass without contact before the session ends; `SESSION_MS` while something is connected. */
  get left(): number {
    return this.#connections > 0 ? SESSION_MS : this.#contactAt + SESSION_MS - this.#clock.now()
  }

  /** There was contact. */
  touch(): void {
    this.#contactAt = this.#clock.now()
  }

  /** Something stays connected, until the undo. */
  connect(): Undo {
    this.#connections++
    let open = true
    return () => {
      if (!open) return
      open = false
      this.#connections--
      this.touch()
    }
  }
}

/** `connectionLimit`: how many sessions each address has. */
export type SessionParts = {
  readonly clock: Clock
  readonly timers: TimerWheel
  readonly random: Random
  readonly connectionLimit?: ConnectionLimit | undefined
  /** Finds sessions of other processes; without it this process has them all. */
  readonly directory?: Directory | undefined
}

/** The form of a token. Anything else is not worth asking for. */
const TOKEN = /^[\w-]{1,64}$/

type OpenSession = { readonly session: Session; readonly exit: Undo; undo: Undo }

export class Sessions {
  readonly #parts: SessionParts
  readonly #max: number
  readonly #end: (session: Session) => void
  readonly #connectionLimit: ConnectionLimit
  readonly #byToken = new Map<string, OpenSession>()
  readonly #finding = new Map<string, Promise<void>>()

  /** `end` is called with a session that has run out. Where there is a directory, the directory finds that out. */
  constructor(parts: SessionParts, max: number, end: (session: Session) => void) {
    this.#parts = parts
    this.#connectionLimit = parts.connectionLimit ?? new ConnectionLimit(Infinity)
    this.#max = max
    this.#end = end
  }

  get size(): number {
    return this.#byToken.size
  }

  /** Finds a session by its token, which is contact. Throws `unauthorized` for an unknown token. */
  get(token: string): Session {
    const session = this.#byToken.get(token)?.session
    if (session === undefined)
      throw new ChatError('unauthorized', 'this token is not known, or its session is over: join again')
    session.touch()
    return session
  }

  /** Is there a session with this token? Asking is no contact. */
  has(token: string): boolean {
    return this.#byToken.has(token)
  }

  /** The session with this token, without contact. */
  peek(token: string): Session | undefined {
    return this.#byToken.get(token)?.session
  }

  *[Symbol.iterator](): Generator<Session> {
    for (const { session } of this.#byToken.values()) yield session
  }

  /**
   * Looks for an unknown token among the sessions of other processes; after that `get` knows it. A person whose time is
   * over may have shown a newer identity there. Undefined where there is nothing to ask. Rejects with `unavailable`
   * where the directory is away.
   */
  reach(token: string): Promise<void> | undefined {
    const { directory, clock } = this.#parts
    if (directory === undefined) return undefined
    const session = this.#byToken.get(token)?.session
    if (session !== undefined) return isOver(session.identity, clock.date()) ? this.refresh(session) : undefined
    if (!TOKEN.test(token)) return undefined
    const finding = this.#finding.get(token)
    if (finding !== undefined) return finding
    const found = directory
      .find(token)
      .then((known) => {
        if (known !== undefined && !this.#byToken.has(token)) this.#adopt(known)
      })
      .finally(() => this.#finding.delete(token))
    this.#finding.set(token, found)
    return found
  }

  /**
   * Asks the directory what a session is now, because another process may have changed it. Undefined where there is
   * nothing to ask.
   */
  refresh(session: Session): Promise<void> | undefined {
    return this.#parts.directory?.find(session.token).then((known) => {
      if (known === undefined) return
      session.identity = known.identity
      // This process may have made it one, and the directory not know it yet.
      session.moderates ||= known.moderates
    })
  }

  open(username: string, address?: string, identity?: Identity): Session {
    if (this.#byToken.size >= this.#max)
      throw new ChatError('unavailable', 'too many people are here: try again in a minute', 60)
    const exit = address === undefined ? stay : this.#connectionLimit.enter(address)
    if (exit === undefined)
      throw new ChatError('unavailable', 'too many people are here from your address: try again in a minute', 60)
    const { clock, random } = this.#parts
    const session = new Session(random.token(), username, clock, address)
    session.identity = identity
    this.#byToken.set(session.token, { session, exit, undo: this.#watch(session, SESSION_MS) })
    return session
  }

  /** Takes over a session that another process opened. It is counted to its address there. */
  #adopt({ token, username, address, identity, moderates }: KnownSession): void {
    const session = new Session(token, username, this.#parts.clock, address)
    session.identity = identity
    session.moderates = moderates
    this.#byToken.set(token, { session, exit: stay, undo: this.#watch(session, SESSION_MS) })
  }

  close(session: Session): void {
    const open = this.#byToken.get(session.token)
    open?.undo()
    open?.exit()
    this.#byToken.delete(session.token)
  }

  closeAll(): void {
    for (const { session } of this.#byToken.values()) this.close(session)
  }

  // One look a minute for each session, however often there is contact.
  #watch(session: Session, ms: number): Undo {
    return this.#parts.timers.after(ms, () => {
      const open = this.#byToken.get(session.token)
      if (open === undefined) return
      if (session.left > 0) {
        open.undo = this.#watch(session, session.left)
        return
      }
      this.close(session)
      // Another process may have had contact later.
      if (this.#parts.directory === undefined) this.#end(session)
    })
  }
}

/** The session of a request that needs one. Throws `unauthorized` without it. */
export function requireSession(session: Session | undefined): Session {
  if (session !== undefined) return session
  throw new ChatError('unauthorized', 'join first: POST /join gives a token for Authorization: Bearer')
}

function stay(): void {}
