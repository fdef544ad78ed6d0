// The person's membership: the session's token, its name, and its rooms.
//
//     join lobby ── 201 ──> token, held by polling with it
//                   401 ──> the password, or a token that has the name in it, is shown
//                   400, 409 ──> the person is asked for a name, or another one, if there is a person to ask
//     401 later (the server restarted) ──> rejoin: every room again, under the same name, with a new token
//
// Everybody who finds the session gone asks for the same rejoin; it is done once.

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
  #username: string | undefined
  #token: string | undefined
  #rooms: readonly string[] = []
  #rejoining: Promise<void> | undefined
  #over = false

  constructor(options: MembershipOptions, username: string | undefined) {
    this.#options = options
    this.#platform = options.platform ?? defaultPlatform
    this.#proof = new Proof(options.credentials)
    this.#username = username
  }

  get username(): string {
    return this.#username ?? ''
  }

  get token(): string | undefined {
    return this.#token
  }

  get rooms(): readonly string[] {
    return this.#rooms
  }

  /** Enters a room. Throws `Refused`, `NoName`, or an error for a lost connection. */
  async join(room: string): Promise<JoinAnswer> {
    const answer = await this.#enter(room, this.#token).catch(async (error: unknown) => {
      if (!isUnauthorized(error)) throw error
      await this.rejoin()
      return this.#enter(room, this.#token)
    })
    if (!this.#rooms.includes(room)) this.#rooms = [...this.#rooms, room]
    return answer
  }

  async leave(room: string): Promise<void> {
    await this.#post('/leave', { room })
    this.#rooms = this.#rooms.filter((other) => other !== room)
  }

  /**
   * Takes another name in every room, and gives the old one back. Throws if that fails, and then all stays as it was.
   */
  async rename(username: string): Promise<void> {
    const { url, kept } = this.#options
    if (this.#proof.shown.token !== undefined)
      throw new ChatError('bad_request', 'your token has your name in it: there is no other for you here')
    if (foldName(username) === foldName(this.username))
      throw new ChatError('bad_request', `${username} is the name that you have: choose another`)
    const before = { token: this.#token, username: this.username }
    let token: string | undefined
    try {
      for (const room of this.#rooms) {
        const request = {
          url,
          path: '/join',
          body: token === undefined ? { room, username } : { room },
          timeoutMs: COMMAND_MS,
        }
        const answer: JoinAnswer = await (token === undefined
          ? enter(this.#platform, this.#proof, request)
          : join(this.#platform, { ...request, token }))
        token = answer.token
      }
    } catch (error) {
      // The rooms that were entered already are left again; where that fails, they are left in a minute.
      if (token !== undefined) await this.#post('/leave', {}, { token }).catch(() => undefined)
      throw error
    }
    if (token === undefined) return
    this.#token = token
    this.#username = username
    kept.keep(username, token)
    kept.forget(before.username)
    // Where the server cannot be told, the old name is free in a minute.
    await this.#post('/leave', {}, { token: before.token }).catch(() => undefined)
  }

  /** Gives the name back in every room, for good. */
  async end(signal: AbortSignal): Promise<void> {
    this.#over = true
    await this.#post('/leave', {}, { signal })
    this.#options.kept.forget(this.username)
  }

  /** Makes the session anew. Throws only what another try would not mend. */
  rejoin(): Promise<void> {
    return (this.#rejoining ??= this.#rejoin().finally(() => (this.#rejoining = undefined)))
  }

  /** What a request about a message shows. */
  get amending(): AmendOptions {
    return { url: this.#options.url, token: this.#token, platform: this.#platform, timeoutMs: COMMAND_MS }
  }

  /** Asks the server with a GET. */
  get(path: string): Promise<unknown> {
    return call(this.#platform, { url: this.#options.url, path, token: this.#token, timeoutMs: COMMAND_MS })
  }

  async #rejoin(): Promise<void> {
    if (this.#over) return
    const before = this.#token
    const lost: string[] = []
    for (const room of this.#rooms) {
      try {
        // The token is tried first: it is good where the server knows the session and not the room.
        await this.#enter(room, this.#token).catch((error: unknown) => {
          if (!isUnauthorized(error)) throw error
          return this.#enter(room, undefined)
        })
      } catch (error) {
        if (!(error instanceof NoName) && !(error instanceof Refused && error.isFinal)) return // The next answer says 401 again.
        if (!(error instanceof Refused) || error.code !== 'name_taken') throw error
        lost.push(room)
      }
    }
    this.#rooms = this.#rooms.filter((room) => !lost.includes(room))
    if (this.#token !== before || lost.length > 0) this.#options.onRejoined(lost)
  }

  /** With the session, or else under our name, or the next that the person thinks of. */
  async #enter(room: string, token: string | undefined): Promise<JoinAnswer> {
    for (;;) {
      const username = token === undefined ? this.#username : undefined
      const body = username === undefined ? { room } : { room, username }
      const request = { url: this.#options.url, path: '/join', body, timeoutMs: COMMAND_MS }
      try {
        const answer =
          (await this.#comeBack(username, room)) ??
          (await (token === undefined
            ? enter(this.#platform, this.#proof, request)
            : join(this.#platform, { ...request, token })))
        this.#token = answer.token
        this.#username = answer.username
        this.#options.kept.keep(answer.username, answer.token)
        return answer
      } catch (error) {
        const isAboutName = error instanceof Refused && (error.code === 'name_taken' || error.code === 'bad_request')
        // A session has its name, and so has the token of a school.
        if (!isAboutName || token !== undefined || this.#proof.shown.token !== undefined) throw error
        this.#username = await this.#options.anotherName(username === undefined ? undefined : error.message)
      }
    }
  }

  /** With the session that an earlier process had under this name, if there was one and the server still knows it. */
  async #comeBack(username: string | undefined, room: string): Promise<JoinAnswer | undefined> {
    const { url, kept } = this.#options
    const token = username === undefined ? undefined : kept.find(username)
    if (token === undefined) return undefined
    try {
      return await join(this.#platform, { url, path: '/join', body: { room }, token, timeoutMs: COMMAND_MS })
    } catch (error) {
      if (isUnauthorized(error)) return undefined
      throw error
    }
  }

  async #post(
    path: string,
    body: unknown,
    { token = this.#token, signal }: { readonly token?: string | undefined; readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    await call(this.#platform, {
      url: this.#options.url,
      path,
      body,
      token,
      signal,
      timeoutMs: COMMAND_MS,
    })
  }
}
