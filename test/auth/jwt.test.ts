// People with a token of their school: which tokens are accepted, and what they allow.

import { createServer } from 'node:http'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { describe, expect, onTestFinished, test } from 'vitest'
import WebSocket from 'ws'
import type { Authenticated } from '../../src/auth/auth.js'
import { openJwt } from '../../src/auth/jwt.js'
import { parseCommand } from '../../src/command.js'
import { UsageError } from '../../src/flags.js'
import { codeOf } from '../support/chat.js'
import { FakeClock } from '../support/clock.js'
import { bearer, join, parse, post } from '../support/http.js'
import { JWT as CONFIG, key, SECRET, sign } from '../support/jwt.js'
import { freePort } from '../support/port.js'
import { ask, type RawAnswer } from '../support/raw.js'
import { startServer, until } from '../support/server.js'
import { talk } from '../support/talker.js'

function joinBy(port: number, token: string, body: object = { room: 'lobby' }): Promise<RawAnswer> {
  return ask(port, post('/join', body, bearer(token)))
}

test('a token becomes a session under the token’s name', async () => {
  const { port } = await startServer(CONFIG)
  const joined = await joinBy(port, await sign({}))
  expect([joined.status, parse(joined)]).toMatchObject([201, { username: 'Ada Lovelace', members: ['Ada Lovelace'] }])
  const { token } = parse(joined)
  const sent = await ask(port, post('/send', { room: 'lobby', text: 'hi' }, bearer(token)))
  expect(sent.status).toBe(201)
  const polled = await ask(port, { path: '/poll?room=lobby&since=0', headers: bearer(token) })
  expect(parse(polled)).toMatchObject({ messages: [{ type: 'join' }, { text: 'hi' }] })
})

test('without a token there is nothing but the page and /health', async () => {
  const { port } = await startServer(CONFIG)
  for (const path of ['/poll?room=lobby', '/history?room=lobby', '/rooms', '/metrics'])
    expect((await ask(port, { path })).status).toBe(401)
  expect((await ask(port, post('/send', { room: 'lobby', username: 'ada', text: 'hi' }))).status).toBe(401)
  expect((await ask(port, { path: '/health' })).status).toBe(200)
  await expect(join(port, 'lobby', 'ada')).rejects.toThrow('unauthorized')
})

test('nobody takes another name than the token’s, and without a name it is the subject', async () => {
  const { port } = await startServer(CONFIG)
  expect((await joinBy(port, await sign({}), { room: 'lobby', username: 'bob' })).status).toBe(400)
  expect(parse(await joinBy(port, await sign({ sub: 'u2', name: undefined })))).toMatchObject({
    username: 'u2',
  })
})

test('the same person who comes again has the same session', async () => {
  const { port } = await startServer(CONFIG)
  const first = await joinBy(port, await sign({}))
  const again = await joinBy(port, await sign({}, '2h'))
  expect([again.status, parse(again)['token']]).toEqual([201, parse(first)['token']])
  expect((await joinBy(port, await sign({ sub: 'somebody else' }))).status).toBe(409)
})

describe('a token is refused', () => {
  const past = Math.floor(Date.now() / 1000) - 60
  const now = Math.floor(Date.now() / 1000)
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const bad: [string, () => Promise<string> | string][] = [
    ['whose time is over', () => sign({}, past)],
    ['whose time has not come', () => sign({ nbf: now + 600 })],
    ['without an end', () => new SignJWT({ sub: 'u1' }).setProtectedHeader({ alg: 'HS256' }).sign(key)],
    [
      'without a subject',
      () => new SignJWT({ name: 'Ada' }).setProtectedHeader({ alg: 'HS256' }).setExpirationTime('1h').sign(key),
    ],
    ['of another key', () => sign({}, '1h', new TextEncoder().encode(SECRET.toUpperCase()))],
    [
      'of another algorithm',
      () => new SignJWT({ sub: 'u1' }).setProtectedHeader({ alg: 'HS512' }).setExpirationTime('1h').sign(key),
    ],
    ['without a signature', () => `${part({ alg: 'none' })}.${part({ sub: 'u1', exp: now + 600 })}.`],
    ['whose rooms are no list', () => sign({ rooms: 'lobby' })],
    ['whose rooms are not all words', () => sign({ rooms: ['lobby', 7] })],
    [
      'whose subject is no word',
      () =>
        new SignJWT(JSON.parse('{"sub":7,"name":"Ada"}'))
          .setProtectedHeader({ alg: 'HS256' })
          .setExpirationTime('1h')
          .sign(key),
    ],
    ['whose subject is empty', () => sign({ sub: '' })],
    ['that is none', () => 'a.b.c'],
  ]
  test.each(bad)('%s', async (_name, make) => {
    const { app, port } = await startServer(CONFIG)
    const answer = await joinBy(port, await make())
    expect([answer.status, parse(answer)['code']]).toEqual([401, 'unauthorized'])
    expect(app.chat.sessions.size).toBe(0)
  })
})

test('where an audience is set, the token has to be for it', async () => {
  const { port } = await startServer({ jwt: { key: { secret: SECRET }, audience: 'chat' } })
  expect((await joinBy(port, await sign({}))).status).toBe(401)
  expect((await joinBy(port, await sign({ aud: 'shop' }))).status).toBe(401)
  expect((await joinBy(port, await sign({ aud: ['shop', 'chat'] }))).status).toBe(201)
})

test('rooms that are not in the token cannot be joined, read, seen or asked about', async () => {
  const { app, port } = await startServer(CONFIG)
  await app.chat.send({ room: 'staff', username: 'boss', text: 'secret' })
  const jwt = await sign({ rooms: ['lobby'] })
  const { token } = parse(await joinBy(port, jwt))
  for (const path of [
    '/poll?room=staff&since=0',
    '/poll?room=lobby&room=staff',
    '/events?room=staff',
    '/history?room=staff',
    '/members?room=staff',
  ])
    expect([path, (await ask(port, { path, headers: bearer(token) })).status]).toEqual([path, 403])
  expect((await joinBy(port, jwt, { room: 'staff' })).status).toBe(403)
  expect((await ask(port, post('/join', { room: 'staff' }, bearer(token)))).status).toBe(403)
  expect(parse(await ask(port, { path: '/rooms', headers: bearer(token) }))).toMatchObject({
    rooms: [{ room: 'lobby' }],
  })
})

test('a session ends with its token’s time', async () => {
  const { app, port } = await startServer(CONFIG)
  const { token } = parse(await joinBy(port, await sign({})))
  const session = app.chat.sessions.get(String(token))
  session.identity = { subject: 'u1', username: 'Ada Lovelace', rooms: undefined, until: Date.now() - 1 }
  expect((await ask(port, { path: '/rooms', headers: bearer(token) })).status).toBe(401)
  await expect(app.chat.send({ room: 'lobby', text: 'hi', session })).rejects.toMatchObject({ code: 'unauthorized' })
})

test('a WebSocket takes it with the handshake, and is cut when its time is over', async () => {
  const { app, port } = await startServer({ ...CONFIG, websocket: true })
  const exp = Math.floor(Date.now() / 1000) + 2
  const client = new WebSocket(`ws://127.0.0.1:${port}/ws/lobby/Ada%20Lovelace`, {
    headers: bearer(await sign({}, exp)),
  })
  onTestFinished(() => client.terminate())
  await new Promise((resolve) => client.on('open', resolve))
  expect(app.chat.sessions.size).toBe(1)
  await until(
    () => app.chat.sessions.size,
    (size) => size === 0,
    5000,
  )
  expect(Date.now()).toBeGreaterThanOrEqual(exp * 1000)
})

test('PASS takes it over TCP, and the rooms are the token’s', async () => {
  const { app } = await startServer({ ...CONFIG, tcp: 0 })
  const ada = talk(app.tcpPort ?? 0)
  ada.say(`PASS ${await sign({ rooms: ['lobby'] })}`, 'JOIN staff Ada_Lovelace', 'JOIN lobby Ada_Lovelace')
  const heard = await ada.hear('INFO joined room lobby')
  expect(heard).toContain('ERROR this room is not one of yours: ask whoever gave you the token')
})

test('public keys come from their address, and while that is away it is a 503', async () => {
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256' }
  let isAway = true
  const keys = createServer((_request, response) =>
    response.writeHead(isAway ? 500 : 200).end(JSON.stringify({ keys: [jwk] })),
  )
  onTestFinished(() => void keys.close())
  await new Promise<void>((resolve) => keys.listen(0, '127.0.0.1', resolve))
  const address = keys.address()
  const { port, bugs } = await startServer({
    jwt: { key: { jwks: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/` }, audience: undefined },
  })
  const token = await new SignJWT({ sub: 'u1' })
    .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
    .setExpirationTime('1h')
    .sign(privateKey)
  expect((await joinBy(port, token)).status).toBe(503)
  expect(bugs.splice(0)).toHaveLength(1)
  isAway = false
  expect((await joinBy(port, token)).status).toBe(201)
  expect((await joinBy(port, await sign({}))).status).toBe(401)
})

describe('on a clock', () => {
  const exp = 1_900_000_000
  /** A way in at so many seconds behind `exp`, with one session whose time is over then. */
  async function wayAt(seconds: number): Promise<(token: string, isLogin: boolean) => Promise<Authenticated>> {
    const clock = new FakeClock()
    clock.ahead = (exp + seconds) * 1000 - clock.date()
    const identity = { subject: 'u1', username: 'ada', rooms: undefined, until: exp * 1000 }
    const auth = await openJwt({
      key: { secret: SECRET },
      audience: undefined,
      clock,
      identityOf: (token) => (token === 'session' ? identity : undefined),
      onTrouble: (error) => expect.unreachable(String(error)),
    })
    return async (token, isLogin) =>
      auth.authenticate({
        address: 'a',
        isLogin,
        header: (name) => (name === 'authorization' ? `Bearer ${token}` : undefined),
      })
  }

  test('a token becomes a person until its end, five seconds of other clocks allowed', async () => {
    const token = await sign({ rooms: ['lobby'] }, exp)
    const identity = { subject: 'u1', username: 'Ada Lovelace', rooms: new Set(['lobby']), until: exp * 1000 }
    for (const seconds of [-60, 4])
      expect(await (await wayAt(seconds))(token, true)).toEqual({ identity, isSpent: true })
    for (const seconds of [5, 60])
      expect(await codeOf(async () => (await wayAt(seconds))(token, true))).toBe('unauthorized')
  })

  test('a session lets in until its end, and a token only where it becomes a session', async () => {
    const before = await wayAt(-1)
    for (const isLogin of [true, false]) expect(await before('session', isLogin)).toMatchObject({ isSpent: false })
    expect(await codeOf(async () => (await wayAt(0))('session', false))).toBe('unauthorized')
    const token = await sign({}, exp)
    expect(await codeOf(async () => before(token, false))).toBe('unauthorized')
    expect(await codeOf(async () => before('another', true))).toBe('unauthorized')
  })
})

test('keys that nobody serves are a 503', async () => {
  const { port, bugs } = await startServer({
    jwt: { key: { jwks: `http://127.0.0.1:${await freePort()}/` }, audience: undefined },
  })
  const { privateKey } = await generateKeyPair('ES256')
  const token = await new SignJWT({ sub: 'u1' })
    .setProtectedHeader({ alg: 'ES256' })
    .setExpirationTime('1h')
    .sign(privateKey)
  expect([(await joinBy(port, token)).status, bugs.splice(0).length]).toEqual([503, 1])
})

describe('the settings', () => {
  const usage = (args: string, env: Record<string, string> = {}): string | undefined => {
    try {
      parseCommand(args.split(' '), env)
      return undefined
    } catch (error) {
      if (error instanceof UsageError) return error.message
      throw error
    }
  }
  const SHORT = { MINI_CHAT_JWT_SECRET: 'x'.repeat(31) }
  const LONG = { MINI_CHAT_JWT_SECRET: 'x'.repeat(32) }

  test.each([
    ['--auth jwt', {}],
    ['--auth jwt', SHORT],
    ['--auth jwt --jwks https://login.example/keys', LONG],
    ['--auth jwt --jwks http://login.example/keys', {}],
    ['--auth jwt --jwks ftp://login.example/keys', {}],
    ['--auth jwt --jwks ftp://localhost/keys', {}],
    ['--auth jwt --jwks http://localhost.example/keys', {}],
    ['--auth jwt --jwks keys', {}],
    ['--audience chat', LONG],
    ['--auth jwt --password secret', LONG],
    ['--auth magic', LONG],
    ['--jwks https://login.example/keys', {}],
    ['--password ', {}],
    ['--admin-key ', {}],
  ])('%s with %j is refused in one sentence', (args, env) => {
    expect(usage(args, env)).toMatch(/^[^\n]+$/)
  })

  test.each([
    ['--password secret', LONG],
    ['--auth jwt', LONG],
    ['--auth jwt --audience chat --jwks https://login.example/keys', {}],
    ['--auth jwt --jwks http://localhost:9/keys', {}],
    ['--auth jwt --jwks http://127.0.0.1:9/keys', {}],
    ['--auth jwt --jwks http://[::1]:9/keys', {}],
  ])('%s with %j is taken', (args, env) => {
    expect(usage(args, env)).toBeUndefined()
  })

  test('become what tokens are checked by, and without --auth a secret alone asks for none', () => {
    const jwtOf = (args: string[], env: Record<string, string>) => {
      const command = parseCommand(args, env)
      return command.name === 'serve' ? command.config.jwt : expect.unreachable(command.name)
    }
    const jwks = 'https://login.example/keys'
    expect(jwtOf(['--auth', 'jwt', '--jwks', jwks, '--audience', 'chat'], {})).toEqual({
      key: { jwks },
      audience: 'chat',
    })
    const umlauts = 'ü'.repeat(16)
    expect(jwtOf(['--auth', 'jwt'], { MINI_CHAT_JWT_SECRET: umlauts })).toEqual({ key: { secret: umlauts } })
    expect(jwtOf([], LONG)).toBeUndefined()
  })
})
