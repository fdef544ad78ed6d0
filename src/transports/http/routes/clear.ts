// POST /clear: a moderator begins a room's log anew. Readers are told of a restart, and the past is gone.

import { json } from '../answer.js'
import { readFields } from '../fields.js'
import type { Route } from '../route.js'

export const clear: Route = {
  method: 'POST',
  path: '/clear',
  async handle(request, answer, { chat }) {
    const fields = readFields(request)
    const { room, message } = await chat.moderation.clear(request.session(), fields.get('room'))
    answer(json(201, { message, next: `${room.epoch}.${message.id}` }))
  },
}
