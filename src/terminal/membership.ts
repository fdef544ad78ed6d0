// The person's membership: the session's token, its name, and its rooms.
//
//     join lobby ── 201 ──> token, held by polling with it
//                   401 ──> the password, or a token that has the name in it, is shown
//                   400, 409 ──> the person is asked for a name, or another one, if there is a person to ask
//     401 later (the server restarted) ──> rejoin: every room again, under the same name, with a new token
//
// The session itself is the client's (client/session.ts). This file adds the rooms, the kept token and the questions to
// the person.

import { enter, Proof } from '../client/credentials.js'
import {
  type AmendOptions,
  call,
  type Credentials,
  join,
  type JoinAnswer,
  type Platform,
  Refused,
  defaultPlatform,
} from '../client/index.js'
import { inMemory, type Me, Session, type SessionParts, type SessionStorage } from '../client/session.js'
import { isUnauthorized } from '../client/wire.js'
import { ChatError } from '../core/errors.js'
import { foldName } from '../core/rooms/message.js'
import type { Kept } from './kept.js'

export type MembershipOptions = {
  readonly url: string
  readonly credentials: Credentials
  readonly platform?: Platform
  /** Keeps the token for coming back. */
  readonly kept: Kept
  /**
   * A name was refused, or there is none yet (then there is no sentence). Throws `NoName` when there is no person to
   * ask.
   */
  readonly anotherName: (sentence: string | undefined) => Promise<string>
  /** The session was made anew. `lost`: rooms in which another person has the name by now. */
  readonly onRejoined: (lost: readonly string[]) => void
}

/** There is no name to go on under. The message says why, if there is anything to say. */
export class NoName extends Error {}

/** How long a command of the person may take. */
const COMMAND_MS = 5000

export class Membership {
  readonly #options: MembershipOptions
  readonly #platform: Platform
  readonly #proof: Proof
  readonly #storage: SessionStorage
  readonly #session: Session
  /** The name to join under: the person's wish, or what the server made of it. */
  #name: string
  #rooms: readonly string[] = []
  #over = false

  constructor(options: MembershipOptions, username = '') {
    this.#options = options
    this.#platform = options.platform ?? defaultPlatform
    this.#proof = new Proof(options.credentials)
    this.#name = username
    this.#storage = this.#inFile({ username, token: undefined })
    this.#session = this.#open(this.#storage, {
      introduce: (room) => this.#introduce(room),
      anew: (room) => this.#anew(room),
    })
  }

  get username(): string {
    return this.#session.username
  }

  get token(): string | undefined {
    return this.#session.token
  }

  get rooms(): readonly string[] {
    return this.#rooms
  }

  /** Enters a room. Throws `Refused`, `NoName`, or an error for a lost connection. */
  async join(room: string): Promise<void> {
    await this.#session.join(room)
    if (!this.#rooms.includes(room)) this.#rooms = [...this.#rooms, room]
  }

  async leave(room: string): Promise<void> {
    await this.#session.leave(room)
    this.#rooms = this.#rooms.filter((other) => other !== room)
  }

  /**
   * Takes another name in every room, and gives the old one back. Throws if that fails, and then all stays as it was.
   */
  async rename(username: string): Promise<void> {
    if (this.#proof.shown.token !== undefined)
      throw new ChatError('bad_request', 'your token has your name in it: there is no other for you here')
    if (foldName(username) === foldName(this.username))
      throw new ChatError('bad_request', `${username} is the name that you have: choose another`)
    const introduce: SessionParts['introduce'] = (room) => this.#joinAs(username, room)
    const next = this.#open(inMemory({ username, token: undefined }), { introduce })
    const before = this.#open(inMemory(this.#storage.load()), { introduce })
    try {
      for (const room of this.#rooms) await next.join(room)
    } catch (error) {
      // The rooms that were entered already are left again. If that fails, they are left in a minute.
      await next.leave().catch(() => undefined)
      throw error
    }
    this.#storage.save({ username: next.username, token: next.token })
    this.#options.kept.forget(before.username)
    // If the server cannot be told, the old name is free in a minute.
    await before.leave().catch(() => undefined)
  }

  /** Gives the name back in every room, for good. */
  async end(signal: AbortSignal): Promise<void> {
    this.#over = true
    await this.#session.leave(undefined, signal)
    this.#options.kept.forget(this.username)
  }

  /** Makes the session anew. Throws only an error that another try would not mend. */
  async rejoin(): Promise<void> {
    const [room] = this.#rooms
    if (this.#over || room === undefined) return
    try {
      await this.#session.renew(this.token, room)
    } catch (error) {
      // The person has been told of a lost room. After a lost connection, the next answer says 401 again.
      const isForGood = error instanceof NoName || (error instanceof Refused && error.isFinal)
      if (isForGood && this.#rooms.includes(room)) throw error
    }
  }

  /** What a request about a message shows. */
  get amending(): AmendOptions {
    return { url: this.#options.url, token: this.token, platform: this.#platform, timeoutMs: COMMAND_MS }
  }

  /** Asks the server with a GET. */
  get(path: string): Promise<unknown> {
    return call(this.#platform, { url: this.#options.url, path, token: this.token, timeoutMs: COMMAND_MS })
  }

  #open(storage: SessionStorage, parts: Pick<SessionParts, 'introduce' | 'anew'>): Session {
    return new Session({
      url: this.#options.url,
      platform: this.#platform,
      storage,
      tell: (request) => call(this.#platform, request),
      timeoutMs: COMMAND_MS,
      ...parts,
    })
  }

  /** Keeps the session in memory, and its token for the next process. */
  #inFile(first: Me): SessionStorage {
    const memory = inMemory(first)
    return {
      load: () => memory.load(),
      save: (me) => {
        memory.save(me)
        this.#name = me.username
        if (me.token !== undefined) this.#options.kept.keep(me.username, me.token)
      },
    }
  }

  /** Enters every room again, and then this one if it is another. */
  async #anew(room: string): Promise<void> {
    const before = this.token
    const lost: string[] = []
    for (const held of this.#rooms) {
      try {
        await this.#again(held)
      } catch (error) {
        if (!(error instanceof Refused) || error.code !== 'name_taken') throw error
        lost.push(held)
      }
    }
    const isOther = !this.#rooms.includes(room)
    this.#rooms = this.#rooms.filter((held) => !lost.includes(held))
    if (this.token !== before || lost.length > 0) this.#options.onRejoined(lost)
    if (isOther) await this.#again(room)
  }

  /** The token is tried first: it is good if the server knows the session and not the room. */
  async #again(room: string): Promise<void> {
    try {
      await this.#session.enter(room)
    } catch (error) {
      if (!isUnauthorized(error)) throw error
      await this.#session.introduce(room)
    }
  }

  /** Joins under our name, or the next name that the person chooses. */
  async #introduce(room: string): Promise<JoinAnswer> {
    for (;;) {
      try {
        return (await this.#comeBack(room)) ?? (await this.#joinAs(this.#name, room))
      } catch (error) {
        const isAboutName = error instanceof Refused && (error.code === 'name_taken' || error.code === 'bad_request')
        // The name in a school's token cannot be chosen anew.
        if (!isAboutName || this.#proof.shown.token !== undefined) throw error
        this.#name = await this.#options.anotherName(this.#name === '' ? undefined : error.message)
      }
    }
  }

  #joinAs(username: string, room: string): Promise<JoinAnswer> {
    const body = username === '' ? { room } : { room, username }
    return enter(this.#platform, this.#proof, {
      url: this.#options.url,
      path: '/join',
      body,
      timeoutMs: COMMAND_MS,
    })
  }

  /** Joins with the session that an earlier process had under this name, if the server still knows it. */
  async #comeBack(room: string): Promise<JoinAnswer | undefined> {
    const { url, kept } = this.#options
    const token = this.#name === '' ? undefined : kept.find(this.#name)
    if (token === undefined) return undefined
    try {
      return await join(this.#platform, { url, path: '/join', body: { room }, token, timeoutMs: COMMAND_MS })
    } catch (error) {
      if (isUnauthorized(error)) return undefined
      throw error
    }
  }
}
