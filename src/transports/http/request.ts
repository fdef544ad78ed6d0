// What came in, parsed. A route gets this and no `IncomingMessage`: a faster lane can be laid under the routes
// without touching them.

import { isUtf8 } from 'node:buffer'
import { ChatError } from '../../core/errors.js'
import type { Grant } from '../../core/grant.js'
import type { Session } from '../../core/sessions.js'

/** Why a request that waits is let go: its connection closed, its next request came, or the server stops. */
export type LetGo = 'closed' | 'next' | 'stop'

export type Request = {
  readonly method: string
  readonly path: string
  readonly query: Query
  readonly body: Buffer
  /** Whom to count it to. */
  readonly address: string
  /** A header's value by its lower-case name. */
  header(name: string): string | undefined
  /** What the door found out about the person, where there is one that asks. */
  readonly grant: Grant | undefined
  /** Did it come to us, or to our proxies, by https? */
  readonly isSecure: boolean
  /** The session of the request's token; undefined without one. Throws `unauthorized`. */
  session(): Session | undefined
  /** Something waits for this request: it is called, once at most, when it must be let go before it has answered. */
  hold(waiter: Waiter): void
  /** Answers with an error that came up later. */
  fail(error: unknown): void
}

export type Waiter = { letGo(why: LetGo): void }

/** Parameters by name. An empty one is absent. */
export class Query {
  /** name, value, name, value … */
  readonly #pairs: readonly string[]

  constructor(pairs: readonly string[]) {
    this.#pairs = pairs
  }

  /** Every value of a parameter. */
  all(name: string): string[] {
    const values: string[] = []
    for (let i = 0; i < this.#pairs.length; i += 2) if (this.#pairs[i] === name) values.push(this.#pairs[i + 1] ?? '')
    return values
  }

  /** The value of a parameter that may be given once. */
  one(name: string): string | undefined {
    let found: string | undefined
    for (let i = 0; i < this.#pairs.length; i += 2) {
      if (this.#pairs[i] !== name) continue
      if (found !== undefined) throw new ChatError('bad_request', `${name} is given more than once: give it once`)
      found = this.#pairs[i + 1]
    }
    return found
  }
}

export const NO_QUERY = new Query([])

/** Queries as they were asked before. Readers who wait at one place ask in the same words, over and over. */
const known = new Map<string, Query>()
const KNOWN = { queries: 1024, length: 256 }

/** Parses `a=1&b=2` as a form does: `+` is a space. Throws `bad_request` for a `%` that is no escape. */
export function parseQuery(raw: string): Query {
  if (raw === '') return NO_QUERY
  const before = known.get(raw)
  if (before !== undefined) return before
  const pairs: string[] = []
  for (let start = 0; start < raw.length;) {
    const ampersand = raw.indexOf('&', start)
    const end = ampersand < 0 ? raw.length : ampersand
    const cut = raw.indexOf('=', start)
    if (cut > start && cut < end - 1) {
      const name = unescape(raw.slice(start, cut))
      pairs.push(name, unescape(raw.slice(cut + 1, end), name))
    }
    start = end + 1
  }
  const query = new Query(pairs)
  if (known.size >= KNOWN.queries) known.clear()
  if (raw.length <= KNOWN.length) known.set(raw, query)
  return query
}

/** `name`: what the text is the value of, for the sentence that refuses it. */
function unescape(text: string, name = ''): string {
  if (!text.includes('%') && !text.includes('+')) return text
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    // Not swallowed: this is what a wrong escape throws, and the only thing.
    const where = /^[a-z]{1,16}$/.test(name) ? name : 'the address or the form'
    throw new ChatError(
      'bad_request',
      `a % in ${where} is not followed by two hexadecimal digits of UTF-8: write %25 for a percent sign`,
    )
  }
}

/** A whole number from 0 up; more digits than a number holds are only a very large one. */
export function wholeNumber(query: Query, name: string): number | undefined {
  const value = query.one(name)
  if (value === undefined) return undefined
  if (/^\d+$/.test(value)) return Number(value)
  throw new ChatError('bad_request', `${name} is a whole number from 0 up`)
}

/** A whole number, clamped. */
export function clamped(query: Query, name: string, low: number, high: number, standard: number): number {
  return Math.min(high, Math.max(low, wholeNumber(query, name) ?? standard))
}

/** A parameter that is 1 or 0. */
export function flag(query: Query, name: string): boolean {
  const value = query.one(name)
  if (value === undefined || value === '0') return false
  if (value === '1') return true
  throw new ChatError('bad_request', `${name} is 1 or 0`)
}

export type Fields = {
  /** A field of the body, or else a parameter of the query. */
  get(name: string): unknown
}

type Get = (name: string) => unknown

type Form = 'json' | 'form' | 'text'

/** The media type of a body, from `Content-Type`. Throws `unsupported_media_type`. */
function formOf(request: Request): Form {
  const type = request.header('content-type')?.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  if (type === 'application/json') return 'json'
  if (type === 'application/x-www-form-urlencoded') return 'form'
  if (type === '' || type === 'text/plain') return 'text'
  throw new ChatError(
    'unsupported_media_type',
    'send application/json, application/x-www-form-urlencoded or text/plain',
  )
}

/**
 * Reads the fields of a body. With `raw`, plain text and a form without that field are that field's value; without
 * it plain text is JSON, because `navigator.sendBeacon` says `text/plain` of every string.
 */
export function readFields(request: Request, raw?: string): Fields {
  const form = formOf(request)
  const encoding = request.header('content-encoding') ?? 'identity'
  if (encoding.toLowerCase() !== 'identity')
    throw new ChatError('unsupported_media_type', 'compressed bodies are not taken: send it as it is')
  const body = decode(request.body)
  if (form === 'json') return fieldsOf(request, parseJson(body))
  if (form === 'form') {
    const names = body.split('&').map((pair) => pair.split('=', 1)[0])
    if (raw === undefined || names.includes(raw)) return fieldsOf(request, formFields(body))
  }
  if (body === '') return fieldsOf(request, () => undefined)
  return fieldsOf(request, raw === undefined ? parseJson(body) : (name) => (name === raw ? body : undefined))
}

/** A field that is taken from the body alone: what is in a URL ends up in logs. */
export function secretField(request: Request, fields: Fields, name: string): unknown {
  return request.query.one(name) === undefined ? fields.get(name) : undefined
}

function fieldsOf({ query }: Request, get: Get): Fields {
  return { get: (name) => get(name) ?? query.one(name) }
}

function formFields(body: string): Get {
  const fields = new Map<string, unknown>()
  for (const pair of body.split('&')) {
    if (pair === '') continue
    const cut = pair.indexOf('=')
    const name = unescape(cut < 0 ? pair : pair.slice(0, cut))
    if (fields.has(name)) throw new ChatError('bad_request', 'a field is given more than once: give each once')
    fields.set(name, cut < 0 ? '' : unescape(pair.slice(cut + 1), name))
  }
  return (name) => fields.get(name)
}

function parseJson(body: string): Get {
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch {
    // Not swallowed: the parser's own words would repeat what the client sent.
    throw new ChatError('bad_request', 'the body is not JSON')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ChatError(
      'bad_request',
      'the body is a JSON object, such as {"room":"lobby","username":"ada","text":"hi"}',
    )
  }
  const fields: object = value
  return (name) => (Object.hasOwn(fields, name) ? Reflect.get(fields, name) : undefined)
}

function decode(body: Buffer): string {
  if (isUtf8(body)) return body.toString()
  throw new ChatError('bad_request', 'the body is not UTF-8')
}
