// POST /remove: a moderator takes out what a message said. Readers are told by a `delete` message with `of: ID`, and
// the room's ring and history have a `removed` message in its place.

import { json } from '../answer.js'
import { readFields } from '../fields.js'
import type { Route } from '../route.js'

export const remove: Route = {
  method: 'POST',
  path: '/remove',
  async handle(request, answer, { chat }) {
    const fields = readFields(request)
    const { room, message } = await chat.moderation.remove(request.session(), fields.get('room'), fields.get('id'))
    answer(json(201, { message, next: `${room.epoch}.${message.id}` }))
  },
}
