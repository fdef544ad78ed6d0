// POST /join: takes a name in a room. The token in the answer is the session, and goes into `Authorization: Bearer`.

import { formatCursor } from '../../../core/rooms/cursor.js'
import { json } from '../answer.js'
import { readFields } from '../fields.js'
import type { Route } from '../route.js'

export const join: Route = {
  method: 'POST',
  path: '/join',
  auth: 'login',
  async handle(request, answer, { chat }) {
    const fields = readFields(request)
    const { session, room, id } = await chat.join({
      room: fields.get('room'),
      username: fields.get('username'),
      session: request.session(),
      address: request.address,
      identity: request.identity,
      resumes: true,
    })
    const { token, username } = session
    const { members } = room.presence.state.presence
    const next = formatCursor([{ room: room.name, epoch: room.epoch, id }])
    answer(json(201, { token, room: room.name, username, members, next }))
  },
}
