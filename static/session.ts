// This person's session: one name for the whole browser, and the token that holds it. Every tab reads it from the
// browser's storage, and a tab that has to join anew writes it there, so all tabs speak as one person.
//
//     a tab is refused with 401 ── has another tab joined meanwhile? ── yes ─> go on with its session
//                                                └── no ──> join under the same name, or by the token of the address
//
// The client joins and leaves (src/client/session.ts). This file adds the storage, the other tabs and the address.

import { defaultPlatform as platform } from '../src/client/platform.js'
import { Session as ClientSession } from '../src/client/session.js'
import { join, type JoinAnswer } from '../src/client/wire.js'
import { BASE } from './base.js'
import { asFields, asString, stored } from './storage.js'
import { forgetToken, tokenHere } from './token.js'

type StoredSession = { readonly username: string; readonly token: string }

export class Session {
  readonly #stored = stored<StoredSession>('local', 'session', (value) => {
    const { username, token } = asFields(value)
    return { username: asString(username), token: asString(token) }
  })
  /** The token of a session that is over, and whose name another person has now. */
  readonly #over = stored('local', 'over', asString)
  readonly #listeners = new Set<() => void>()
  readonly #session = new ClientSession({
    url: BASE,
    platform,
    storage: {
      load: () => ({ username: this.username, token: this.token }),
      save: ({ username, token = '' }) => {
        this.#stored.write({ username, token })
        this.#tell()
      },
    },
    introduce,
    anew: async (room) => {
      const { renew } = await import('./renewal.js')
      await renew(this.#session, room, () => {
        this.#over.write(this.#stored.read().token)
        this.#tell()
      })
    },
    // This works while the page is being closed.
    tell: ({ url, path, token }) => navigator.sendBeacon(url + path, JSON.stringify({ token })),
  })

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

  /** Enters a room: with this session, or with a new one. Throws `Refused`, such as `name_taken`. */
  join(room: string, username?: string): Promise<void> {
    return this.#session.join(room, username)
  }

  /** The session with this token is over: gets another one. Tabs and calls that ask at one time share one join. */
  renew(token: string | undefined, room: string): Promise<void> {
    return this.#session.renew(token, room)
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
    void this.#session.leave()
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }
}

/** Joins under a name; in a chat with tokens, under the name in the token. */
async function introduce(room: string, username: string): Promise<JoinAnswer> {
  const token = tokenHere()
  if (token === undefined) return join(platform, { url: BASE, path: '/join', body: { room, username } })
  return (await import('./token-entry.js')).introduce(room, token)
}
