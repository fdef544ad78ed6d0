// This person's session: one name for the whole browser, and the token that holds it. Every tab reads it from the
// browser's storage, and a tab that has to join anew writes it there, so all tabs speak as one person.
//
//     a tab is refused with 401 ── has another tab joined meanwhile? ── yes ─> go on with its session
//                                                └── no ──> join under the same name, or by the token of the address

import { defaultPlatform as platform } from '../src/client/platform.js'
import { isUnauthorized, join, type JoinAnswer, Refused } from '../src/client/wire.js'
import { BASE } from './base.js'
import { asFields, asString, stored } from './storage.js'
import { forgetToken, tokenHere } from './token.js'

type StoredSession = { readonly username: string; readonly token: string }

/** Another tab that joins at the same moment needs this long to say so. */
const OTHER_TAB_MS = 700

export class Session {
  readonly #stored = stored<StoredSession>('local', 'session', (value) => {
    const { username, token } = asFields(value)
    return { username: asString(username), token: asString(token) }
  })
  /** The token of a session that is over, and whose name another person has now. */
  readonly #over = stored('local', 'over', asString)
  readonly #listeners = new Set<() => void>()
  #renewing: Promise<void> | undefined

  constructor() {
    this.#stored.onChange(() => this.#tell())
    this.#over.onChange(() => this.#tell())
  }

  get username(): string {
    return this.#stored.read().username
  }

  get token(): string | undefined {
    const { token } = this.#stored.read()
    return token === '' || token === this.#over.read() ? undefined : token
  }

  /** Is the session over, and its name another person's? A person without a session can still read. */
  get isOver(): boolean {
    return this.username !== '' && this.token === undefined && !this.isForgotten
  }

  /** Was the name given back? */
  get isForgotten(): boolean {
    return this.#stored.read().token === ''
  }

  /** Calls back when the session becomes another one. */
  onChange(call: () => void): void {
    this.#listeners.add(call)
  }

  /** Enters a room: under my session, or as somebody new. Throws `Refused`, such as `name_taken`. */
  async join(room: string, username = this.username): Promise<void> {
    const token = username === this.username ? this.token : undefined
    try {
      await this.#enter(room, username, token)
    } catch (error) {
      if (token === undefined || !isUnauthorized(error)) throw error
      await this.renew(token, room)
    }
  }

  /** The session with this token is over: gets another one. Tabs and calls that ask at once share one joining. */
  async renew(token: string | undefined, room: string): Promise<void> {
    if (this.token !== undefined && this.token !== token) return this.#enter(room, this.username, this.token)
    this.#renewing ??= this.#renew(room).finally(() => (this.#renewing = undefined))
    return this.#renewing
  }

  /** Gives the name back. The name itself is remembered for the next time. */
  forget(): void {
    this.leave()
    forgetToken()
    this.drop()
    this.#tell()
  }

  /** Goes on without the session: the token in the address says who the person is. */
  drop(): void {
    this.#stored.write({ username: this.username, token: '' })
  }

  /** Leaves all rooms, in a way that works while the page is being closed. */
  leave(): void {
    if (this.token !== undefined) navigator.sendBeacon(`${BASE}/leave`, JSON.stringify({ token: this.token }))
  }

  async #renew(room: string): Promise<void> {
    const before = this.token
    try {
      await this.#enter(room, this.username, undefined)
    } catch (error) {
      if (!(error instanceof Refused) || error.code !== 'name_taken') throw error
      await new Promise<void>((resolve) => platform.after(OTHER_TAB_MS, resolve))
      if (this.token === undefined || this.token === before) {
        this.#over.write(this.#stored.read().token)
        this.#tell()
        throw error
      }
      await this.#enter(room, this.username, this.token)
    }
  }

  async #enter(room: string, username: string, token: string | undefined): Promise<void> {
    const answer =
      token === undefined
        ? await introduce(room, username)
        : await join(platform, { url: BASE, path: '/join', body: { room }, token })
    if (answer.token === this.token && answer.username === this.username) return
    this.#stored.write({ username: answer.username, token: answer.token })
    this.#tell()
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }
}

/** Joins under a name; in a chat with tokens, under the name in the token. */
async function introduce(room: string, username: string): Promise<JoinAnswer> {
  const token = tokenHere()
  if (token === undefined) return join(platform, { url: BASE, path: '/join', body: { room, username } })
  const { enter, Proof } = await import('../src/client/credentials.js')
  try {
    return await enter(platform, new Proof({ token }), { url: BASE, path: '/join', body: { room } })
  } catch (error) {
    // This chat asks for a name instead.
    if (error instanceof Refused && error.code === 'bad_request') forgetToken()
    throw error
  }
}
