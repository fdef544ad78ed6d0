// POST /typing: somebody types, or no longer does. It ends by itself after 6 s, or with that person's next message.

import { ChatError } from '../../../core/errors.js'
import { NO_CONTENT } from '../answer.js'
import { readFields } from '../fields.js'
import type { Route } from '../route.js'
import { requireSession } from '../token.js'

export const typing: Route = {
  method: 'POST',
  path: '/typing',
  handle(request, answer, { chat }) {
    const session = requireSession(request)
    const fields = readFields(request)
    chat.typing(session, fields.get('room'), parseTyping(fields.get('typing')))
    answer(NO_CONTENT)
  },
}

function parseTyping(value: unknown): boolean {
  if (value === true || value === 'true') return true
  if (value === false || value === 'false') return false
  throw new ChatError('bad_request', 'typing is true or false')
}
