// A plain request, as a loop sends it again and again: the only kind that is read without `node:http`.
//
//     GET /poll?room=lobby&since=k3f9qz1a.801 HTTP/1.1        POST /send HTTP/1.1
//     Host: localhost:8000                                    Host: localhost:8000
//     User-Agent: curl/8.5.0                                  Content-Length: 45
//
//                                                             {"room":"lobby","username":"ada","text":"hi"}
//
// The parser is strict: one whole request in one piece, nothing escaped, nothing unusual in its head. Any other
// request is not refused here: `node:http` reads it, and judges it (RFC 9112).

import { MAX_HEADERS } from '../origins.js'
import { copyOf } from '../query.js'

/** The beginning of a request that may be plain, such as `GET /poll`. */
export type Start = { readonly method: 'GET' | 'POST'; readonly text: string }

export type Plain<S extends Start> = {
  readonly start: S
  /** The text behind the `?`. */
  readonly query: string
  readonly head: Head
  readonly body: Buffer
}

/** The lines of a head: name, value, name, value … */
export type Head = {
  readonly text: string
  readonly rawHeaders: readonly string[]
  /** The length of the body in bytes. */
  readonly length: number
}

const MOST_BYTES = 8192
const VERSION = ' HTTP/1.1'
const PLAIN_QUERY = /^(?:\?[\w.~=&-]*)?$/
const NAME = /^[!#$%&'*+.^`|~\w-]+$/
const VALUE = /^[\t -~]*$/
/** With the space before it. `node:http` takes no tab here. */
const LENGTH = /^ ?\d{1,4}$/

/** Headers that change how the next bytes are read, or what they are. */
const UNUSUAL = new Set([
  'connection',
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** Clients of one kind send the same head. These take at most 1 MiB. */
const known = new Map<string, Head>()
const KNOWN = { heads: 256, length: 1024 }

/** Reads a chunk. `last`: the last head that was read here. Undefined for anything but a plain request. */
export function readPlain<S extends Start>(
  chunk: Buffer,
  starts: readonly S[],
  last: Head | undefined,
): Plain<S> | undefined {
  if (chunk.length > MOST_BYTES) return undefined
  const text = chunk.toString('latin1')
  const start = starts.find((one) => text.startsWith(one.text))
  if (start === undefined) return undefined
  const end = text.indexOf('\r\n')
  const bodyAt = text.indexOf('\r\n\r\n', end) + 4
  if (bodyAt < 4 || !text.endsWith(VERSION, end)) return undefined
  const query = text.slice(start.text.length, end - VERSION.length)
  if (!PLAIN_QUERY.test(query)) return undefined
  const lines = text.slice(end + 2, bodyAt - 2)
  const head = last !== undefined && last.text === lines ? last : headOf(lines)
  const length = chunk.length - bodyAt
  if (head === undefined || head.length !== length || (length > 0 && start.method === 'GET')) return undefined
  return { start, query: query.slice(1), head, body: chunk.subarray(bodyAt) }
}

function headOf(text: string): Head | undefined {
  const before = known.get(text)
  if (before !== undefined) return before
  const isShort = text.length <= KNOWN.length
  const head = parseHead(isShort ? copyOf(text) : text)
  if (head === undefined || head.rawHeaders.length >= 2 * MAX_HEADERS) return undefined
  if (known.size >= KNOWN.heads) known.clear()
  if (isShort) known.set(head.text, head)
  return head
}

function parseHead(text: string): Head | undefined {
  const rawHeaders: string[] = []
  let length: number | undefined
  for (const line of text.slice(0, -2).split('\r\n')) {
    const colon = line.indexOf(':')
    const name = line.slice(0, Math.max(0, colon))
    const raw = line.slice(colon + 1)
    const value = raw.trim()
    if (!NAME.test(name) || !VALUE.test(raw) || isUnusual(name.toLowerCase(), value)) return undefined
    rawHeaders.push(name, value)
    if (name.toLowerCase() !== 'content-length') continue
    if (length !== undefined || !LENGTH.test(raw)) return undefined
    length = Number(value)
  }
  return { text, rawHeaders, length: length ?? 0 }
}

/** Browsers say with each request that the connection stays open, which it does anyway. */
function isUnusual(name: string, value: string): boolean {
  return UNUSUAL.has(name) && !(name === 'connection' && value.toLowerCase() === 'keep-alive')
}
