// A chat with one password for all: every way to show it, every way to lack it, and how often one may try.

import { createHmac, scryptSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { Password } from '../../src/auth/password.js'
import { Secret } from '../../src/auth/secret.js'
import { codeOf } from '../support/chat.js'
import { FakeClock } from '../support/clock.js'
import { bearer, join, parse, post } from '../support/http.js'
import { ask, type RawAnswer } from '../support/raw.js'
import { startServer } from '../support/server.js'
import { talk } from '../support/talker.js'

const PASSWORD = 'öpen sesame'
const basic = (pair: string): Record<string, string> => ({
  Authorization: `Basic ${Buffer.from(pair).toString('base64')}`,
})
const RIGHT = basic(`anybody:${PASSWORD}`)

async function cookieOf(port: number, headers: Record<string, string> = {}): Promise<string> {
  const answer = await ask(port, post('/login', { password: PASSWORD }, headers))
  expect(answer.status).toBe(204)
  return answer.headers.get('set-cookie') ?? ''
}

const pairOf = (cookie: string): Record<string, string> => ({ Cookie: cookie.split(';', 1)[0] ?? '' })

test('the page’s files, /health, /ready and /login are there for all, and nothing else is', async () => {
  const { port } = await startServer({ password: PASSWORD })
  for (const path of ['/', '/static/page.js', '/health', '/ready'])
    expect([path, (await ask(port, { path })).status]).toEqual([path, 200])
  for (const path of ['/poll?room=lobby', '/events?room=lobby', '/rooms', '/stats', '/metrics', '/nowhere'])
    expect([path, (await ask(port, { path })).status]).toEqual([path, 401])
  expect((await ask(port, post('/send', { room: 'lobby', username: 'ada', text: 'hi' }))).status).toBe(401)
})

test('curl -u shows it, whatever the user’s name', async () => {
  const { port } = await startServer({ password: PASSWORD })
  for (const pair of [`:${PASSWORD}`, `ada:${PASSWORD}`])
    expect((await ask(port, { path: '/rooms', headers: basic(pair) })).status).toBe(200)
  const sent = await ask(port, post('/send', { room: 'lobby', username: 'ada', text: 'hi' }, RIGHT))
  expect(sent.status).toBe(201)
})

test('a Bearer that is the password shows it', async () => {
  const { port } = await startServer({ password: 'sesame' })
  expect((await ask(port, { path: '/rooms', headers: bearer('sesame') })).status).toBe(200)
})

test('a session’s token lets in, for whoever joined has shown it', async () => {
  const { port } = await startServer({ password: PASSWORD })
  const joined = await ask(port, post('/join', { room: 'lobby', username: 'ada' }, RIGHT))
  const { token } = parse(joined)
  const sent = await ask(port, post('/send', { room: 'lobby', text: 'hi' }, bearer(token)))
  expect([sent.status, parse(sent)]).toMatchObject([201, { message: { username: 'ada' } }])
})

test('the page’s cookie leaves Authorization to the session, and is not the password', async () => {
  const { port } = await startServer({ password: PASSWORD })
  const cookie = await cookieOf(port)
  expect(cookie).toMatch(/^mini_chat_[\w-]{8}=\d+\.[\w-]{43}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict$/)
  const joined = await ask(port, post('/join', { room: 'lobby', username: 'ada' }, pairOf(cookie)))
  const headers = { ...pairOf(cookie), ...bearer(parse(joined)['token']) }
  expect((await ask(port, post('/typing', { room: 'lobby', typing: true }, headers))).status).toBe(204)
})

test('the cookie is Secure behind https, as a trusted proxy alone can say', async () => {
  const { port } = await startServer({ password: PASSWORD, trustProxy: 1 })
  expect(await cookieOf(port, { 'X-Forwarded-Proto': 'https' })).toMatch(/; Secure$/)
  expect(await cookieOf(port, { 'X-Forwarded-Proto': 'http' })).not.toMatch(/Secure/)
  const open = await startServer({ password: PASSWORD })
  expect(await cookieOf(open.port, { 'X-Forwarded-Proto': 'https' })).not.toMatch(/Secure/)
})

test('a cookie is good after a restart, and worthless once the password is another', async () => {
  const first = await startServer({ password: PASSWORD })
  const headers = pairOf(await cookieOf(first.port))
  const again = await startServer({ password: PASSWORD })
  const other = await startServer({ password: 'another' })
  expect((await ask(again.port, { path: '/rooms', headers })).status).toBe(200)
  expect((await ask(other.port, { path: '/rooms', headers })).status).toBe(401)
})

test('a cookie that is over, or was tampered with, is none', () => {
  const clock = new FakeClock()
  const way = new Password({ password: PASSWORD, clock, isToken: () => false })
  const { name, value, seconds } = way.login(PASSWORD, 'a')
  const enter = (cookie: string): unknown =>
    way.authenticate({
      address: 'a',
      isLogin: false,
      header: (header) => (header === 'cookie' ? cookie : undefined),
    })
  expect(enter(`x=1; ${name}=${value}`)).toEqual({ identity: undefined, isSpent: false })
  for (const bad of [`9${value}`, `${value}x`, value.replace('.', ''), '', '.', `${value.slice(0, -1)}é`])
    expect(() => enter(`${name}=${bad}`)).toThrow('has a password')
  clock.advance(seconds * 1000)
  expect(() => enter(`${name}=${value}`)).toThrow()
})

test('a cookie is one by its own name alone, and what is signed and is no time to come is none', () => {
  const clock = new FakeClock()
  const way = new Password({ password: PASSWORD, clock, isToken: () => false })
  const { name, value } = way.login(PASSWORD, 'a')
  const isLetIn = (cookie: string): boolean => {
    try {
      way.authenticate({ address: 'a', isLogin: false, header: (of) => (of === 'cookie' ? cookie : undefined) })
      return true
    } catch {
      return false
    }
  }
  // Signed as the server would sign it.
  const signKey = scryptSync(PASSWORD, 'mini-chat cookie 1', 32)
  const signed = (end: string): string =>
    `${name}=${end}.${createHmac('sha256', signKey).update(end).digest('base64url')}`
  expect([`${name}=${value}`, `a; ${name}=${value} ;b`, signed('9999999999')].map(isLetIn)).toEqual([true, true, true])
  for (const bad of [`other=${value}`, `${name}x=${value}`, `${name}=`, name, value]) expect(isLetIn(bad)).toBe(false)
  for (const end of ['', 'x', 'x9999999999', '9999999999x', '1e12', '-1', '9'.repeat(13), '0x9999999999', '1000000000'])
    expect([end, isLetIn(signed(end))]).toEqual([end, false])
})

test('what shows the password is spent, and beside a cookie a Bearer is a session’s token', () => {
  const way = new Password({ password: 'sesame', clock: new FakeClock(), isToken: (token) => token === 'a token' })
  const { name, value } = way.login('sesame', 'a')
  const isSpent = (authorization: string | undefined, cookie?: string): boolean =>
    way.authenticate({
      address: 'a',
      isLogin: false,
      header: (of) => (of === 'cookie' ? cookie : of === 'authorization' ? authorization : undefined),
    }).isSpent
  const { Authorization: right = '' } = basic(':sesame')
  expect([isSpent(right), isSpent('Bearer sesame'), isSpent('Bearer a token')]).toEqual([true, true, false])
  const cookie = `${name}=${value}`
  expect([undefined, right, 'Digest x', 'Bearer any'].map((one) => isSpent(one, cookie))).toEqual([
    false,
    true,
    true,
    false,
  ])
})

test('what only looks like Basic, or like a session’s token, is a wrong try', async () => {
  const { Authorization: right = '' } = basic(`:${PASSWORD}`)
  const token = 'a'.repeat(22)
  const tries = [
    `Basic !${right.slice('Basic '.length)}`,
    `${right}!`,
    `Basic ${Buffer.from(PASSWORD).toString('base64')}`,
    `Bearer ${token}a`,
    `Bearer ${token.slice(1)}`,
    `Bearer !${token}`,
    `Bearer ${token}!`,
    `Bearer ${token.slice(1)}!`,
  ]
  for (const given of tries) {
    const way = new Password({ password: PASSWORD, clock: new FakeClock(), isToken: () => false })
    const enter = (): unknown =>
      way.authenticate({ address: 'a', isLogin: false, header: (of) => (of === 'cookie' ? undefined : given) })
    for (let i = 0; i < 5; i++) expect(await codeOf(enter)).toBe('unauthorized')
    expect([given, await codeOf(enter)]).toEqual([given, 'rate_limited'])
  }
})

test('every wrong one gets the same answer, as does none', async () => {
  const { port } = await startServer({ password: PASSWORD })
  const wrong = [
    {},
    basic('ada:wrong'),
    basic('no colon'),
    bearer('wrong'),
    { Authorization: 'Digest x' },
    { Cookie: 'mini_chat=1' },
  ]
  const answers: RawAnswer[] = []
  for (const headers of wrong) answers.push(await ask(port, { path: '/rooms', headers }))
  const said = answers.map(({ status, headers, body }) => [status, headers.get('www-authenticate'), body])
  expect(new Set(said.map((one) => JSON.stringify(one))).size).toBe(1)
  expect(said[0]).toEqual([401, 'Bearer realm="mini-chat"', expect.stringContaining('"unauthorized"')])
})

test('the password is never taken from an address', async () => {
  const { port } = await startServer({ password: 'sesame' })
  const answer = await ask(port, post('/login?password=sesame', {}))
  expect([answer.status, answer.headers.get('set-cookie')]).toEqual([400, undefined])
})

test('after five wrong ones in a minute an address waits, also with the right one', async () => {
  const { port } = await startServer({ password: PASSWORD, trustProxy: 1 })
  const from = (address: string, pair: string): Promise<RawAnswer> =>
    ask(port, { path: '/rooms', headers: { ...basic(pair), 'X-Forwarded-For': address } })
  for (let i = 0; i < 5; i++) expect((await from('10.0.0.1', ':no')).status).toBe(401)
  for (const pair of [':no', `:${PASSWORD}`]) {
    const answer = await from('10.0.0.1', pair)
    expect([answer.status, Number(answer.headers.get('retry-after'))]).toEqual([429, expect.any(Number)])
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(50)
  }
  expect((await from('10.0.0.2', `:${PASSWORD}`)).status).toBe(200)
})

test('wrong ones from elsewhere keep no one out who has it right, near or far', async () => {
  const secret = new Secret('right', new FakeClock(), 'wrong')
  const guess = (address: string): Promise<string> => codeOf(() => secret.check('no', address))
  for (let i = 0; i < 6; i++)
    for (let tries = 0; tries < 5; tries++) expect(await guess(`203.0.113.${i}`)).toBe('unauthorized')
  for (const address of ['203.0.113.99', '198.51.100.1', '::1', '2001:db8:1:2::/64'])
    expect(secret.check('right', address)).toBeUndefined()
  expect(await codeOf(() => secret.check('right', '203.0.113.1'))).toBe('rate_limited')
})

test.for([
  ['203.0.113', (i: number): string => `203.0.113.${i}`],
  ['2001:db8:1::/48', (i: number): string => `2001:db8:1:${i.toString(16)}::/64`],
] as const)('among neighbours who guess (%s) an address has one wrong try, and others have five', async ([, at]) => {
  const clock = new FakeClock()
  const secret = new Secret('right', clock, 'wrong')
  const guess = (address: string): Promise<string> => codeOf(() => secret.check('no', address))
  for (let i = 0; i < 30; i++) await guess(at(i))
  const codes = [await guess(at(99)), await guess(at(99)), await guess('192.0.2.1'), await guess('192.0.2.1')]
  expect(codes).toEqual(['unauthorized', 'rate_limited', 'unauthorized', 'unauthorized'])
  clock.advance(60_000)
  expect([await guess(at(99)), await guess(at(99))]).toEqual(['unauthorized', 'unauthorized'])
})

test('a wrong try counts for a minute, and the answer says how much of it is left', async () => {
  const clock = new FakeClock()
  const secret = new Secret('right', clock, 'wrong')
  const guess = (): Promise<string> => codeOf(() => secret.check('no', '192.0.2.1'))
  for (let i = 0; i < 5; i++) {
    expect(await guess()).toBe('unauthorized')
    clock.advance(1500)
  }
  expect(() => secret.check('right', '192.0.2.1')).toThrow('wait 53 s')
  clock.advance(52_499)
  expect(await guess()).toBe('rate_limited')
  clock.advance(1)
  expect([await guess(), await guess()]).toEqual(['unauthorized', 'rate_limited'])
})

test('among neighbours who guess an address is heard again when it has waited as long as it was told', async () => {
  const clock = new FakeClock()
  const secret = new Secret('right', clock, 'wrong')
  const guess = (address: string): Promise<string> => codeOf(() => secret.check('no', address))
  for (let i = 0; i < 3; i++) {
    await guess('192.0.2.99')
    clock.advance(10_000)
  }
  for (let i = 0; i < 30; i++) await guess(`192.0.2.${i}`)
  expect(() => secret.check('right', '192.0.2.99')).toThrow('wait 50 s')
  clock.advance(49_999)
  expect(() => secret.check('right', '192.0.2.99')).toThrow('wait 1 s')
  clock.advance(1)
  expect(secret.check('right', '192.0.2.99')).toBeUndefined()
})

test.for([
  [28, (i: number): string => `192.0.2.${i}`],
  [98, (i: number): string => `${i}.0.2.1`],
] as const)('with %d wrong tries of others an address has two, and then it waits', async ([count, at]) => {
  const secret = new Secret('right', new FakeClock(), 'wrong')
  const guess = (address: string): Promise<string> => codeOf(() => secret.check('no', address))
  for (let i = 0; i < count; i++) await guess(at(i))
  const codes = [await guess(at(200)), await guess(at(200)), await guess(at(200))]
  expect(codes).toEqual(['unauthorized', 'unauthorized', 'rate_limited'])
})

test('a hundred thousand addresses are remembered, the latest', () => {
  const secret = new Secret('right', new FakeClock(), 'wrong')
  /** Bare: a hundred thousand assertions take ten seconds. */
  const isHeard = (password: string, address: string): boolean => {
    try {
      secret.check(password, address)
      return true
    } catch {
      return false
    }
  }
  for (let i = 0; i < 5; i++) expect(isHeard('no', 'first')).toBe(false)
  let heard = 0
  for (let i = 1; i < 100_000; i++) if (isHeard('no', `${i}`)) heard++
  expect(heard).toBe(0)
  expect(isHeard('right', 'first')).toBe(false)
  expect(isHeard('no', 'last')).toBe(false)
  expect(isHeard('right', 'first')).toBe(true)
})

test('however many addresses guess, one that does not is heard', async () => {
  const secret = new Secret('right', new FakeClock(), 'wrong')
  for (let i = 0; i < 5000; i++) await codeOf(() => secret.check('no', `${i >> 8}.${i & 255}.0.1`))
  expect(secret.check('right', '1.2.3.4')).toBeUndefined()
})

test('whoever is in stays in while somebody guesses', async () => {
  const { port } = await startServer({ password: PASSWORD })
  const cookie = pairOf(await cookieOf(port))
  for (let i = 0; i < 6; i++) await ask(port, { path: '/rooms', headers: basic(':no') })
  expect((await ask(port, { path: '/rooms', headers: cookie })).status).toBe(200)
})

test('a session that is over is no wrong try, so that a class can come back after a restart', async () => {
  const over = { path: '/rooms', headers: bearer('a_session_that_is_over') }
  const { port } = await startServer({ password: PASSWORD })
  for (let i = 0; i < 6; i++) expect((await ask(port, over)).status).toBe(401)
  expect((await ask(port, { path: '/rooms', headers: RIGHT })).status).toBe(200)
  const alike = await startServer({ password: 'like-a-session-s_token' })
  for (let i = 0; i < 5; i++) expect((await ask(alike.port, over)).status).toBe(401)
  expect((await ask(alike.port, over)).status).toBe(429)
})

test('over TCP it is the first line, and a wrong one ends the connection', async () => {
  const { app } = await startServer({ password: PASSWORD, tcp: 0 })
  const ada = talk(app.tcpPort ?? 0)
  ada.say('JOIN lobby ada', 'WHO lobby', 'ada', `PASS ${PASSWORD}`, 'JOIN lobby ada')
  const heard = await ada.hear('INFO joined room lobby')
  expect(heard.filter((line) => line.startsWith('ERROR '))).toHaveLength(3)
  const eve = talk(app.tcpPort ?? 0)
  eve.say('PASS wrong', 'JOIN lobby eve')
  await eve.closed()
  expect(app.chat.sessions.size).toBe(1)
})

test('without a password nothing is asked, and /login says so', async () => {
  const { port } = await startServer()
  const answer = await ask(port, post('/login', { password: 'any' }))
  expect([answer.status, answer.headers.get('set-cookie')]).toEqual([204, undefined])
  expect(await join(port, 'lobby', 'ada')).toMatch(/^[\w-]{22}$/)
})
