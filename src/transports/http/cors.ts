// CORS: what a browser has to be told before a page of another site may use this server, as the Fetch Standard has it
// (https://fetch.spec.whatwg.org/).
//
//     OPTIONS /send   Origin: https://school.example  ──>  permission: how such a page may ask
//     POST /send      Origin: https://school.example  ──>  the answer, shared with that page
//
// `Origins` says which sites may. If none may, no answer has these headers.

import { NO_CONTENT, type Reply } from './answer.js'
import type { Origins } from './origins.js'
import type { Request } from './request.js'

/** The headers that share an answer with the page that asked, if its site may use this server. */
export function sharing(request: Pick<Request, 'header'>, origins: Origins): string[] {
  const origin = request.header('origin')
  if (origin === undefined || !origins.allows(origin)) return []
  const seen = ['Access-Control-Expose-Headers', 'Idempotency-Replayed, Retry-After', 'Vary', 'Origin']
  return ['Access-Control-Allow-Origin', origin, ...seen]
}

/** The answer to a browser that asks for permission; undefined for every other request. */
export function preflight(request: Pick<Request, 'method' | 'header'>, origins: Origins): Reply | undefined {
  const origin = request.header('origin')
  return request.method === 'OPTIONS' && origin !== undefined && origins.allows(origin) ? PERMISSION : undefined
}

const PERMISSION: Reply = {
  ...NO_CONTENT,
  headers: [
    ...NO_CONTENT.headers,
    'Access-Control-Allow-Methods',
    'GET, POST',
    'Access-Control-Allow-Headers',
    'Authorization, Content-Type, Idempotency-Key, Last-Event-ID',
    'Access-Control-Max-Age',
    '600',
  ],
}
