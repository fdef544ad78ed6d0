// GET /rooms and GET /members: who is where.

import { maySee } from '../../../core/people/identity.js'
import { parseRoom } from '../../../core/rooms/message.js'
import { openJson } from '../answer.js'
import type { Route } from '../route.js'

export const rooms: Route = {
  method: 'GET',
  path: '/rooms',
  async handle(request, answer, { chat, packer, auth }) {
    const reaching = chat.reachRooms()
    if (reaching !== undefined) await reaching
    const seen = [...chat.rooms].filter((room) => maySee(request.identity, room.name))
    const list = seen.map((room) => ({
      room: room.name,
      members: room.presence.size,
      parked: room.waiting,
      first: room.first,
      last: room.last,
    }))
    const reply = openJson(JSON.stringify({ rooms: list }))
    answer(auth === undefined ? packer.reply(reply, request) : reply)
  },
}

export const members: Route = {
  method: 'GET',
  path: '/members',
  async handle(request, answer, { chat, packer }) {
    const room = parseRoom(request.query.one('room'))
    const { membersJson, hands } = await chat.members(room)
    const raised = hands.length === 0 ? '' : `,"hands":${JSON.stringify(hands)}`
    answer(packer.reply(openJson(`{"room":"${room}","members":${membersJson}${raised}}`), request))
  },
}
