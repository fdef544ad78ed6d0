// Gets in by credentials (see entry.ts): with a password, or with a token and the session that it opens.

import { enter, NOTHING, Proof } from './credentials.js'
import { type Entry, type EntryOptions, type Refusal, sessionEntry } from './entry.js'
import { type Platform, defaultPlatform } from './platform.js'
import { isUnauthorized, join, type JoinAnswer, type Shown } from './wire.js'

export function openEntry(options: EntryOptions): Entry {
  const { credentials } = options
  if (credentials === undefined) return sessionEntry(options)
  const proof = new Proof(credentials)
  if ('token' in credentials) return new TokenEntry(options, proof)
  return { shown: () => proof.shown, renew: ({ refused, shown }) => proof.renew(refused, shown) }
}

/** One session for all rooms: requests that are refused at one time, in several rooms, are let in again together. */
class TokenEntry implements Entry {
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
