// GET /events: each message as it comes, as Server-Sent Events. It is like polling without asking again.
//
//     GET /events?room=lobby             the newest messages, then each new one
//     Last-Event-ID: k3f9qz1a.801        after a broken connection: the messages since then
//
// See eventstream.ts for the form. Like a poll, it creates no room.

import { parseSince } from '../../../core/rooms/cursor.js'
import { ChatError } from '../../../core/errors.js'
import { ALWAYS } from '../answer.js'
import { EventStream } from '../eventstream.js'
import type { Route } from '../route.js'
import { optionsOf, roomsOf } from './poll.js'

const HEADERS = [...ALWAYS, 'Content-Type', 'text/event-stream', 'X-Accel-Buffering', 'no']

export const events: Route = {
  method: 'GET',
  path: '/events',
  async handle(request, answer, context) {
    const names = roomsOf(request.query)
    const resumed = request.header('last-event-id')
    const given = request.query.one('since')
    const since = parseSince(resumed === undefined || resumed === '' ? given : resumed, names)
    const options = optionsOf(request.query)
    const session = request.session()
    if (request.method === 'HEAD') return answer({ status: 200, headers: HEADERS, body: '' })
    if (context.stopping()) throw new ChatError('unavailable', 'the server is stopping: try again in a moment', 2)
    if (context.eventStreams.isFull)
      throw new ChatError('unavailable', 'too many event streams are open: try again in a moment, or poll', 5)
    const { readers } = context
    if (readers?.isFull(request.address) === true)
      throw new ChatError('unavailable', 'too many readers are at your address: try again in a moment', 5)
    await context.chat.rooms.openAll(names, since, (rooms) => {
      answer({
        status: 200,
        headers: HEADERS,
        open(writer) {
          const stream = new EventStream(rooms, writer, context.eventStreams)
          stream.start({ since, ...options }, session, readers?.enter(request.address))
          request.hold(stream)
        },
      })
    })
  },
}
