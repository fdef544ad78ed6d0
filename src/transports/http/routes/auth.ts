// Secrets that a client shows: POST /login takes the password of the chat, POST /admin the key of its moderators.

import { ChatError } from '../../../core/errors.js'
import { NO_CONTENT } from '../answer.js'
import { readFields, secretField } from '../fields.js'
import type { Route } from '../route.js'
import { requireSession } from '../token.js'

/**
 * POST /login: the page sends the password, and gets a cookie that does not contain it. A script cannot read the
 * cookie, another site's page cannot send it, and a cookie that was set over https travels only over https.
 */
export const login: Route = {
  method: 'POST',
  path: '/login',
  auth: 'open',
  handle(request, answer, { auth }) {
    const fields = readFields(request)
    if (auth?.login === undefined) return answer(NO_CONTENT)
    const { name, value, seconds } = auth.login(secretField(request, fields, 'password'), request.address)
    const parts = [`${name}=${value}`, `Path=${request.base}/`, `Max-Age=${seconds}`, 'HttpOnly', 'SameSite=Strict']
    if (request.isSecure) parts.push('Secure')
    answer({ ...NO_CONTENT, headers: [...NO_CONTENT.headers, 'Set-Cookie', parts.join('; ')] })
  },
}

/** POST /admin: a session that shows the key moderates, as long as the session lasts. */
export const admin: Route = {
  method: 'POST',
  path: '/admin',
  async handle(request, answer, { chat, adminKey }) {
    const session = requireSession(request)
    const key = secretField(request, readFields(request), 'key')
    if (typeof key !== 'string')
      throw new ChatError('bad_request', 'key is required: what the server was given with --admin-key')
    if (adminKey === undefined)
      throw new ChatError('forbidden', 'nobody moderates here: start the server with --admin-key')
    adminKey.check(key, request.address)
    await chat.moderation.appoint(session)
    answer(NO_CONTENT)
  },
}
