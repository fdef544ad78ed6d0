// Answers. An answer is a value: a route makes it, the server writes it, and only the server knows how bytes travel.

import { ChatError, type Code } from '../../core/errors.js'
import type { Appended } from '../../core/rooms/store.js'

/**
 * `headers`: name, value, name, value …, the form that `node:http` takes fastest. `isOpen`: there is no secret in it,
 * so it may be compressed (packer.ts).
 */
export type Reply = {
  readonly status: number
  readonly headers: readonly string[]
  readonly body: string | Buffer
  readonly encoding?: 'latin1' | 'utf8'
  readonly isOpen?: true
}

/** The status and the title of every code. A code that is missing here does not compile. */
const PROBLEMS: Record<Code, { readonly status: number; readonly title: string }> = {
  bad_request: { status: 400, title: 'Bad request' },
  unauthorized: { status: 401, title: 'Who are you?' },
  forbidden_origin: { status: 403, title: 'Another site' },
  forbidden_host: { status: 403, title: 'Unknown host' },
  not_joined: { status: 403, title: 'Not in the room' },
  forbidden: { status: 403, title: 'Not allowed' },
  not_found: { status: 404, title: 'Nothing here' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  name_taken: { status: 409, title: 'Name taken' },
  gone: { status: 410, title: 'Moved for good' },
  too_large: { status: 413, title: 'Too large' },
  unsupported_media_type: { status: 415, title: 'Unsupported media type' },
  key_reused: { status: 422, title: 'Key reused' },
  rate_limited: { status: 429, title: 'Too many messages' },
  internal: { status: 500, title: 'A fault of the server' },
  unavailable: { status: 503, title: 'Not available now' },
  full: { status: 507, title: 'Full' },
}

/** The codes for which another try makes sense, and after how long if the error does not say. */
const RETRY_SECONDS: ReadonlyMap<Code, number> = new Map([
  ['rate_limited', 1],
  ['unavailable', 1],
  ['full', 10],
])

/** Every answer has these; the page's own files have their own. */
export const ALWAYS = ['Cache-Control', 'no-store', 'X-Content-Type-Options', 'nosniff'] as const

export function json(status: number, value: unknown, headers: readonly string[] = []): Reply {
  return text(status, 'application/json', JSON.stringify(value), headers)
}

/** The answer to a message that was kept: the message, and the cursor behind it. */
export function kept({ message, epoch }: Appended, headers: readonly string[] = []): Reply {
  return json(201, { message, next: `${epoch}.${message.id}` }, headers)
}

/** `type`: the media type. The length is counted here, in bytes. */
export function text(status: number, type: string, body: string | Buffer, headers: readonly string[] = []): Reply {
  const length = Buffer.byteLength(body)
  const all = [...ALWAYS, 'Content-Type', type, 'Content-Length', String(length), ...headers]
  // Text that is all ASCII is the same bytes in Latin-1, which Node writes with less work.
  return { status, headers: all, body, encoding: length === body.length ? 'latin1' : 'utf8' }
}

/**
 * A shorter answer travels better as text, in one piece with its head. Of a longer one there is one copy, its bytes.
 */
const TEXT_LENGTH = 4096
const VARY = ['Vary', 'Accept-Encoding']
const VARY_LENGTH = 1024

/** JSON that may be long, and has no secret in it. */
export function openJson(body: string): Reply {
  const bytes = body.length > TEXT_LENGTH ? Buffer.from(body) : body
  return { ...text(200, 'application/json', bytes, body.length > VARY_LENGTH ? VARY : []), isOpen: true }
}

export const NO_CONTENT: Reply = { status: 204, headers: ALWAYS, body: '' }

/**
 * Every 401 has this header (RFC 9110, section 15.5.2). Basic is accepted where there is a password, but not asked
 * for: a browser would show a window of its own before the page.
 */
const CHALLENGE = ['WWW-Authenticate', 'Bearer realm="mini-chat"']

export type Problem = {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: Code
  readonly detail: string
}

/** The problem that an error stands for, whatever the transport. */
export function problemOf(error: unknown): Problem {
  const { code, message } = asChatError(error)
  const { status, title } = PROBLEMS[code]
  return { type: `/errors/${code.replaceAll('_', '-')}`, title, status, code, detail: message }
}

/** An error as RFC 9457 has it. Anything that is no `ChatError` becomes `internal`, and nothing of it gets out. */
export function problem(error: unknown, headers: readonly string[] = []): Reply {
  const value = problemOf(error)
  const { code, status } = value
  const { retryAfter } = asChatError(error)
  const after = retryAfter ?? RETRY_SECONDS.get(code)
  const retry = after === undefined ? [] : ['Retry-After', String(Math.max(1, Math.ceil(after)))]
  const challenge = code === 'unauthorized' ? CHALLENGE : []
  return text(status, 'application/problem+json', JSON.stringify(value), [...retry, ...challenge, ...headers])
}

export function asChatError(error: unknown): ChatError {
  return error instanceof ChatError
    ? error
    : new ChatError('internal', 'this is a fault of the server, and it has been noted: try again')
}
