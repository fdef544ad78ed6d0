// Is there a mini-chat at this address? The program asks before a conversation, and when a message could not be sent:
// a wrong address should be reported as one, and not as a connection that is lost for now.

import { ChatError } from '../core/errors.js'
import { notOursAt } from './errors.js'

/** How long a server may take to say that it lives. */
const PROBE_MS = 5000

/** The question: does the server live, or does it also take work? */
type Question = '/health' | '/ready'

/** Refusals of a mini-chat whose own sentence says what to do. */
const TOLD: readonly unknown[] = ['not_found', 'forbidden_host', 'unavailable']

/** Throws, for `sentenceOf`, if there is no mini-chat. */
export async function probe(url: string, signal?: AbortSignal, question: Question = '/health'): Promise<void> {
  const controller = new AbortController()
  const abort = (): void => controller.abort()
  // A timer that keeps the program running, as `AbortSignal.timeout` does not.
  const timer = setTimeout(abort, PROBE_MS)
  signal?.addEventListener('abort', abort, { once: true })
  if (signal?.aborted === true) abort()
  try {
    await look(url, controller.signal, question)
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', abort)
  }
}

async function look(url: string, signal: AbortSignal, question: Question): Promise<void> {
  const response = await fetch(`${url}${question}`, { redirect: 'manual', signal })
  const target = response.headers.get('location')
  if (response.status >= 300 && response.status < 400 && target !== null) {
    void response.body?.cancel()
    const href = URL.canParse(target, url) ? new URL(target, url).href : target
    const there = href.endsWith(question) ? href.slice(0, -question.length) : href
    throw new ChatError('not_found', `${url} sends its visitors on to ${there}: use that address`)
  }
  const isJson = /\bjson\b/.test(response.headers.get('content-type') ?? '')
  // Any other server may go on with its answer for ever.
  if (!isJson) void response.body?.cancel()
  const body: unknown = isJson ? await response.json() : undefined
  if (typeof body !== 'object' || body === null) throw notOurs(url)
  // A mini-chat below another path says so; so does one that stops, or whose store is away.
  if ('code' in body && TOLD.includes(body.code) && 'detail' in body)
    throw new ChatError(body.code === 'unavailable' ? 'unavailable' : 'not_found', String(body.detail))
  if (!response.ok || !('status' in body) || body.status !== 'ok') throw notOurs(url)
}

function notOurs(url: string): ChatError {
  return new ChatError('not_found', notOursAt(url))
}
