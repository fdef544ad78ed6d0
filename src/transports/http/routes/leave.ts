// POST /leave: gives names back at once, in one room or in all. Here alone the token may be in the body, because
// `navigator.sendBeacon`, which a closing page uses, can set no header.

import { ChatError } from '../../../core/errors.js'
import { NO_CONTENT } from '../answer.js'
import { readFields, secretField } from '../fields.js'
import type { Route } from '../route.js'
import { requireSession } from '../token.js'

export const leave: Route = {
  method: 'POST',
  path: '/leave',
  // A session's token is asked for, and that is all that a closing page can show.
  auth: 'open',
  async handle(request, answer, { chat }) {
    const fields = readFields(request)
    const token = secretField(request, fields, 'token')
    if (token !== undefined && typeof token !== 'string') throw new ChatError('bad_request', 'token is a string')
    const session = request.session() ?? (token === undefined ? requireSession(request) : chat.sessions.get(token))
    const room = fields.get('room')
    if (room === undefined) await chat.leaveAll(session)
    else await chat.leave(session, room)
    answer(NO_CONTENT)
  },
}
