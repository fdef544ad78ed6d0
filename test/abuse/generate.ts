// Bad requests and bad lines, as many as wanted, and the same ones again from the same seed.
//
// A careless program sends some of them, a hostile one others, and some are noise. The server should park none of
// them. A request that ends its connection says so, and is sent last on it.

export type Chance = {
  /** A whole number from 0 up to, not including, `size`. */
  below(size: number): number
  of<T>(list: readonly T[]): T
}

export type Bad = { readonly bytes: Buffer; readonly method: string; readonly ends: boolean }

/** Numbers that look random (mulberry32, public domain). */
export function chanceOf(seed: number): Chance {
  let state = seed >>> 0
  const below = (size: number): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let n = Math.imul(state ^ (state >>> 15), state | 1)
    n = (n + Math.imul(n ^ (n >>> 7), n | 61)) ^ n
    return ((n ^ (n >>> 14)) >>> 0) % size
  }
  return {
    below,
    of(list) {
      const chosen = list[below(list.length)]
      if (chosen === undefined) throw new Error('there is nothing to choose from')
      return chosen
    },
  }
}

const ZALGO = `e${'\u0301\u0316\u0489'.repeat(60)}`
const NAMES = [
  '',
  ' ',
  'ada',
  '[ada]',
  'a  b',
  '\u0430dmin',
  'a\u200bb',
  '\u202eada',
  'x'.repeat(129),
  ZALGO,
  '\u001b[2J',
  '\ud800',
  '\u3164',
  '\uff21da',
  'ada\n',
  '__proto__',
  '👩‍👩‍👧‍👦'.repeat(33),
]
const TEXTS = [
  '',
  'hi',
  '\u0000',
  '\u001b]0;owned\u0007',
  'x'.repeat(4001),
  '😀'.repeat(4001),
  '\ud800',
  '\u202eevil',
  '\u2066',
  '\u0085',
  ZALGO.repeat(20),
  '\r',
  '\u009b31m',
]
const ROOMS = [
  '',
  'lobby',
  '..',
  'a/b',
  'a b',
  'é',
  'x'.repeat(65),
  '__proto__',
  'constructor',
  '%',
  'lobby\n',
  '\u0000',
  '*',
  '-',
]
const CURSORS = [
  'NaN',
  '-1',
  '1e999',
  'k3f9qz1a',
  'k3f9qz1a.x',
  '.1',
  '~',
  'lobby.k3f9qz1a.1~',
  '9007199254740993',
  '١',
  'x'.repeat(700),
  '0x1',
  'now~now',
  'k3f9qz1a.9007199254740993',
]
const NUMBERS = ['-1', '1.5', 'x', '1e3', '', ' 1', '0x1', '99999999999999999999', 'NaN', 'null', '+1']
const TOKENS = [
  'Bearer',
  'Bearer nobody',
  'Basic YTpi',
  'Bearer  a b',
  'bearer \u00e9',
  `Bearer ${'x'.repeat(3000)}`,
  'Digest a',
  '',
]
const TYPES = [
  'application/json',
  'application/json; charset=utf-16',
  'application/x-www-form-urlencoded',
  'text/plain',
  'multipart/form-data; boundary=x',
  'text/csv',
  'x',
  '',
  'application/json, text/plain',
]
const METHODS = ['DELETE', 'PUT', 'PATCH', 'TRACE', 'OPTIONS', 'HEAD', 'PROPFIND', 'POST', 'GET']
const PATHS = [
  '/send',
  '/join',
  '/leave',
  '/typing',
  '/poll',
  '/history',
  '/events',
  '/rooms',
  '/members',
  '/stats',
  '/nothing',
  '//[',
  '/%zz',
  '/..',
  '/%2e%2e/etc/passwd',
  '/__proto__',
  '/ws/lobby/ada',
  '/socket.io/?EIO=4',
  '/poll/',
  '/\\',
]
const HOSTS = [
  'evil.example',
  'localhost.evil.example',
  '127.0.0.1.evil.example',
  'localhost:x',
  '[::1',
  'a b',
  '',
  '0x7f000001',
  'localhost@evil',
]
const EXTRA = [
  'Origin: https://evil.example',
  'Origin: null',
  'Sec-Fetch-Site: cross-site',
  'Content-Encoding: gzip',
  'X-Forwarded-For: 6.6.6.6, unknown, [',
  'Idempotency-Key: a b',
  'Accept: */*',
  'Cookie: a=b',
  'Upgrade: h2c',
  'Range: bytes=0-1',
  'If-None-Match: "',
  'Last-Event-ID: x',
]
const COMMANDS = ['JOIN', 'MSG', 'LEAVE', 'WHO', 'ROOMS', 'QUIT', 'PASS', 'join', 'NICK', 'GET', 'EXIT', '']

/** Heads that no server can take, after which there is no next request. */
const BROKEN = [
  'GET / HTTP/9.9\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
  'GET /\r\n\r\n',
  'POST /send HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
  'POST /send HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'POST /send HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhi\r\n',
  'POST /send HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: localhost\r\nA\u0000: b\r\n\r\n',
  'GET / HTTP/1.1\r\n Host: localhost\r\n\r\n',
  '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'JOIN lobby ada\r\n\r\n',
  `GET /${'a'.repeat(9000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
  `GET / HTTP/1.1\r\nHost: localhost\r\n${'X-A: b\r\n'.repeat(2000)}\r\n`,
]

/** The next bad request. */
export function badRequest(chance: Chance): Bad {
  if (chance.below(50) === 0) return { bytes: broken(chance), method: 'GET', ends: true }
  const kind = chance.below(10)
  if (kind < 4) return post(chance, chance.of(['/send', '/send', '/join', '/typing', '/leave']))
  if (kind < 7) return request(chance, 'GET', target(chance), [], undefined)
  if (kind < 8)
    return request(chance, 'GET', '/poll?room=lobby&since=0&wait=0', [`Host: ${chance.of(HOSTS)}`], undefined)
  return request(
    chance,
    chance.of(METHODS),
    `${chance.of(PATHS)}${chance.of(['', '?room=', `?room=${encodeURIComponent(chance.of(ROOMS.slice(2)))}`])}`,
    [],
    '',
  )
}

/** The next bad line, without its end. */
export function badLine(chance: Chance): Buffer {
  const kind = chance.below(8)
  if (kind === 0) return noise(chance, chance.below(300))
  if (kind === 1) return Buffer.from(chance.of(NAMES))
  if (kind === 2) return Buffer.alloc(4000 + chance.below(3000), 'x')
  const words = Array.from({ length: chance.below(4) }, () => chance.of([...ROOMS, ...NAMES, ...TEXTS]))
  return Buffer.from([chance.of(COMMANDS), ...words].join(' ').replaceAll('\n', ' '))
}

function broken(chance: Chance): Buffer {
  return chance.below(4) === 0
    ? noise(chance, 1 + chance.below(200))
    : Buffer.from(`${chance.of(BROKEN)}\r\n\r\n`, 'latin1')
}

function noise(chance: Chance, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => chance.below(256)).filter((byte) => byte !== 10))
}

function target(chance: Chance): string {
  const path = chance.of(['/poll', '/history', '/events', '/members'])
  const parts = [`room=${chance.of([...ROOMS.map(encodeURIComponent), '%zz', '%c3', '%'])}`]
  for (const name of ['since', 'wait', 'limit', 'before', 'after', 'presence'])
    if (chance.below(3) === 0)
      parts.push(`${name}=${encodeURIComponent(wellFormed(chance.of([...NUMBERS, ...CURSORS])))}`)
  // One that is good by accident is answered at once, and one that would stream has a cursor that cannot be.
  parts.push(path === '/events' ? 'since=-1' : 'wait=0')
  if (chance.below(10) === 0) parts.push(...Array.from({ length: 40 }, (_, i) => `room=r${i}`))
  return `${path}?${parts.join('&')}`
}

function post(chance: Chance, path: string): Bad {
  const fields = {
    room: chance.of(ROOMS),
    username: chance.of(NAMES),
    text: chance.of(TEXTS),
    key: chance.of(['', 'k', 'a b', 'x'.repeat(65)]),
    typing: chance.of([true, 'x', 1]),
    token: chance.of(TOKENS),
  }
  const type = chance.of(TYPES)
  const headers = type === '' ? [] : [`Content-Type: ${type}`]
  if (chance.below(3) === 0) headers.push(`Authorization: ${chance.of(TOKENS)}`)
  return request(chance, 'POST', path, headers, body(chance, type, fields))
}

function body(chance: Chance, type: string, fields: Readonly<Record<string, unknown>>): string | Buffer {
  if (type.startsWith('application/x-www'))
    return (
      Object.entries(fields)
        .map(([name, value]) => `${name}=${encodeURIComponent(wellFormed(String(value)))}`)
        .join('&') + chance.of(['', '&room=twice', '&%zz', '&=', '%'])
    )
  const json = JSON.stringify(fields)
  const wrong = [
    json,
    json.slice(0, chance.below(json.length)),
    `[${json}]`,
    'null',
    '1',
    '"x"',
    '{',
    '',
    '{"room":{"a":1}}',
    '{"text":1e999}',
    `${'['.repeat(500)}${']'.repeat(500)}`,
    `${'{"a":'.repeat(300)}1${'}'.repeat(300)}`,
    json.replace('"room":', '"__proto__":'),
    json.replaceAll(':', ':[').slice(0, 200),
  ]
  return chance.below(6) === 0 ? noise(chance, chance.below(400)) : chance.of(wrong)
}

/** `encodeURIComponent` takes no half of a pair. */
function wellFormed(text: string): string {
  return text.replace(/\p{Cs}/gu, '\ufffd')
}

function request(
  chance: Chance,
  method: string,
  path: string,
  headers: readonly string[],
  content: string | Buffer | undefined,
): Bad {
  const extra = Array.from({ length: chance.below(3) }, () => chance.of(EXTRA))
  const host = headers.some((line) => line.startsWith('Host:')) ? [] : ['Host: localhost']
  const length = content === undefined ? [] : [`Content-Length: ${Buffer.byteLength(content)}`]
  const head = [`${method} ${path} HTTP/1.1`, ...host, ...headers, ...extra, ...length, '', ''].join('\r\n')
  // Latin-1, so that letters outside of ASCII are the raw bytes that a careless client sends.
  const bytes = Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(content ?? '')])
  return { bytes, method, ends: /\r\nUpgrade:/.test(head) || path.startsWith('/socket.io') || path.startsWith('/ws/') }
}
