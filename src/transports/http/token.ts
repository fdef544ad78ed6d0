// The session's token in `Authorization: Bearer` (RFC 6750). It is never in a URL, because URLs end up in logs.

import type { Chat } from '../../core/chat.js'
import { ChatError } from '../../core/errors.js'
import { requireSession as needSession, type Session } from '../../core/people/sessions.js'
import type { Request } from './request.js'

/** The token of a header's value; undefined without a header. Throws `unauthorized` for anything but `Bearer TOKEN`. */
export function parseBearer(value: string | undefined): string | undefined {
  if (value === undefined) return undefined
  const token = /^Bearer +([\w~+/.-]+=*) *$/i.exec(value)?.[1]
  if (token === undefined) throw new ChatError('unauthorized', 'Authorization is Bearer and the token that /join gave')
  return token
}

/** The session that a request's token stands for; undefined without one. Throws `unauthorized`. */
export function sessionOf(request: Pick<Request, 'header'>, { sessions }: Chat): Session | undefined {
  const token = parseBearer(request.header('authorization'))
  return token === undefined ? undefined : sessions.get(token)
}

/** The request's session. Throws `unauthorized` without a token. */
export function requireSession(request: Request): Session {
  return needSession(request.session())
}
