// The question at the door, where this chat asks one: a request is let in by `Access`, or is open to all, or goes no
// further. It is asked here for every route and for everything mounted beside them; without --password and --auth
// there is no `Admission`, and a request passes one comparison.

import type { IncomingMessage } from 'node:http'
import { type Access, type Admitted, bearerOf } from '../../access/access.js'
import type { Clock } from '../../core/clock.js'
import { requireIdentity } from '../../core/identity.js'
import { addressOf } from '../address.js'
import { findHeader } from './header.js'
import type { Query } from './query.js'
import type { Route } from './route.js'

export type AdmissionParts = {
  readonly access: Access
  readonly clock: Clock
  /** How many proxies in front are ours. */
  readonly proxies: number
}

export class Admission {
  readonly #parts: AdmissionParts

  constructor(parts: AdmissionParts) {
    this.#parts = parts
  }

  /** Lets a request in, to go to a route or a file, or to a mount. */
  request(incoming: IncomingMessage, query: Query, access: Route['access'] | 'door'): Admitted | Promise<Admitted> {
    if (access === 'open') return openTo(incoming)
    const admitted = this.door(incoming, access === 'door')
    const check = (one: Admitted): Admitted => {
      const date = this.#parts.clock.date()
      if (one.identity !== undefined) for (const room of query.all('room')) requireIdentity(one.identity, room, date)
      return one
    }
    return admitted instanceof Promise ? admitted.then(check) : check(admitted)
  }

  /** Lets in whoever has shown what is asked for. `isDoor`: the proof of who somebody is may be shown here. */
  door(incoming: IncomingMessage, isDoor: boolean): Admitted | Promise<Admitted> {
    const { access, proxies } = this.#parts
    return access.admit({
      get address() {
        return addressOf(incoming, proxies)
      },
      isDoor,
      header: (name) => findHeader(incoming.rawHeaders, name),
    })
  }
}

/** Nothing is asked; what is no session's token may be there for all that, since clients send it everywhere. */
function openTo(incoming: IncomingMessage): Admitted {
  const given = findHeader(incoming.rawHeaders, 'authorization')
  return { identity: undefined, isSpent: given !== undefined && bearerOf(given) === undefined }
}
