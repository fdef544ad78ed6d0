// POST /admin: whoever knows the key moderates, as long as the session lasts.

import { ChatError } from '../../../core/errors.js'
import { NO_CONTENT } from '../answer.js'
import { readFields, secretField } from '../fields.js'
import type { Route } from '../route.js'
import { requireSession } from '../token.js'

export const admin: Route = {
  method: 'POST',
  path: '/admin',
  handle(request, answer, { chat, adminKey }) {
    const session = requireSession(request)
    const key = secretField(request, readFields(request), 'key')
    if (typeof key !== 'string')
      throw new ChatError('bad_request', 'key is required: what the server was given with --admin-key')
    if (adminKey === undefined)
      throw new ChatError('forbidden', 'nobody moderates here: start the server with --admin-key')
    adminKey.check(key, request.address)
    chat.moderation.appoint(session)
    answer(NO_CONTENT)
  },
}
