// Credentials for a chat that does not let everyone in: the password of the chat, or a person's own token (a JSON Web
// Token). Nothing is shown before the server asks, so an open chat, or another server by mistake, learns no secret.
//
//     nothing ── 401 ──> the password, or the token ── 401 ──> if the token is a function, it is called once more
//                                                                 └── 401, or the same again ──> refused, for good
//
// The password goes with a request as Basic (RFC 7617), the token as Bearer (RFC 6750).

import type { Platform } from './platform.js'
import { type Call, isUnauthorized, join, type JoinAnswer, Refused, type Shown } from './wire.js'

/**
 * A token that is a function is called when the server wants a token, and again when that token's time is over. It
 * may throw `Refused` to end this; any other error counts as a lost connection.
 */
export type Credentials = { readonly password: string } | { readonly token: string | (() => string | Promise<string>) }

export const NOTHING: Shown = {}

export class Proof {
  readonly #credentials: Credentials | undefined
  #shown = NOTHING

  constructor(credentials: Credentials | undefined) {
    this.#credentials = credentials
  }

  /** What is shown to get in, from now on. */
  get shown(): Shown {
    return this.#shown
  }

  /** The server has asked already: the credentials are shown with the next request. */
  async begin(): Promise<void> {
    if (this.#shown === NOTHING) this.#shown = await this.#next()
  }

  /** This was refused: something else is shown from now on. Throws the refusal where there is nothing else. */
  async renew(refused: Refused, shown: Shown): Promise<void> {
    // Two requests may be refused for the same reason.
    if (shown !== this.#shown) return
    const next = await this.#next()
    if (next.password === shown.password && next.token === shown.token) throw refused
    this.#shown = next
  }

  async #next(): Promise<Shown> {
    const credentials = this.#credentials
    if (credentials === undefined) return NOTHING
    if ('password' in credentials) return { password: credentials.password }
    const token = typeof credentials.token === 'function' ? await credentials.token() : credentials.token
    // No header can carry any other character, and an attempt would look like a lost connection.
    if (/^[\w~+/.-]+=*$/.test(token)) return { token }
    throw new Refused(401, 'unauthorized', 'what was given as a token is none: look where it comes from', undefined)
  }
}

/** Joins, and shows what the server asks for. Throws `Refused`, or an error for a lost connection. */
export async function enter(platform: Platform, proof: Proof, call: Call): Promise<JoinAnswer> {
  const { shown } = proof
  try {
    return await join(platform, { ...call, ...shown })
  } catch (error) {
    if (!isUnauthorized(error)) throw error
    await proof.renew(error, shown)
    return await join(platform, { ...call, ...proof.shown })
  }
}
