// POST /send: says something in a room. 201 means: the message is in the ring, and as durable as the store promises.

import { ChatError } from '../../../core/errors.js'
import { text } from '../answer.js'
import { readFields } from '../fields.js'
import type { Request } from '../request.js'
import type { Route } from '../route.js'

export const send: Route = {
  method: 'POST',
  path: '/send',
  async handle(request, answer, { chat }) {
    const fields = readFields(request, 'text')
    const sent = await chat.send({
      room: fields.get('room'),
      username: fields.get('username'),
      text: fields.get('text'),
      of: fields.get('of'),
      file: fields.get('file'),
      key: keyOf(request, fields.get('key')),
      session: request.session(),
      address: request.address,
    })
    const { room, message, epoch, replayed } = sent
    // If the room has begun another log meanwhile, this id is another message there.
    const entry = room.epoch === epoch ? room.entry(message.id) : undefined
    const body = `{"message":${entry?.json ?? JSON.stringify(message)},"next":"${epoch}.${message.id}"}`
    answer(text(201, 'application/json', body, replayed ? ['Idempotency-Replayed', 'true'] : []))
  },
}

/** The key, from the body or from its header. Throws `bad_request` where they differ. */
export function keyOf(request: Request, field: unknown): unknown {
  const header = request.header('idempotency-key')
  if (header !== undefined && field !== undefined && header !== field) {
    throw new ChatError('bad_request', 'key and the Idempotency-Key header differ: give one, or the same')
  }
  return header ?? field
}
