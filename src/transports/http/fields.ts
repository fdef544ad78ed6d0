// The fields of a body, whatever its form: a program writes JSON, a page's form its own, a person with curl a line.
//
//     {"room":"lobby","text":"hi"}  ──┐
//     room=lobby&text=hi            ──┼──>  get('text'): hi
//     hi                            ──┘
//
// The chat checks the fields; here they are as they came in.

import { isUtf8 } from 'node:buffer'
import { ChatError } from '../../core/errors.js'
import { unescapeForm } from './query.js'
import type { Request } from './request.js'

export type Fields = {
  /** A field of the body, or else a parameter of the query. */
  get(name: string): unknown
}

type Get = (name: string) => unknown

type Form = 'json' | 'form' | 'text'

/** The media type of a body, from `Content-Type`. Throws `unsupported_media_type`. */
function formOf(request: Request): Form {
  const given = request.header('content-type') ?? ''
  // Most programs write it so, and nothing has to be taken apart.
  const type = given === 'application/json' ? given : given.split(';', 1)[0]?.trim().toLowerCase()
  if (type === 'application/json') return 'json'
  if (type === 'application/x-www-form-urlencoded') return 'form'
  if (type === '' || type === 'text/plain') return 'text'
  throw new ChatError(
    'unsupported_media_type',
    'send application/json, application/x-www-form-urlencoded or text/plain',
  )
}

/**
 * Reads the fields of a body. With `raw`, plain text is the value of that field, and so is a form without that field.
 * Without `raw`, plain text is JSON, because `navigator.sendBeacon` calls every string `text/plain`.
 */
export function readFields(request: Request, raw?: string): Fields {
  const form = formOf(request)
  const encoding = request.header('content-encoding')
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity')
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

/** A field that is read from the body alone, because addresses end up in logs. */
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
    const name = unescapeForm(cut < 0 ? pair : pair.slice(0, cut))
    if (fields.has(name)) throw new ChatError('bad_request', 'a field is given more than once: give each once')
    fields.set(name, cut < 0 ? '' : unescapeForm(pair.slice(cut + 1), name))
  }
  return (name) => fields.get(name)
}

function parseJson(body: string): Get {
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch {
    // Not swallowed: the parser's own message would repeat what the client sent.
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
