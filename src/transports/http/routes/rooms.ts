// GET /rooms and GET /members: who is where.

import { maySee } from '../../../core/people/identity.js'
import { parseRoom } from '../../../core/rooms/message.js'
import { json } from '../answer.js'
import type { Route } from '../route.js'

export const rooms: Route = {
  method: 'GET',
  path: '/rooms',
  handle({ identity }, answer, { chat }) {
    const seen = [...chat.rooms].filter((room) => maySee(identity, room.name))
    const list = seen.map((room) => ({
      room: room.name,
      members: room.presence.size,
      parked: room.waiting,
      first: room.first,
      last: room.last,
    }))
    answer(json(200, { rooms: list }))
  },
}

export const members: Route = {
  method: 'GET',
  path: '/members',
  handle(request, answer, { chat }) {
    const room = parseRoom(request.query.one('room'))
    answer(json(200, { room, members: chat.rooms.get(room)?.presence.state.presence.members ?? [] }))
  },
}
