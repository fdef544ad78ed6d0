// Where a request is inside another program. A framework that mounts a handler below a path takes that path off the
// address, and keeps the whole address beside it:
//
//     app.use('/chat', chat.handler)        GET /chat/poll?room=lobby
//                                           url: /poll?room=lobby        originalUrl: /chat/poll?room=lobby
//
// Express, Connect and their descendants do so. The chat has to know the path, because the addresses of its page
// begin with it.

import type { IncomingMessage } from 'node:http'
import { findHeader } from './header.js'

/** `url`: the whole address, with the base. */
export type Place = { readonly url: string; readonly base: string }

/** The form of a base. It goes into `Location` and into a cookie's path. */
const BASE = /^(?:\/[\w~-][\w.~-]*)+$/

/** `base`: the base that the chat was given; without it the path of the mount is the base. */
export function placeOf(incoming: Pick<IncomingMessage, 'url'>, base: string): Place {
  const { url = '/' } = incoming
  const original = 'originalUrl' in incoming ? incoming.originalUrl : undefined
  if (typeof original !== 'string' || original === url) return { url, base }
  const mount = mountOf(pathOf(original), pathOf(url))
  if (mount === undefined || !BASE.test(mount)) return { url, base }
  // The base is the whole path where the framework takes nothing off, or otherwise the rest of it.
  if (base === '') return { url: original, base: mount }
  return isBelow(original, base) ? { url: original, base } : { url, base }
}

/** Does the client offer to speak another protocol? */
export function wantsUpgrade({ rawHeaders }: Pick<IncomingMessage, 'rawHeaders'>): boolean {
  return findHeader(rawHeaders, 'upgrade') !== undefined
}

/** The path that was taken off. The mount's own address is left as `/`. */
function mountOf(original: string, path: string): string | undefined {
  if (original.endsWith(path)) return original.slice(0, original.length - path.length)
  return path === '/' ? original : undefined
}

function isBelow(url: string, base: string): boolean {
  const path = pathOf(url)
  return path === base || path.startsWith(`${base}/`)
}

function pathOf(url: string): string {
  return url.split('?', 1)[0] ?? ''
}
