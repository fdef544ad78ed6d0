// People in a room: POST /join, POST /leave, POST /typing and POST /hand.

import { parseFlag } from '../../../core/people/fields.js'
import { ChatError } from '../../../core/errors.js'
import { formatCursor } from '../../../core/rooms/cursor.js'
import { NO_CONTENT, text } from '../answer.js'
import { readFields, secretField } from '../fields.js'
import type { Route } from '../route.js'
import { requireSession } from '../token.js'

/**
 * POST /join: takes a name in a room. The token in the answer is the session, and goes into `Authorization: Bearer`.
 */
export const join: Route = {
  method: 'POST',
  path: '/join',
  auth: 'login',
  async handle(request, answer, { chat }) {
    const fields = readFields(request)
    const { session, room, id, epoch } = await chat.join({
      room: fields.get('room'),
      username: fields.get('username'),
      session: request.session(),
      address: request.address,
      identity: request.identity,
      resumes: true,
    })
    const { token, username } = session
    const next = formatCursor([{ room: room.name, epoch, id }])
    const who = `"username":${JSON.stringify(username)},"members":${room.presence.membersJson}`
    answer(text(201, 'application/json', `{"token":"${token}","room":"${room.name}",${who},"next":"${next}"}`))
  },
}

/**
 * POST /leave: gives names back at once, in one room or in all. Only here the token may be in the body, because
 * `navigator.sendBeacon`, which a closing page uses, can set no header.
 */
export const leave: Route = {
  method: 'POST',
  path: '/leave',
  // The session's token is enough: a closing page can show nothing more.
  auth: 'open',
  async handle(request, answer, { chat }) {
    const fields = readFields(request)
    const token = secretField(request, fields, 'token')
    if (token !== undefined && typeof token !== 'string') throw new ChatError('bad_request', 'token is a string')
    if (token !== undefined) await chat.sessions.reach(token)
    const session = request.session() ?? (token === undefined ? requireSession(request) : chat.sessions.get(token))
    const room = fields.get('room')
    if (room === undefined) await chat.leaveAll(session)
    else await chat.leave(session, room)
    answer(NO_CONTENT)
  },
}

/** POST /typing: a person types, or no longer does. It ends after 6 s, or with that person's next message. */
export const typing: Route = {
  method: 'POST',
  path: '/typing',
  async handle(request, answer, { chat }) {
    const session = requireSession(request)
    const fields = readFields(request)
    await chat.typing(session, fields.get('room'), parseFlag('typing', fields.get('typing')))
    answer(NO_CONTENT)
  },
}

/** POST /hand: somebody's hand goes up, or down; a moderator puts another's down. It is down when its person leaves. */
export const hand: Route = {
  method: 'POST',
  path: '/hand',
  async handle(request, answer, { chat }) {
    const session = requireSession(request)
    const fields = readFields(request)
    await chat.hand(session, fields.get('room'), parseFlag('up', fields.get('up')), fields.get('username'))
    answer(NO_CONTENT)
  },
}
