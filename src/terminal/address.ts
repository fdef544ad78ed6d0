// The server's address, as people write it: `localhost:8000`, `http://192.168.1.5:8000/`, or copied from the browser,
// `http://localhost:8000/#den`, which names a room too.

import { ChatError } from '../core/errors.js'

export const STANDARD_URL = 'http://localhost:8000'
export const STANDARD_ROOM = 'lobby'

/** `url` has no slash at its end. */
export type Address = { readonly url: string; readonly room: string | undefined }

/** Throws a `ChatError` for anything but an address. */
export function parseAddress(value: string): Address {
  const written = /^[a-z]+:\/\//i.test(value) ? value : `http://${value}`
  const url = URL.canParse(written) ? new URL(written) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    throw new ChatError(
      'bad_request',
      `${JSON.stringify(value)} is no address of a server: write it as ${STANDARD_URL}`,
    )
  }
  const room = url.hash.slice(1)
  return {
    url: withoutSlashes(`${url.origin}${url.pathname}`),
    room: /^[\w-]{1,64}$/.test(room) ? room : undefined,
  }
}

function withoutSlashes(url: string): string {
  let end = url.length
  while (url[end - 1] === '/') end--
  return url.slice(0, end)
}

/** Is this word an address, and no room? The name of a room has no dot, colon or slash. */
export function isAddress(word: string): boolean {
  return /[.:/]/.test(word) || word === 'localhost'
}
