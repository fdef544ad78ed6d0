// What every answer has, whatever the request was: its headers, its status, its problem.

import { describe, expect, test } from 'vitest'
import { ChatError } from '../../../src/core/errors.js'
import { problem } from '../../../src/transports/http/answer.js'
import { bearer, join, parse, post, send } from '../../support/http.js'
import { ask, type RawAnswer } from '../../support/raw.js'
import { startServer } from '../../support/server.js'

function expectProblem(answer: RawAnswer, status: number, code: string): void {
  const { headers } = answer
  expect([
    answer.status,
    headers.get('content-type'),
    headers.get('cache-control'),
    headers.get('x-content-type-options'),
  ]).toEqual([status, 'application/problem+json', 'no-store', 'nosniff'])
  const { title, detail, ...rest } = parse(answer)
  expect(rest).toEqual({ type: `/errors/${code.replaceAll('_', '-')}`, status, code })
  expect([title, detail]).toEqual([expect.stringMatching(/^[A-Z]/), expect.stringMatching(/\w{3}/)])
  expect(answer.body).not.toMatch(/\bat .*\.(js|ts)|node:/)
}

test('every answer forbids keeping and sniffing', async () => {
  const { port } = await startServer()
  const token = await join(port, 'lobby', 'ada')
  const paths = [
    '/poll?room=lobby',
    '/history?room=lobby',
    '/rooms',
    '/members?room=lobby',
    '/health',
    '/ready',
    '/stats',
    '/metrics',
    '/nothing',
    '/poll',
  ]
  const requests = [
    ...paths.map((path) => ({ path })),
    post('/send', { room: 'lobby', username: 'bob', text: 'x' }),
    post('/typing', { room: 'lobby', typing: true }, bearer(token)),
    { method: 'OPTIONS', path: '/poll' },
    { method: 'HEAD', path: '/rooms' },
    post('/leave', {}, bearer(token)),
  ]
  for (const request of requests) {
    const { headers } = await ask(port, request)
    expect([request.path, headers.get('cache-control'), headers.get('x-content-type-options')]).toEqual([
      request.path,
      'no-store',
      'nosniff',
    ])
    expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
  }
})

test('the page’s files may be kept, not sniffed', async () => {
  const { port } = await startServer()
  const { headers } = await ask(port, { path: '/' })
  expect([headers.get('cache-control'), headers.get('x-content-type-options')]).toEqual(['no-cache', 'nosniff'])
})

describe('problems', () => {
  test('over the wire, one for each code that a request can bring about', async () => {
    const { port } = await startServer()
    await join(port, 'lobby', 'ada')
    await send(port, 'lobby', 'bob', 'hi', { key: 'k' })
    expectProblem(await ask(port, { path: '/poll' }), 400, 'bad_request')
    expectProblem(await ask(port, post('/leave', {})), 401, 'unauthorized')
    expectProblem(await ask(port, post('/send', {}, { Origin: 'http://evil.example' })), 403, 'forbidden_origin')
    expectProblem(await ask(port, { path: '/', headers: { Host: 'evil.example' } }), 403, 'forbidden_host')
    expectProblem(await ask(port, { path: '/nothing' }), 404, 'not_found')
    expectProblem(await ask(port, { path: '/send' }), 405, 'method_not_allowed')
    expectProblem(await send(port, 'lobby', 'ada', 'hi'), 409, 'name_taken')
    expectProblem(
      await ask(port, { method: 'POST', path: '/send', headers: { 'Content-Length': '65537' } }),
      413,
      'too_large',
    )
    expectProblem(
      await ask(port, { method: 'POST', path: '/send', headers: { 'Content-Type': 'x/y' }, body: 'x' }),
      415,
      'unsupported_media_type',
    )
    expectProblem(await send(port, 'lobby', 'bob', 'ho', { key: 'k' }), 422, 'key_reused')
  })

  test('that are nobody’s fault but the server’s say no more than that', () => {
    const { status, body } = problem(new TypeError('secret /etc/passwd'))
    expect([status, JSON.parse(String(body))]).toEqual([
      500,
      expect.objectContaining({ code: 'internal', type: '/errors/internal' }),
    ])
    expect(String(body)).not.toMatch(/secret/)
  })

  test('that ask for patience say how long, in whole seconds', () => {
    const after = (error: ChatError): string | undefined => {
      const { headers } = problem(error)
      return headers[headers.indexOf('Retry-After') + 1]
    }
    expect([after(new ChatError('rate_limited', 'wait', 1.2)), after(new ChatError('unavailable', 'wait'))]).toEqual([
      '2',
      '1',
    ])
    expect(problem(new ChatError('rate_limited', 'wait')).headers).toContain('Retry-After')
    expect(problem(new ChatError('bad_request', 'no')).headers).not.toContain('Retry-After')
  })

  test('repeat nothing of what was sent', async () => {
    const { port } = await startServer()
    const evil = '%3Cscript%3Ealert(1)%3C/script%3E'
    for (const path of [
      `/${evil}`,
      `/poll?room=${evil}`,
      `/poll?room=lobby&since=${evil}`,
      `/poll?room=lobby&wait=${evil}`,
      `/poll?${evil}=%zz`,
    ]) {
      expect((await ask(port, { path })).body).not.toMatch(/script/i)
    }
    expect((await ask(port, post('/send', { room: '<script>', username: '<script>', text: '' }))).body).not.toMatch(
      /script/,
    )
  })
})

describe('methods', () => {
  test.each([
    ['/poll', 'POST', 'GET, HEAD'],
    ['/send', 'GET', 'POST'],
    ['/send', 'HEAD', 'POST'],
    ['/join', 'DELETE', 'POST'],
    ['/metrics', 'PUT', 'GET, HEAD'],
    ['/', 'POST', 'GET, HEAD'],
    ['/poll', 'OPTIONS', 'GET, HEAD'],
    ['/send', 'OPTIONS', 'POST'],
    ['/', 'OPTIONS', 'GET, HEAD'],
    ['/rooms', 'PATCH', 'GET, HEAD'],
    ['/rooms', 'PROPFIND', 'GET, HEAD'],
  ])('%s takes no %s, and says what it takes', async (path, method, allow) => {
    const { port } = await startServer()
    const answer = await ask(port, { method, path })
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, allow])
  })

  test('a path that is not there is a 404 for every method but OPTIONS', async () => {
    const { port } = await startServer()
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH'])
      expect((await ask(port, { method, path: '/nothing' })).status).toBe(404)
    expect((await ask(port, { method: 'OPTIONS', path: '/nothing' })).status).toBe(405)
  })

  test('HEAD has the headers of GET and no body', async () => {
    const { port } = await startServer()
    for (const path of ['/health', '/', '/nothing', '/rooms']) {
      const [got, looked] = [await ask(port, { path }), await ask(port, { method: 'HEAD', path })]
      expect([looked.status, looked.body, looked.headers.get('content-length')]).toEqual([
        got.status,
        '',
        got.headers.get('content-length'),
      ])
    }
  })
})

describe('pages of an allowed site', () => {
  const school = 'https://school.example'
  const start = () => startServer({ allowOrigin: [school] })

  test('may ask first', async () => {
    const { port } = await start()
    const answer = await ask(port, {
      method: 'OPTIONS',
      path: '/send',
      headers: { Origin: school, 'Access-Control-Request-Method': 'POST' },
    })
    expect([answer.status, answer.headers.get('access-control-allow-origin'), answer.headers.get('vary')]).toEqual([
      204,
      school,
      'Origin',
    ])
    expect(answer.headers.get('access-control-allow-methods')).toMatch(/POST/)
    for (const name of ['Authorization', 'Content-Type', 'Idempotency-Key'])
      expect(answer.headers.get('access-control-allow-headers')).toContain(name)
  })

  test('may read every answer, the refusals too', async () => {
    const { port } = await start()
    const headers = { Origin: school, 'Sec-Fetch-Site': 'cross-site' }
    const requests = [
      { path: '/poll?room=lobby', headers },
      post('/send', { room: 'lobby', username: 'ada', text: 'x' }, headers),
      post('/send', {}, headers),
      { path: '/nothing', headers },
      { method: 'POST', path: '/send', headers: { ...headers, 'Content-Length': '65537' } },
    ]
    for (const request of requests) {
      const answer = await ask(port, request)
      expect([
        answer.headers.get('access-control-allow-origin'),
        answer.headers.get('access-control-expose-headers'),
      ]).toEqual([school, expect.stringMatching(/Retry-After/)])
    }
  })

  test('are that site’s alone: others get no such headers', async () => {
    const { port } = await start()
    for (const origin of ['http://evil.example', 'null', 'http://school.example', undefined]) {
      for (const method of ['GET', 'OPTIONS', 'POST']) {
        const { headers } = await ask(port, { method, path: '/poll?room=lobby', headers: { Origin: origin } })
        expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
      }
    }
    expect(
      (await ask(port, { method: 'OPTIONS', path: '/poll', headers: { Origin: 'http://evil.example' } })).status,
    ).toBe(405)
  })
})

test('a bug is logged whole, answered with 500 and nothing of it, and the next request is served', async () => {
  const server = await startServer()
  const { rooms } = server.app.chat
  Object.defineProperty(rooms, 'get', { value: () => raise(), configurable: true })
  expectProblem(await ask(server.port, { path: '/members?room=lobby' }), 500, 'internal')
  expectProblem(await send(server.port, 'lobby', 'ada', 'hi'), 500, 'internal')
  expect(server.bugs.splice(0).map(String)).toEqual(['TypeError: a secret', 'TypeError: a secret'])
  Reflect.deleteProperty(rooms, 'get')
  expect((await send(server.port, 'lobby', 'ada', 'hi')).status).toBe(201)

  function raise(): never {
    throw new TypeError('a secret')
  }
})
