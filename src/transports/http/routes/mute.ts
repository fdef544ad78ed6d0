// POST /mute: a moderator lets a name say nothing in a room for so many seconds; 0 takes it back.

import { NO_CONTENT } from '../answer.js'
import { readFields } from '../fields.js'
import type { Route } from '../route.js'

export const mute: Route = {
  method: 'POST',
  path: '/mute',
  handle(request, answer, { chat }) {
    const fields = readFields(request)
    chat.moderation.mute(request.session(), fields.get('room'), fields.get('username'), fields.get('seconds'))
    answer(NO_CONTENT)
  },
}
