// Requests for the fuzzer: most are what a loop sends, with one thing or two about them changed; some are broken.
//
//     batch   request, request, request …, and one at its end whose framing is in doubt, on one connection
//
// The same seed makes the same batch. A room's name comes in, so that a batch can be sent again to a fresh room.

import { type Chance, chanceOf } from '../abuse/generate.js'

export type Batch = {
  readonly requests: readonly Buffer[]
  /** How the client ends: it asks for a close, or it hangs up its half. */
  readonly end: 'close' | 'half'
}

/** A thing that is changed about a request, and how often: once in so many. */
type Parts = {
  method: string
  target: string
  version: string
  /** Lines without their ends. */
  headers: string[]
  body: Buffer
  /** How the body is framed. */
  framing: 'length' | 'chunks' | 'none'
  /** Whether a reader may disagree where it ends. */
  isDoubtful: boolean
}

const MOST_REQUESTS = 24
/** How many are sent byte by byte. */
const BYTES = 150
const LAST = Buffer.from('GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
/** A request that the fast path takes, to see whether what came before left the connection in order. */
const PROBE = Buffer.from('GET /poll?room=probe&since=0&wait=0 HTTP/1.1\r\nHost: localhost\r\n\r\n')

export function batchOf(seed: number, room: string): Batch {
  const chance = chanceOf(seed)
  const requests: Buffer[] = []
  const most = 1 + chance.below(MOST_REQUESTS)
  let isDoubtful = false
  while (requests.length < most && !isDoubtful) {
    const parts = plain(chance, room)
    if (chance.below(7) === 0) for (let i = chance.below(3); i >= 0; i--) chance.of(CHANGES)(parts, chance, room)
    let bytes = bytesOf(parts, chance)
    if (chance.below(100) === 0) {
      bytes = damage(bytes, chance)
      parts.isDoubtful = true
    }
    isDoubtful = parts.isDoubtful
    requests.push(bytes)
  }
  if (isDoubtful) requests.push(PROBE)
  const end = chance.below(25) === 0 ? 'half' : 'close'
  return { requests: end === 'close' ? [...requests, LAST] : requests, end }
}

/** Cuts bytes into pieces: each request by itself, all at once, anywhere, or byte by byte. */
export function slice(requests: readonly Buffer[], seed: number): { pieces: readonly Buffer[]; isInStep: boolean } {
  const chance = chanceOf(seed)
  const kind = chance.below(20)
  if (kind < 13) return { pieces: requests, isInStep: true }
  if (kind === 13) return { pieces: requests, isInStep: false }
  const all = Buffer.concat(requests)
  if (kind < 16) return { pieces: [all], isInStep: false }
  if (kind === 16) {
    const from = chance.below(Math.max(1, all.length - BYTES))
    const bytes = Array.from(all.subarray(from, from + BYTES), (byte) => Buffer.from([byte]))
    return { pieces: whole([all.subarray(0, from), ...bytes, all.subarray(from + BYTES)]), isInStep: false }
  }
  const cuts = Array.from({ length: 1 + chance.below(8) }, () => chance.below(all.length)).toSorted((a, b) => a - b)
  const pieces = [0, ...cuts].map((from, i) => all.subarray(from, cuts[i] ?? all.length))
  return { pieces: whole(pieces), isInStep: false }
}

/** Without the pieces that are empty. */
function whole(pieces: readonly Buffer[]): Buffer[] {
  return pieces.filter(({ length }) => length > 0)
}

const TEXTS = [
  'hi',
  '',
  'two words',
  'é',
  '👩‍👩‍👧‍👦',
  '\u0007',
  'x'.repeat(4001),
  '<b>',
  '\r\n\r\n',
  'a=b&c=d',
  '%41+b',
  '\ud800',
]
const NAMES = ['ada', 'bob', 'ada lovelace', '[x]', '', 'é'.repeat(33)]
const SINCE = [
  '0',
  '1',
  'now',
  '',
  '999',
  'k3f9qz1a.1',
  '00000000.0',
  '-1',
  'x',
  '1.5',
  'k3f9qz1a',
  '~',
  'a.k3f9qz1a.1',
]

/** What a loop sends. */
function plain(chance: Chance, room: string): Parts {
  const base = {
    version: 'HTTP/1.1',
    headers: [chance.of(['Host: localhost', 'Host: 127.0.0.1:8000'])],
    isDoubtful: false,
  }
  if (chance.below(5) > 1) {
    const since = chance.below(3) === 0 ? chance.of(SINCE) : 'now'
    const wait = chance.below(24) === 0 ? '&wait=1' : chance.of(['&wait=0', ''])
    // A stream ends with the next request, and the connection with it.
    const path = chance.below(40) === 0 ? '/events' : '/poll'
    const target = `${path}?room=${room}&since=${since}${wait}${chance.below(8) === 0 ? '&limit=2' : ''}`
    return { ...base, method: 'GET', target, body: Buffer.alloc(0), framing: 'none' }
  }
  const text = chance.below(3) === 0 ? chance.of(TEXTS) : 'hi'
  const username = chance.below(6) === 0 ? chance.of(NAMES) : 'ada'
  const post = { ...base, method: 'POST', framing: 'length' as const }
  const kind = chance.below(3)
  if (kind === 0) {
    post.headers.push('Content-Type: application/json')
    const key = chance.below(4) === 0 ? { key: `k${chance.below(3)}` } : {}
    return { ...post, target: '/send', body: Buffer.from(JSON.stringify({ room, username, text, ...key })) }
  }
  if (kind === 1) {
    post.headers.push('Content-Type: application/x-www-form-urlencoded')
    const form = new URLSearchParams({ room, username, text })
    return { ...post, target: '/send', body: Buffer.from(form.toString()) }
  }
  return { ...post, target: `/send?room=${room}&username=ada`, body: Buffer.from(text) }
}

type Change = (parts: Parts, chance: Chance, room: string) => void

const inDoubt =
  (change: Change): Change =>
  (parts, chance, room) => {
    parts.isDoubtful = true
    change(parts, chance, room)
  }

const METHODS = ['HEAD', 'OPTIONS', 'PUT', 'DELETE', 'POST', 'GET', 'PATCH', 'M-SEARCH']
const NO_METHODS = [
  'get',
  'G ET',
  '',
  'PRI',
  'CONNECT',
  'GETT',
  'POS',
  'GET\t',
  ' GET',
  '\r\nGET',
  'G\0T',
  '"GET"',
  'FOO',
]
const VERSIONS = [
  'HTTP/1.0',
  'HTTP/1.2',
  'HTTP/2.0',
  'HTTP/0.9',
  'http/1.1',
  'HTTP/1.1 ',
  ' HTTP/1.1',
  '',
  'HTTP/01.1',
  'HTTP/1.1\t',
  'HTTP/1.10',
  'HTTP/1',
  'HTTPS/1.1',
  '\tHTTP/1.1',
  'HTTP/11',
]
const HOSTS = [
  'Host: evil.example',
  'Host:',
  'Host:localhost',
  'hOST: localhost',
  'Host:\tlocalhost\t',
  'Host: localhost, localhost',
  'Host: a b',
  'Host: [::1]:1',
  'Host: [::1',
  'Host : localhost',
  'Host: localhost:99999999',
  'X: y',
]
const LINES = [
  'Accept: */*',
  'User-Agent: curl/8.5.0',
  'X-Empty:',
  'X-Empty: ',
  'X-Tab:\ta\tb\t',
  'X-Space:   a   ',
  "X!#$%&'*+-.^_`|~9: a",
  'X: "quoted, (and) <more>"',
  'Connection: keep-alive',
  'connection: Keep-Alive',
  'Cookie: a=b; c=d',
  'Accept-Encoding: gzip, deflate, br',
  'Referer: http://localhost/',
  'Origin: http://localhost',
  'Origin: https://evil.example',
  'Origin: null',
  'Sec-Fetch-Site: same-origin',
  'Sec-Fetch-Site: cross-site',
  'Sec-Fetch-Site: none',
  'Content-Type: text/plain',
  'Content-Type: application/json',
  'Content-Type: text/csv',
  'Content-Type: application/json; charset=utf-8',
  'Content-Type:',
  'Content-Encoding: gzip',
  'Content-Encoding: identity',
  'Idempotency-Key: k1',
  'Idempotency-Key: a b',
  'Idempotency-Key:',
  'Authorization: Bearer nobody',
  'Authorization: Basic YTpi',
  'Authorization:',
  'X-Forwarded-For: 6.6.6.6',
  'If-None-Match: "x"',
  'Range: bytes=0-1',
  'Last-Event-ID: 1',
  `X-Long: ${'y'.repeat(3000)}`,
]
/** What says how the connection goes on, or what may come before a body. */
const TURNS = [
  'Connection: close',
  'Connection: Close',
  'Connection: keep-alive, close',
  'Connection: close, keep-alive',
  'Connection:',
  'Connection: x',
  'Connection: upgrade',
  'Connection: keep-alive\r\nConnection: close',
  'Connection: keep-alive\t',
  'Connection:\tkeep-alive',
  'Connection: keep-alive,',
  'Connection: keep-alive, x',
  'Connection: te',
  'Keep-Alive: timeout=5',
  'Proxy-Connection: close',
  'Proxy-Connection: keep-alive',
  'TE: trailers',
  'Trailer: x',
  'Upgrade: h2c',
  'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x',
  'Connection: Upgrade\r\nUpgrade: websocket',
  'Expect: 100-continue',
  'Expect: 100-Continue',
  'Expect: x',
  'Expect:',
]
const NO_LINES = [
  'X',
  ' X: y',
  '\tX: y',
  'X : y',
  'X\t: y',
  ': y',
  'X: a\r\n b',
  'X: a\r\n\tb',
  'X: a\nY: b',
  'X: a\rY: b',
  'X: a\0b',
  'X: a\u007fb',
  'X: a\u0001b',
  'X: \u00e9',
  'X: \u00ff',
  'X\u00e9: a',
  'X(: a',
  'X/: a',
  'X=: a',
  'X{: a',
  'X: \u000ba',
  'X: a\u000c',
  'X:\u00a0a',
  '',
  'GET / HTTP/1.1',
  'X[: 1',
  'X\\: 1',
  'X@: 1',
  'X,: 1',
  'X;: 1',
]
const CODINGS = [
  'chunked',
  'Chunked',
  'CHUNKED',
  'identity',
  'gzip',
  'chunked;q=1',
  'xchunked',
  'chunkedx',
  '',
  'gzip, chunked',
  'chunked, chunked',
  'chunked\t',
  '\tchunked',
  'chunked ',
  ' chunked',
  'chunked,',
  ',chunked',
  '"chunked"',
  'chunked\r\nTransfer-Encoding: chunked',
  'chunked\r\nTransfer-Encoding: identity',
]

/** Values of Content-Length for a body of `n` bytes. */
const lengthsOf = (n: number): readonly string[] => [
  ` ${n} `,
  ` ${n}\t`,
  `\t${n}`,
  ` \t${n}`,
  `${n}`,
  `  ${n}`,
  ` +${n}`,
  ` 0${n}`,
  ` 000${n}`,
  ` ${n},${n}`,
  ` ${n}, ${n}`,
  '',
  ' ',
  ` -${n}`,
  ` 0x${n.toString(16)}`,
  ` ${n}.0`,
  ' 1e1',
  ` ${'9'.repeat(23)}`,
  ' 4294967296',
  ` ${n};`,
  ` "${n}"`,
  ` ${n} ${n}`,
  ` ${n}\u000b`,
  ` ${n}\u000c`,
  ` ${n}_`,
  ` ${n}\0`,
  ` ${n + 1}`,
  ` ${Math.max(0, n - 1)}`,
  ` ${n}\r\nContent-Length: ${n}`,
  ` ${n}\r\nContent-Length: ${n + 1}`,
  ` 00000${n}`,
  ` ${n}\u00a0`,
]

const TARGETS: readonly ((room: string) => string)[] = [
  () => '/health',
  (room) => `/history?room=${room}&limit=3`,
  (room) => `/poll?room=${room}`,
  (room) => `/poll?room=${room}&room=${room}x&since=0&wait=0`,
  (room) => `/poll?room=%${room.charCodeAt(0).toString(16)}${room.slice(1)}&wait=0`,
  (room) => `/poll?room=${room}&wait=0&limit=x`,
  (room) => `/poll?room=${room}&wait=-1`,
  (room) => `/poll?room=${room}&wait=1.5`,
  (room) => `/poll?room=${room}&since=0&since=1`,
  (room) => `/poll?&room=${room}&&wait=0&`,
  (room) => `/poll?room=${room}&presence=1&wait=0`,
  (room) => `/poll?room=${room}&wait=0#x`,
  (room) => `/poll?room=${room}?wait=0`,
  () => '/poll',
  () => '/poll?',
  () => '/poll?room=',
  () => '/poll?room=a.b',
  () => '/poll?room',
  () => '/poll?=x',
  () => '/pollx',
  () => '/poll/',
  () => '/POLL?room=a',
  () => '/sendx',
  () => '/send?room=a',
  () => '/send#x',
  () => '/nothing',
  () => '//[',
  () => '/%zz',
  () => '/poll?room=%zz',
  () => '*',
  (room) => `http://localhost/poll?room=${room}&wait=0`,
  (room) => `/poll?room=${room}&wait=0&x=%00`,
  (room) => `/poll?room=${room}&wait=0&x=a+b`,
  (room) => `/poll?room=${room}&wait=0&x=~._-=`,
  () => '/poll?room=\u00e9',
  () => '/poll?room=a b',
  () => '/poll?room=a\tb',
  () => '/poll?room=a\u007f',
  () => '/poll?room=a\u0001',
  () => 'poll',
  () => '',
  () => `/poll?room=${'r'.repeat(65)}`,
  () => `/${'p'.repeat(9000)}`,
  (room) => `/poll?room=${room}&wait=0&x="<>^\`{|}\\`,
  (room) => `/poll?${`room=${room}&`.repeat(30)}wait=0`,
]

/** Says the length of the body in another way. */
const otherLength: Change = inDoubt((parts, chance) => {
  parts.headers.push(
    `${chance.of(['Content-Length:', 'content-length:', 'Content-Length :', 'Content_Length:'])}${chance.of(lengthsOf(parts.body.length))}`,
  )
  parts.framing = 'none'
})

const CHANGES: readonly Change[] = [
  (parts, chance) => void (parts.method = chance.of(METHODS)),
  (parts, chance, room) => void (parts.target = chance.of(TARGETS)(room)),
  (parts, chance, room) => void (parts.target = chance.of(TARGETS)(room)),
  (parts, chance) => void parts.headers.push(chance.of(LINES)),
  (parts, chance) => void parts.headers.push(chance.of(LINES), chance.of(LINES)),
  (parts, chance) => void parts.headers.unshift(chance.of(LINES)),
  (parts, chance) => void (parts.headers[0] = chance.of(HOSTS)),
  (parts, chance) => void parts.headers.push(chance.of(HOSTS)),
  (parts) => void (parts.headers = parts.headers.slice(1)),
  (parts, chance) => void parts.headers.push(...Array<string>(58 + chance.below(10)).fill('X: y')),
  (parts) => void (parts.framing = 'chunks'),
  (parts) => void parts.headers.push('Content-Length: 0'),
  inDoubt((parts, chance) => void (parts.method = chance.of(NO_METHODS))),
  inDoubt((parts, chance) => void (parts.version = chance.of(VERSIONS))),
  inDoubt((parts, chance) => void parts.headers.push(chance.of(TURNS))),
  inDoubt((parts, chance) => void parts.headers.push(chance.of(TURNS))),
  inDoubt((parts, chance) => void parts.headers.splice(chance.below(parts.headers.length + 1), 0, chance.of(NO_LINES))),
  otherLength,
  otherLength,
  otherLength,
  inDoubt((parts, chance) => void parts.headers.push(`Content-Length:${chance.of(lengthsOf(parts.body.length))}`)),
  inDoubt((parts, chance) => void parts.headers.push(`Transfer-Encoding: ${chance.of(CODINGS)}`)),
  inDoubt((parts, chance) => {
    parts.headers.push(`Transfer-Encoding:${chance.of(['', ' '])}${chance.of(CODINGS)}`)
    parts.body = inChunks(parts.body, chance)
    parts.framing = 'none'
  }),
  inDoubt((parts) => void (parts.body = Buffer.from('a body of a GET'))),
  inDoubt((parts, chance) => void (parts.body = Buffer.alloc(chance.of([7900, 9000, 9000, 66_000]), 'x'))),
]

function bytesOf({ method, target, version, headers, body, framing }: Parts, chance: Chance): Buffer {
  const lines = [...headers]
  if (framing === 'length') lines.splice(chance.below(lines.length + 1), 0, `Content-Length: ${body.length}`)
  if (framing === 'chunks') lines.push('Transfer-Encoding: chunked')
  const start = `${method} ${target} ${version}`
  const end = chance.below(300) === 0 ? chance.of(['\n', '\r', '\r\r\n', '\n\n']) : '\r\n'
  const head = [start, ...lines, '', ''].join(end)
  return Buffer.concat([Buffer.from(head, 'latin1'), framing === 'chunks' ? inChunks(body, chance) : body])
}

function inChunks(body: Buffer, chance: Chance): Buffer {
  const parts: Buffer[] = []
  const size = 1 + chance.below(Math.max(1, body.length))
  for (let at = 0; at < body.length; at += size) {
    const chunk = body.subarray(at, at + size)
    const shown =
      chance.of(['', '', '', '', '0', ' ']) +
      chunk.length.toString(16) +
      chance.of(['', '', '', '', ';x', ';x=y', ' ', '\t'])
    parts.push(Buffer.from(`${shown}\r\n`), chunk, Buffer.from(chance.below(40) === 0 ? '\n' : '\r\n'))
  }
  return Buffer.concat([
    ...parts,
    Buffer.from(
      chance.of([
        '0\r\n\r\n',
        '0\r\n\r\n',
        '0\r\n\r\n',
        '00\r\n\r\n',
        '0\r\nX: y\r\n\r\n',
        '0;x\r\n\r\n',
        '0\r\n',
        'z\r\n\r\n',
      ]),
    ),
  ])
}

/** Changes, takes out or puts in a byte or a few. */
function damage(bytes: Buffer, chance: Chance): Buffer {
  const at = chance.below(bytes.length)
  const kind = chance.below(5)
  if (kind === 0)
    return Buffer.concat([bytes.subarray(0, at), Buffer.from([chance.below(256)]), bytes.subarray(at + 1)])
  if (kind === 1) return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + chance.below(3))])
  if (kind === 2)
    return Buffer.concat([
      bytes.subarray(0, at),
      Buffer.from(chance.of([' ', '\t', '\r', '\n', '\r\n', ':', '\0', ',', '\u000b'])),
      bytes.subarray(at),
    ])
  if (kind === 3) return bytes.subarray(0, at)
  return Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.max(0, at - 8))])
}
