// Changes to an earlier message: POST /edit and POST /react. (POST /remove is in moderation.ts.)

import { kept, NO_CONTENT } from '../answer.js'
import { readFields } from '../fields.js'
import type { Route } from '../route.js'
import { keyOf } from './send.js'

/** POST /edit: the author of a message gives it another text, for a time. */
export const edit: Route = {
  method: 'POST',
  path: '/edit',
  async handle(request, answer, { chat }) {
    const fields = readFields(request, 'text')
    const { message, epoch, replayed } = await chat.amending.edit({
      room: fields.get('room'),
      of: fields.get('of'),
      text: fields.get('text'),
      key: keyOf(request, fields.get('key')),
      session: request.session(),
    })
    answer(kept({ message, epoch }, replayed ? ['Idempotency-Replayed', 'true'] : []))
  },
}

/** POST /react: puts an emoji under a message, or takes it back. 204 where it is so already. */
export const react: Route = {
  method: 'POST',
  path: '/react',
  async handle(request, answer, { chat }) {
    const fields = readFields(request, 'text')
    const reacted = await chat.amending.react({
      room: fields.get('room'),
      of: fields.get('of'),
      text: fields.get('text'),
      on: fields.get('on'),
      session: request.session(),
    })
    answer(reacted === undefined ? NO_CONTENT : kept(reacted))
  },
}
