// All combinations of Host × Origin × Sec-Fetch-Site × Content-Type × credentials, for requests that change something
// and for requests that read, on an open chat and on one with a password. Every cell has the status that the rules
// below give it. The rules are written anew from the contract's sentences, and not taken from the server.

import { beforeAll, describe, expect, test } from 'vitest'
import { type App, createApp } from '../../src/app.js'
import { defaults } from '../../src/command.js'
import { parse, post } from '../support/http.js'
import { ask, head, RawClient, type RawRequest } from '../support/raw.js'

const PASSWORD = 'sesame'
const basic = (password: string): string => `Basic ${Buffer.from(`:${password}`).toString('base64')}`

type Row = { readonly name: string; readonly isGood: boolean; readonly headers: Record<string, string | undefined> }

const HOSTS: readonly Row[] = [
  { name: 'localhost', isGood: true, headers: { Host: 'localhost:8000' } },
  { name: 'an address', isGood: true, headers: { Host: '127.0.0.1:8000' } },
  { name: 'an allowed name', isGood: true, headers: { Host: 'chat.example' } },
  { name: 'another name', isGood: false, headers: { Host: 'evil.example' } },
  { name: 'ours as a part', isGood: false, headers: { Host: 'localhost.evil.example' } },
]

/** `same` stands for the host that is asked for. */
const ORIGINS = [undefined, 'same', 'https://school.example', 'https://evil.example', 'null'] as const
const SITES = [undefined, 'same-origin', 'none', 'same-site', 'cross-site'] as const

const TYPES: readonly (Row & { readonly body: string })[] = [
  {
    name: 'JSON',
    isGood: true,
    headers: { 'Content-Type': 'application/json' },
    body: '{"room":"lobby","username":"eve","text":"hi"}',
  },
  {
    name: 'a form',
    isGood: true,
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: 'room=lobby&username=eve&text=hi',
  },
  { name: 'text', isGood: true, headers: { 'Content-Type': 'text/plain' }, body: 'hi' },
  { name: 'XML', isGood: false, headers: { 'Content-Type': 'application/xml' }, body: '<a/>' },
]

type Credentials = {
  readonly name: string
  readonly isPassword: boolean
  readonly session: 'none' | 'good' | 'bad'
  readonly headers: (keys: Keys) => Record<string, string>
}
type Keys = { readonly token: string; readonly cookie: string }

const CREDENTIALS: readonly Credentials[] = [
  { name: 'none', isPassword: false, session: 'none', headers: () => ({}) },
  { name: 'the password', isPassword: true, session: 'bad', headers: () => ({ Authorization: basic(PASSWORD) }) },
  { name: 'the cookie', isPassword: true, session: 'none', headers: ({ cookie }) => ({ Cookie: cookie }) },
  {
    name: 'a session',
    isPassword: true,
    session: 'good',
    headers: ({ token }) => ({ Authorization: `Bearer ${token}` }),
  },
  {
    name: 'the cookie and a session',
    isPassword: true,
    session: 'good',
    headers: ({ token, cookie }) => ({ Authorization: `Bearer ${token}`, Cookie: cookie }),
  },
  {
    name: 'the cookie and a session that is over',
    isPassword: true,
    session: 'bad',
    headers: ({ cookie }) => ({ Authorization: 'Bearer gone', Cookie: cookie }),
  },
]

type Cell = {
  readonly host: Row
  readonly origin: (typeof ORIGINS)[number]
  readonly site: (typeof SITES)[number]
  readonly credentials: Credentials
}

const cells = HOSTS.flatMap((host) =>
  ORIGINS.flatMap((origin) =>
    SITES.flatMap((site) => CREDENTIALS.map((credentials): Cell => ({ host, origin, site, credentials }))),
  ),
)

/** May this request change something, as far as where it comes from goes? */
function isOurs({ origin, site }: Cell): boolean {
  if (origin === 'https://school.example') return true
  return (origin === undefined || origin === 'same') && site !== 'same-site' && site !== 'cross-site'
}

/** What stands before everything else: 403, then 401, or nothing. */
function refusal(cell: Cell, hasPassword: boolean, isChange: boolean): 401 | 403 | undefined {
  if (!cell.host.isGood || (isChange && !isOurs(cell))) return 403
  return hasPassword && !cell.credentials.isPassword ? 401 : undefined
}

function headersOf({ host, origin, site, credentials }: Cell, keys: Keys): Record<string, string | undefined> {
  return {
    ...host.headers,
    Origin: origin === 'same' ? `http://${host.headers['Host']}` : origin,
    'Sec-Fetch-Site': site,
    ...credentials.headers(keys),
  }
}

const describeCell = ({ host, origin, site, credentials }: Cell): string =>
  `${host.name} | ${origin} | ${site} | ${credentials.name}`

describe.each([
  ['an open chat', undefined],
  ['a chat with a password', PASSWORD],
])('%s', (_name, password) => {
  let app: App
  let port: number
  let keys: Keys

  beforeAll(async () => {
    const log = { info: () => undefined, error: (_event: string, error: unknown) => Promise.reject(error) }
    const given = {
      port: 0,
      host: '127.0.0.1',
      quiet: true,
      password,
      rate: Infinity,
      allowHost: ['chat.example'],
      allowOrigin: ['https://school.example'],
    }
    app = await createApp(defaults(given), log)
    port = await app.listen()
    const login = await ask(port, post('/login', { password: PASSWORD }))
    const cookie = login.headers.get('set-cookie')?.split(';', 1)[0] ?? 'x=y'
    const joined = await ask(port, post('/join', { room: 'lobby', username: 'ada' }, { Cookie: cookie }))
    keys = { cookie, token: String(parse(joined)['token']) }
    return () => app.stop()
  })

  /** The statuses of all requests, asked for one after another on one connection. */
  async function statuses(requests: readonly RawRequest[]): Promise<(number | undefined)[]> {
    const client = new RawClient(port)
    const answers: (number | undefined)[] = []
    for (const request of requests) {
      // In one piece: the second of two small ones would wait for the first one's acknowledgement.
      client.write(head(request) + String(request.body ?? ''))
      answers.push((await client.answer({ head: request.method === 'HEAD' }))?.status)
    }
    client.destroy()
    return answers
  }

  async function check(
    of: readonly Cell[],
    request: (cell: Cell) => RawRequest,
    expected: (cell: Cell) => number,
  ): Promise<void> {
    const got = await statuses(of.map(request))
    const wrong = of.flatMap((cell, i) =>
      got[i] === expected(cell) ? [] : [`${describeCell(cell)}: ${got[i]}, not ${expected(cell)}`],
    )
    expect(wrong).toEqual([])
  }

  test.each(TYPES)('POST /send with $name', async ({ isGood, headers, body }) => {
    await check(
      cells,
      (cell) => ({
        method: 'POST',
        path: '/send?room=lobby&username=eve',
        headers: { ...headersOf(cell, keys), ...headers },
        body,
      }),
      (cell) => {
        const refused = refusal(cell, password !== undefined, true)
        if (refused !== undefined) return refused
        if (!isGood) return 415
        return isUnknown(cell) ? 401 : 201
      },
    )
  })

  /** On an open chat a password is no token, and is refused as one. */
  function isUnknown({ credentials: { name, session } }: Cell): boolean {
    return session === 'bad' && (password === undefined || name !== 'the password')
  }

  test('POST to nowhere and with another method', async () => {
    for (const [method, path, status] of [
      ['POST', '/nowhere', 404],
      ['PUT', '/send', 405],
    ] as const)
      await check(
        cells,
        (cell) => ({ method, path, headers: headersOf(cell, keys), body: '' }),
        (cell) => refusal(cell, password !== undefined, true) ?? status,
      )
  })

  test.each(['/poll?room=lobby', '/history?room=lobby'])('GET %s', async (path) => {
    await check(
      cells,
      (cell) => ({ path, headers: headersOf(cell, keys) }),
      (cell) => refusal(cell, password !== undefined, false) ?? (isUnknown(cell) ? 401 : 200),
    )
  })

  test('GET / and /health ask for nothing but a host that is ours', async () => {
    for (const path of ['/', '/health', '/ready'])
      await check(
        cells,
        (cell) => ({ path, headers: headersOf(cell, keys) }),
        ({ host }) => (host.isGood ? 200 : 403),
      )
  })

  test('an answer is shared with the allowed site alone', async () => {
    for (const origin of ['https://school.example', 'https://evil.example', 'http://localhost']) {
      const { headers } = await ask(port, { path: '/health', headers: { Origin: origin } })
      const isAllowed = origin === 'https://school.example'
      expect(headers.get('access-control-allow-origin')).toBe(isAllowed ? origin : undefined)
      expect(headers.get('access-control-allow-credentials')).toBeUndefined()
    }
  })
})

test('the table is whole', () => {
  expect(new Set(cells.map(describeCell)).size).toBe(5 * 5 * 5 * 6)
})
