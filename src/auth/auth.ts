// Authentication: who is let in, where the chat has a password or asks for tokens. It stands in front of every way
// into the chat: over HTTP in front of the routes and of everything that is mounted beside them
// (transports/http/request-auth.ts), over TCP as the word PASS. A route is closed unless it says that it is open, so
// a new route cannot forget.
//
//     request ── origins ── auth ── route            Authorization: Basic, Bearer, or the page's cookie
//     line ───── auth ── JOIN, MSG, WHO …         PASS word
//
// Without --password and --auth there is no `Auth`: nothing is asked, and it costs nothing.

import type { Identity } from '../core/people/identity.js'
import { trimSpaces } from '../core/rooms/message.js'

/** What authentication looks at in a request. */
export type AuthRequest = {
  readonly address: string
  /** May the request bring a proof of identity, to become a session? */
  readonly isLogin: boolean
  readonly header: (name: string) => string | undefined
}

export type Authenticated = {
  readonly identity: Identity | undefined
  /** `Authorization` was for authentication alone, and has no session's token in it. */
  readonly isSpent: boolean
}

export type Auth = {
  /** Lets a request in. Throws or rejects with `unauthorized`, `rate_limited` or `unavailable`. */
  authenticate(knock: AuthRequest): Authenticated | Promise<Authenticated>
  /** The same for a word that a person typed. */
  pass(word: string, address: string): Promise<Identity | undefined>
  /** A sentence that says what to type, for a way in without headers. */
  readonly wants: string
  /** Makes the page's cookie for a client that knows the password; absent where there is no password. */
  login?(password: unknown, address: string): Cookie
}

export type Cookie = { readonly name: string; readonly value: string; readonly seconds: number }

/** What follows `Bearer`; undefined for another scheme. */
export function bearerOf(authorization: string): string | undefined {
  return credentialsOf(authorization, 'bearer')
}

/** What follows a scheme, without the spaces around it; undefined for another scheme (RFC 9110, section 11.4). */
export function credentialsOf(authorization: string, scheme: 'basic' | 'bearer'): string | undefined {
  const isScheme = authorization.slice(0, scheme.length).toLowerCase() === scheme
  return isScheme && authorization[scheme.length] === ' ' ? trimSpaces(authorization.slice(scheme.length)) : undefined
}
