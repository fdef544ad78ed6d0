// GET /stats: how the server is, as JSON for people.

import { json } from '../answer.js'
import type { Route } from '../route.js'

export const stats: Route = {
  method: 'GET',
  path: '/stats',
  handle(_request, answer, { chat, metrics, parking, version }) {
    const { rss, heapUsed } = process.memoryUsage()
    const rooms = [...chat.rooms]
    const held = rooms.reduce((sum, room) => sum + (room.last === 0 ? 0 : room.last - room.first + 1), 0)
    const waiting = [...chat.rooms.all()].reduce((sum, room) => sum + room.waiting, 0)
    answer(
      json(200, {
        version,
        uptime: Math.round(process.uptime()),
        rooms: rooms.length,
        members: rooms.reduce((sum, room) => sum + room.presence.size, 0),
        sessions: chat.sessions.size,
        parked: parking.size,
        waiting,
        ring: { size: chat.ringSize, held, bytes: chat.rooms.bytes },
        messages: { published: metrics.published.sum, delivered: metrics.delivered.sum },
        memory: { rss, heapUsed },
      }),
    )
  },
}
