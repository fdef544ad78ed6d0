// A request, parsed. A route gets this and no `IncomingMessage`, so a faster path can be laid under the routes
// without touching them.

import type { Identity } from '../../core/people/identity.js'
import type { Session } from '../../core/people/sessions.js'
import type { Query } from './query.js'

/** Why a waiting request is let go: its connection closed, its next request came, or the server stops. */
export type LetGo = 'closed' | 'next' | 'stop'

export type Request = {
  readonly method: string
  /** What the address begins with before the path, such as `/chat`; empty where there is no base. */
  readonly base: string
  readonly path: string
  readonly query: Query
  readonly body: Buffer
  /** The body as it comes, for a route that takes it so: each chunk before the next. */
  readonly stream?: ((take: (chunk: Buffer) => Promise<void>) => Promise<void>) | undefined
  /** The address to which the request is counted. */
  readonly address: string
  /** The connection that it came by: the same object for each request of one socket. */
  readonly connection: object
  /** A header's value by its lower-case name. */
  header(name: string): string | undefined
  /** The person's identity, where authentication tells it. */
  readonly identity: Identity | undefined
  /** Did the request come, to us or to our proxies, by https? */
  readonly isSecure: boolean
  /** The session of the request's token; undefined without one. Throws `unauthorized`. */
  session(): Session | undefined
  /** `waiter` waits for this request. It is called, at most once, when it must be let go before it has answered. */
  hold(waiter: Waiter): void
  /** Answers with an error that came later. */
  fail(error: unknown): void
}

export type Waiter = { letGo(why: LetGo): void }
