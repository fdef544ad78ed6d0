// How a loop of requests gets in, and in again. Three ways, of one shape:
//
//     password     goes with every request
//     token        is for /join alone; the session that comes of it goes with every other request
//     a session    of somebody who joins by himself, as the page does
//
//     request ── 401 ──> renew ──> request, once more
//                          └── refused ──> that is the end

import { type Credentials, enter, isUnauthorized, NOTHING, Proof, type Shown } from './credentials.js'
import { type Platform, defaultPlatform } from './platform.js'
import { join, type JoinAnswer, Refused } from './wire.js'

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

export function openEntry(options: EntryOptions): Entry {
  const { credentials, token, onUnauthorized } = options
  if (credentials === undefined) {
    return {
      shown: (room) => ({ token: token?.(room) }),
      async renew({ refused, room }) {
        if (onUnauthorized === undefined) throw refused
        await onUnauthorized(room)
      },
    }
  }
  const proof = new Proof(credentials)
  if ('token' in credentials) return new SessionEntry(options, proof)
  return { shown: () => proof.shown, renew: ({ refused, shown }) => proof.renew(refused, shown) }
}

/** Whoever is refused at one time, in several rooms, is let in again one after the other, with one session for all. */
class SessionEntry implements Entry {
  readonly #url: string
  readonly #platform: Platform
  readonly #proof: Proof
  #session = NOTHING
  #turn = Promise.resolve()

  constructor({ url = '', platform = defaultPlatform }: EntryOptions, proof: Proof) {
    this.#url = url
    this.#platform = platform
    this.#proof = proof
  }

  shown(): Shown {
    return this.#session
  }

  renew(refusal: Refusal): Promise<void> {
    const turn = this.#turn.then(() => this.#renew(refusal))
    // Why it failed is told to whoever asked; the next one tries anew.
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  async #renew({ refused, room, shown, username = '' }: Refusal): Promise<void> {
    if (refused.status === 401 && shown === this.#session) this.#session = NOTHING
    // The server has just asked: it needs not be asked whether it does.
    if (this.#proof.shown === NOTHING) await this.#proof.renew(refused, NOTHING)
    const { token } = await this.#join(username === '' ? { room } : { room, username })
    this.#session = { token }
  }

  /** With the session that there is, which then is in one room more; else with the token. */
  async #join(body: object): Promise<JoinAnswer> {
    const call = { url: this.#url, path: '/join', body }
    if (this.#session === NOTHING) return enter(this.#platform, this.#proof, call)
    return join(this.#platform, { ...call, ...this.#session }).catch((error: unknown) => {
      if (!isUnauthorized(error)) throw error
      return enter(this.#platform, this.#proof, call)
    })
  }
}
