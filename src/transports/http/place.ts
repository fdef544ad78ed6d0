// Where a request stands inside another program. A framework that mounts a handler below a path takes that path off the
// address, and keeps the whole one beside it:
//
//     app.use('/chat', chat.handler)        GET /chat/poll?room=lobby
//                                           url: /poll?room=lobby        originalUrl: /chat/poll?room=lobby
//
// Express, Connect and what follows them do so. The chat has to know the path: its page's addresses begin there.

import type { IncomingMessage } from 'node:http'
import { findHeader } from './header.js'

/** `url`: the whole address, `base` and all. */
export type Place = { readonly url: string; readonly base: string }

/** What a base may look like; it goes into `Location` and into a cookie's path. */
const BASE = /^(?:\/[\w~-][\w.~-]*)+$/

/** `base`: the one that the chat was given; without it the path of the mount is the base. */
export function placeOf(incoming: Pick<IncomingMessage, 'url'>, base: string): Place {
  const { url = '/' } = incoming
  const original = 'originalUrl' in incoming ? incoming.originalUrl : undefined
  if (typeof original !== 'string' || original === url) return { url, base }
  const mount = mountOf(pathOf(original), pathOf(url))
  if (mount === undefined || !BASE.test(mount)) return { url, base }
  // A base is the whole path, as for a server that nothing is taken off from, or what is left of it.
  if (base === '') return { url: original, base: mount }
  return isBelow(original, base) ? { url: original, base } : { url, base }
}

/** Does the client offer to speak another protocol? */
export function wantsUpgrade({ rawHeaders }: Pick<IncomingMessage, 'rawHeaders'>): boolean {
  return findHeader(rawHeaders, 'upgrade') !== undefined
}

/** What was taken off; the mount's own address is left as `/`. */
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
