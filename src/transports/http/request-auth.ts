// Authentication of requests, where the chat has any: `Auth` lets the request in, or the route is open to all, or the
// request is refused. Every route and every mount comes through here. Without --password and --auth there is no
// `RequestAuth`, and a request costs one comparison.

import { type Auth, type Authenticated, bearerOf } from '../../auth/auth.js'
import type { Clock } from '../../core/clock.js'
import { requireIdentity } from '../../core/people/identity.js'
import { addressOf, type Caller } from '../address.js'
import { findHeader } from './header.js'
import type { Query } from './query.js'
import type { Route } from './route.js'

export type RequestAuthParts = {
  readonly auth: Auth
  readonly clock: Clock
  /** How many proxies in front are ours. */
  readonly proxies: number
}

export class RequestAuth {
  readonly #parts: RequestAuthParts

  constructor(parts: RequestAuthParts) {
    this.#parts = parts
  }

  /** Lets a request in, to a route, a file or a mount. */
  request(incoming: Caller, query: Query, auth: Route['auth'] | 'login'): Authenticated | Promise<Authenticated> {
    if (auth === 'open') return openTo(incoming)
    const authenticated = this.authenticate(incoming, auth === 'login')
    const check = (one: Authenticated): Authenticated => {
      const date = this.#parts.clock.date()
      if (one.identity !== undefined) for (const room of query.all('room')) requireIdentity(one.identity, room, date)
      return one
    }
    return authenticated instanceof Promise ? authenticated.then(check) : check(authenticated)
  }

  /** Lets a request in that shows what is asked for. `isLogin`: a proof of identity is accepted here. */
  authenticate(incoming: Caller, isLogin: boolean): Authenticated | Promise<Authenticated> {
    const { auth, proxies } = this.#parts
    return auth.authenticate({
      get address() {
        return addressOf(incoming, proxies)
      },
      isLogin,
      header: (name) => findHeader(incoming.rawHeaders, name),
    })
  }
}

/**
 * An open route asks for nothing. `Authorization` may still be there, and not be a session's token, because clients
 * send it everywhere.
 */
function openTo(incoming: Caller): Authenticated {
  const given = findHeader(incoming.rawHeaders, 'authorization')
  return { identity: undefined, isSpent: given !== undefined && bearerOf(given) === undefined }
}
