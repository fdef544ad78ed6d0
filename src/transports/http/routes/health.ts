// GET /health: does the process live? GET /ready: should it be given work?

import { ChatError } from '../../../core/errors.js'
import { json } from '../answer.js'
import type { Route } from '../route.js'

export const health: Route = {
  method: 'GET',
  path: '/health',
  auth: 'open',
  handle(_request, answer) {
    answer(json(200, { status: 'ok' }))
  },
}

export const ready: Route = {
  method: 'GET',
  path: '/ready',
  auth: 'open',
  handle(_request, answer, { ready: isReady }) {
    if (!isReady()) throw new ChatError('unavailable', 'this server is stopping, or its store is away: ask another', 1)
    answer(json(200, { status: 'ok' }))
  },
}
