// Where a request ends, as its head says. `node:http` reads heads by the same rules. This file refuses some heads
// that it lets pass, because a proxy in front may read them otherwise, and take the end of one request for the
// beginning of another (request smuggling: RFC 9112, sections 6.1, 6.3 and 11.2).
//
//     Transfer-Encoding   exactly `chunked`, once, and not in HTTP/1.0; never beside Content-Length
//     GET and HEAD        have no body

import { ChatError } from '../../core/errors.js'
import { findHeader } from './header.js'
import type { RequestHead } from './origins.js'

/** A request whose end is in doubt. Nothing behind it on its connection is read. */
export class FramingError extends ChatError {
  constructor(detail: string) {
    super('bad_request', detail)
  }
}

/** Throws `FramingError` for a request that two programs might read differently. */
export function checkFraming({ method, httpVersion, rawHeaders }: RequestHead): void {
  const coding = findHeader(rawHeaders, 'transfer-encoding')
  const length = findHeader(rawHeaders, 'content-length')
  if (coding === undefined) {
    if (length === undefined || method === undefined || !BODILESS.has(method) || Number(length) === 0) return
    throw new FramingError(`a ${method} has no body here: leave it out`)
  }
  if (coding.toLowerCase() !== 'chunked' || isRepeated(rawHeaders, 'transfer-encoding'))
    throw new FramingError('Transfer-Encoding is exactly chunked here: send the body in chunks, or with its length')
  if (length !== undefined) throw new FramingError('a body has a Transfer-Encoding or a Content-Length, not both')
  if (httpVersion !== '1.1') throw new FramingError('HTTP/1.0 has no Transfer-Encoding: send the body with its length')
  if (method !== undefined && BODILESS.has(method)) throw new FramingError(`a ${method} has no body here: leave it out`)
}

const BODILESS = new Set(['GET', 'HEAD'])

function isRepeated(rawHeaders: readonly string[], name: string): boolean {
  let count = 0
  for (let i = 0; i < rawHeaders.length; i += 2) if (rawHeaders[i]?.toLowerCase() === name) count++
  return count > 1
}
