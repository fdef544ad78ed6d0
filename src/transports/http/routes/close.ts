// POST /close: a moderator closes a room: nobody else says anything there or comes in. `closed=false` opens it again.

import { NO_CONTENT } from '../answer.js'
import { readFields } from '../fields.js'
import type { Route } from '../route.js'

export const close: Route = {
  method: 'POST',
  path: '/close',
  handle(request, answer, { chat }) {
    const fields = readFields(request)
    chat.moderation.close(request.session(), fields.get('room'), fields.get('closed'))
    answer(NO_CONTENT)
  },
}
