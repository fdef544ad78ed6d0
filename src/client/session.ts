// A session of a client, for the page, the terminal and programs alike: the name, the token that holds it, and the ways
// in and out.
//
//     join ── no token ──> introduce ── 201 ──> the token is kept
//       └──── token ─────> enter ────── 201 ──> one room more, under the same name
//                            └───────── 401 ──> renew: introduce again, once for all callers at one time
//                                                 └── 401 ──> refused, for good
//     leave ──> the server is told, and the name is free
//
// The program says where the token is kept, how it joins without one, and how it tells the server of a leave: the page
// keeps the token in the browser's storage and leaves by a beacon, the terminal keeps it in a file.

import type { Platform } from './platform.js'
import { type Call, isUnauthorized, join, type JoinAnswer } from './wire.js'

/** The name, and the token of the session that holds it. No name yet is the empty text. */
export type Me = { readonly username: string; readonly token: string | undefined }

export type SessionStorage = { load(): Me; save(me: Me): void }

export type SessionParts = {
  readonly url: string
  readonly platform: Platform
  readonly storage: SessionStorage
  /** Joins a room without a session. */
  readonly introduce: (room: string, username: string) => Promise<JoinAnswer>
  /** Makes a session anew that is over, and enters the room. Default: `introduce`. */
  readonly anew?: (room: string) => Promise<void>
  /** Sends the server a leave, with a request or a beacon. Without it the server is not told. */
  readonly tell?: (call: Call) => unknown
  /** Milliseconds after which a request counts as failed. */
  readonly timeoutMs?: number
}

export class Session {
  readonly #parts: SessionParts
  #renewing: { readonly room: string; readonly done: Promise<void> } | undefined

  constructor(parts: SessionParts) {
    this.#parts = parts
  }

  get username(): string {
    return this.#parts.storage.load().username
  }

  get token(): string | undefined {
    return this.#parts.storage.load().token
  }

  /** Enters a room: with the session, or without one as a new person. Throws `Refused`, or an error for a lost connection. */
  async join(room: string, username = this.username): Promise<void> {
    const token = username === this.username ? this.token : undefined
    if (token === undefined) return this.introduce(room, username)
    try {
      await this.enter(room)
    } catch (error) {
      if (!isUnauthorized(error)) throw error
      await this.renew(token, room)
    }
  }

  /** The session with this token is over: gets another one for the room. Callers at one time share the new one. */
  async renew(token: string | undefined, room: string, username = this.username): Promise<void> {
    if (this.#renewing === undefined && this.token !== undefined && this.token !== token) return this.join(room)
    const renewing = (this.#renewing ??= {
      room,
      done: (this.#parts.anew?.(room) ?? this.introduce(room, username)).finally(() => (this.#renewing = undefined)),
    })
    await renewing.done
    if (renewing.room !== room) await this.enter(room)
  }

  /** Enters a room with the session that there is. */
  async enter(room: string): Promise<void> {
    this.#keep(await join(this.#parts.platform, this.#call('/join', { room })))
  }

  /** Enters a room as a new person. */
  async introduce(room: string, username = this.username): Promise<void> {
    this.#keep(await this.#parts.introduce(room, username))
  }

  /** Leaves a room; without one all of them, which gives the name back. */
  async leave(room?: string, signal?: AbortSignal): Promise<void> {
    if (this.token === undefined) return
    await this.#parts.tell?.({ ...this.#call('/leave', { room }), signal })
  }

  #call(path: string, body: object): Call {
    const { url, timeoutMs } = this.#parts
    return { url, path, body, token: this.token, timeoutMs }
  }

  #keep({ username, token }: JoinAnswer): void {
    if (token !== this.token || username !== this.username) this.#parts.storage.save({ username, token })
  }
}

/** A storage that lasts as long as the program. */
export function inMemory(me: Me): SessionStorage {
  return {
    load: () => me,
    save: (next) => (me = next),
  }
}
