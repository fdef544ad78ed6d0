// One request to the server, and its answer. An answer that does not come from a mini-chat (a proxy's page, half a
// JSON) counts as a failure to be tried again, never as data.

import type { Code } from '../core/errors.js'
import type { Gap } from '../core/rooms/gap.js'
import type { Message } from '../core/rooms/message.js'
import type { PresenceState } from '../core/rooms/presence.js'
import type { Platform } from './platform.js'

export type { Gap, Message, PresenceState }

export type PollAnswer = {
  readonly messages: readonly Message[]
  readonly next: string
  readonly more: boolean
  readonly gaps: readonly Gap[]
  readonly now: number
  readonly rooms?: Readonly<Record<string, PresenceState>>
  readonly retry?: number
}

export type SendAnswer = { readonly message: Message; readonly next: string }

export type JoinAnswer = {
  readonly token: string
  readonly room: string
  readonly username: string
  readonly members: readonly string[]
  readonly next: string
}

/** The server refused. `detail` is a sentence for the person; `retryAfterMs`: when another try makes sense. */
export class Refused extends Error {
  readonly status: number
  readonly code: Code
  readonly retryAfterMs: number | undefined

  constructor(status: number, code: Code, detail: string, retryAfterMs: number | undefined) {
    super(detail)
    this.name = 'Refused'
    this.status = status
    this.code = code
    this.retryAfterMs = retryAfterMs
  }

  /** Would sending the same again be refused again? */
  get isFinal(): boolean {
    return this.status < 500 && this.status !== 429 && this.status !== 408
  }
}

/** Was it refused because it showed no credentials, or wrong ones? */
export function isUnauthorized(error: unknown): error is Refused {
  return error instanceof Refused && error.code === 'unauthorized'
}

export type Call = {
  /**
   * The server's address, without a slash at the end, such as `http://localhost:8000`; empty for the page's own
   * server.
   */
  readonly url: string
  readonly path: string
  readonly body?: unknown
  /** A session's token; for /join, in a chat that asks for one, a JSON Web Token. */
  readonly token?: string | undefined
  /** The chat's password, where there is no session to show. */
  readonly password?: string | undefined
  readonly signal?: AbortSignal | undefined
  /** Milliseconds after which the call counts as failed. */
  readonly timeoutMs?: number | undefined
}

/** The credentials that go with a request. */
export type Shown = Pick<Call, 'token' | 'password'>

export const CALL_MS = 15_000

/** Calls the server: a POST with a body, a GET without. Throws `Refused`, or an error for a lost connection. */
export async function call(
  platform: Platform,
  { url, path, body, token, password, signal, timeoutMs = CALL_MS }: Call,
): Promise<unknown> {
  const controller = new AbortController()
  const abort = (): void => controller.abort()
  const undo = platform.after(timeoutMs, abort)
  signal?.addEventListener('abort', abort, { once: true })
  if (signal?.aborted === true) abort()
  try {
    const response = await platform.fetch(`${url}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...authorization(token, password),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: controller.signal,
      cache: 'no-store',
    })
    if (response.status === 204) return undefined
    const value = await response.json()
    if (!response.ok) throw refusal(response.status, value, response.headers.get('retry-after'))
    return value
  } finally {
    undo()
    signal?.removeEventListener('abort', abort)
  }
}

/** Basic (RFC 7617) in UTF-8, with an empty user name. */
function authorization(token: string | undefined, password: string | undefined): Record<string, string> {
  if (token !== undefined) return { Authorization: `Bearer ${token}` }
  if (password === undefined) return {}
  return { Authorization: `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(`:${password}`)))}` }
}

/** What a server refused with. `value`: the body of its answer, parsed; `retryAfter`: the header, in seconds. */
export function refusal(status: number, value: unknown, retryAfter: string | null): Refused {
  const { code, detail } = fieldsOf(value)
  const seconds = Number(retryAfter ?? Number.NaN)
  const retryAfterMs = Number.isFinite(seconds) ? seconds * 1000 : undefined
  const sentence = typeof detail === 'string' ? detail : `the server answered ${status}`
  return new Refused(status, (typeof code === 'string' ? code : 'internal') as Code, sentence, retryAfterMs)
}

function fieldsOf(value: unknown): Partial<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

export async function poll(platform: Platform, request: Call): Promise<PollAnswer> {
  const value = await call(platform, request)
  const { messages, next, gaps } = fieldsOf(value)
  if (Array.isArray(messages) && typeof next === 'string' && Array.isArray(gaps)) return value as PollAnswer
  throw new Error('this is no answer of mini-chat')
}

export async function send(platform: Platform, request: Call): Promise<SendAnswer> {
  const value = await call(platform, request)
  if (typeof fieldsOf(fieldsOf(value)['message'])['id'] === 'number') return value as SendAnswer
  throw new Error('this is no answer of mini-chat')
}

export async function join(platform: Platform, request: Call): Promise<JoinAnswer> {
  const value = await call(platform, request)
  if (typeof fieldsOf(value)['token'] === 'string') return value as JoinAnswer
  throw new Error('this is no answer of mini-chat')
}
