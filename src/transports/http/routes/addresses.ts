// GET /addresses: where other machines reach the page, for a page that was opened on the server's own machine.
//
// Only that machine is told. A client that comes by a network already has an address that works, and the others are
// no business of a stranger. A proxy on the same machine looks like that machine, but for the headers that it adds.

import { isLocal } from '../../address.js'
import { json } from '../answer.js'
import type { Request } from '../request.js'
import type { Route } from '../route.js'

const ADDED_BY_PROXIES = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'via']

const LOCAL_HOST = /^(?:localhost|127(?:\.\d+){3}|\[::1\])(?::\d+)?$/i

export const addresses: Route = {
  method: 'GET',
  path: '/addresses',
  handle(request, answer, context) {
    answer(json(200, { addresses: isThisMachine(request) ? context.addresses() : [] }))
  },
}

function isThisMachine(request: Request): boolean {
  if (!isLocal(request.address) || !LOCAL_HOST.test(request.header('host') ?? '')) return false
  return ADDED_BY_PROXIES.every((name) => request.header(name) === undefined)
}
