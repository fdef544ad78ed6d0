// The orders of a moderator: POST /mute, POST /remove, POST /close, POST /slow and POST /clear.

import { kept, NO_CONTENT } from '../answer.js'
import { readFields } from '../fields.js'
import type { Route } from '../route.js'

/** POST /mute: a name may say nothing in a room for so many seconds; 0 takes that back. */
export const mute: Route = {
  method: 'POST',
  path: '/mute',
  async handle(request, answer, { chat }) {
    const fields = readFields(request)
    await chat.moderation.mute(request.session(), fields.get('room'), fields.get('username'), fields.get('seconds'))
    answer(NO_CONTENT)
  },
}

/**
 * POST /remove: a moderator, or for a time the author, takes out what a message said. Readers are told by a `delete`
 * message with `of: ID`, and the room's ring and history have a `removed` message in its place.
 */
export const remove: Route = {
  method: 'POST',
  path: '/remove',
  async handle(request, answer, { chat }) {
    const fields = readFields(request)
    answer(kept(await chat.remove(request.session(), fields.get('room'), fields.get('id'))))
  },
}

/** POST /close: only moderators may write in the room or join it. `closed=false` opens it again. */
export const close: Route = {
  method: 'POST',
  path: '/close',
  async handle(request, answer, { chat }) {
    const fields = readFields(request)
    await chat.moderation.close(request.session(), fields.get('room'), fields.get('closed'))
    answer(NO_CONTENT)
  },
}

/** POST /slow: each name may send one message in so many seconds; 0 ends it. */
export const slow: Route = {
  method: 'POST',
  path: '/slow',
  async handle(request, answer, { chat }) {
    const fields = readFields(request)
    await chat.moderation.slow(request.session(), fields.get('room'), fields.get('seconds'))
    answer(NO_CONTENT)
  },
}

/** POST /clear: begins a room's log anew. Readers are told of a restart, and the earlier messages are gone. */
export const clear: Route = {
  method: 'POST',
  path: '/clear',
  async handle(request, answer, { chat }) {
    const fields = readFields(request)
    answer(kept(await chat.moderation.clear(request.session(), fields.get('room'))))
  },
}
