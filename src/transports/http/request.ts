// What came in, parsed. A route gets this and no `IncomingMessage`: a faster path can be laid under the routes
// without touching them.

import type { Identity } from '../../core/people/identity.js'
import type { Session } from '../../core/people/sessions.js'
import type { Query } from './query.js'

/** Why a request that waits is let go: its connection closed, its next request came, or the server stops. */
export type LetGo = 'closed' | 'next' | 'stop'

export type Request = {
  readonly method: string
  /** What the address begins with, such as `/chat`, before the path; nothing where there is no base. */
  readonly base: string
  readonly path: string
  readonly query: Query
  readonly body: Buffer
  /** Whom to count it to. */
  readonly address: string
  /** What it came by, the same object for each request of one socket. */
  readonly connection: object
  /** A header's value by its lower-case name. */
  header(name: string): string | undefined
  /** The person, where authentication tells who that is. */
  readonly identity: Identity | undefined
  /** Did it come to us, or to our proxies, by https? */
  readonly isSecure: boolean
  /** The session of the request's token; undefined without one. Throws `unauthorized`. */
  session(): Session | undefined
  /** Something waits for this request: it is called, once at most, when it must be let go before it has answered. */
  hold(waiter: Waiter): void
  /** Answers with an error that came up later. */
  fail(error: unknown): void
}

export type Waiter = { letGo(why: LetGo): void }
