// The server against docs/openapi.yaml: every answer that needs nothing broken is asked for, and compared with the
// document. Documented answers that are not asked for are named at the end, so that none is forgotten.

import { expect, test } from 'vitest'
import { insideRoutes } from '../src/inside/inside.js'
import { Lab } from '../src/lab/lab.js'
import { TEXT_POINTS } from '../src/core/rooms/message.js'
import { MAX_LIMIT, MAX_ROOMS, MAX_WAIT_SECONDS } from '../src/transports/http/routes/poll.js'
import { ROUTES } from '../src/transports/http/routes/index.js'
import { casesOf, startScene } from './support/cases.js'
import { bearer, post } from './support/http.js'
import { OpenApi } from './support/openapi.js'
import { ask, head, RawClient, type RawAnswer } from './support/raw.js'
import { startServer, until } from './support/server.js'

const openApi = new OpenApi()
const names = openApi.operations.map(({ name }) => name)
const CASES = casesOf(names)

/** Answers that tests of their own ask for, below. */
const ALONE = [
  'GET /events 200',
  'GET /inside/events 200',
  'GET /ready 503',
  'GET / 304',
  'GET / 404',
  'GET /inside 304',
  'POST /edit 201',
  'POST /edit 422',
]

/** Answers for which something has to be broken first: a rate, a store, the server itself. */
const BROKEN = [
  / 429$/,
  / 500$/,
  /^(?:GET \/poll|GET \/inside\/events|GET \/history|POST \/files|GET \/files\/\{id\}|POST \/send|POST \/leave) 503$/,
  /^POST \/(?:remove|clear|edit|react) 50[37]$/,
]

for (const { operation, status, when, request, config } of CASES) {
  test(`${operation} answers ${status} as documented when ${when}`, async () => {
    const scene = await startScene(config)

    const answer = await ask(scene.port, request(scene))

    expect(answer.status, answer.body).toBe(status)
    expectDocumented(operation, answer)
  })
}

test('an author edits a message as documented, and a key that was used is refused', async () => {
  const { port, token, app } = await startScene()
  const { message } = await app.chat.send({ room: 'lobby', text: 'helo', session: app.chat.sessions.get(token) })
  const edit = (text: string) => post('/edit', { room: 'lobby', of: message.id, text, key: 'k2' }, bearer(token))
  for (const [text, status] of [
    ['hello', 201],
    ['other', 422],
  ] as const) {
    const answer = await ask(port, edit(text))
    expect(answer.status).toBe(status)
    expectDocumented('POST /edit', answer)
  }
})

test('a drained server says at /ready what is documented', async () => {
  const { app, port } = await startServer()
  app.drain()
  const answer = await ask(port, { path: '/ready' })
  expect(answer.status).toBe(503)
  expectDocumented('GET /ready', answer)
})

test.for(['/', '/inside'])('a page that the browser has already is a 304 without a body: %s', async (path) => {
  const { port } = await startServer({ inside: true })
  const { headers } = await ask(port, { path })
  const answer = await ask(port, { path, headers: { 'If-None-Match': headers.get('etag') } })
  expect(answer.status).toBe(304)
  expectDocumented(`GET ${path}`, answer)
})

test('an address with nothing at it is a 404 as documented', async () => {
  const { port } = await startServer()
  const answer = await ask(port, { path: '/nowhere' })
  expect(answer.status).toBe(404)
  expectDocumented('GET /', answer)
})

test('an event stream begins as documented', async () => {
  const { port } = await startScene()
  const client = new RawClient(port)
  client.write(head({ path: '/events?room=lobby' }))
  const came = await until(
    () => client.rest,
    (text) => /^data: .*\n\n/m.test(text),
  )
  client.destroy()
  expect(came).toMatch(/^HTTP\/1\.1 200 /)
  expect(came).toMatch(/\r\nContent-Type: text\/event-stream\r\n/i)
  const message: unknown = JSON.parse(/^data: (.*)$/m.exec(came)?.[1] ?? '')
  expect(openApi.differencesOf('/components/schemas/Message', message)).toEqual([])
})

test('the stream of what happens inside begins as documented', async () => {
  const { port } = await startScene({ inside: true })
  const client = new RawClient(port)
  client.write(head({ path: '/inside/events' }))
  const came = await until(
    () => client.rest,
    (text) => text.includes('event: scene') && text.endsWith('\n\n'),
  )
  client.destroy()
  const scene: unknown = JSON.parse(/event: scene\ndata: (.*)$/m.exec(came)?.[1] ?? '')
  expect(openApi.differencesOf('/components/schemas/InsideScene', scene)).toEqual([])
})

test('the document has the routes that the server has, and the page', () => {
  const lab = new Lab({ ring: 500, websocket: true, supervisor: undefined })
  const inside = insideRoutes({ adminKey: undefined, store: 'memory', lab })
  const isFile = (path: string): boolean => /\.\w+$/.test(path)
  const all = [...ROUTES, ...inside].filter(({ path }) => !isFile(path))
  const routes = all.map(({ method, path }) => `${method} ${path}`)
  expect(names.toSorted()).toEqual([...routes, 'GET /'].toSorted())
})

test('the document has the limits that the server has', () => {
  const limit = (pointer: string): unknown => openApi.at(`/paths/~1poll/get/parameters/${pointer}`)
  expect(limit('2/schema/maximum')).toBe(MAX_WAIT_SECONDS)
  expect(limit('3/schema/maximum')).toBe(MAX_LIMIT)
  expect(limit('0/schema/maxItems')).toBe(MAX_ROOMS)
  expect(openApi.at('/components/schemas/Text/maxLength')).toBe(TEXT_POINTS)
})

test('every documented answer is asked for, save those that need something broken', () => {
  const asked = new Set([...CASES.map(({ operation, status }) => `${operation} ${status}`), ...ALONE])
  const documented = openApi.operations.flatMap(({ name, statuses }) => statuses.map((status) => `${name} ${status}`))
  const rest = documented.filter((answer) => !BROKEN.some((pattern) => pattern.test(answer)))
  expect([...asked].toSorted()).toEqual(rest.toSorted())
})

test.for([
  ['a field that is not documented', '{"room":"lobby","members":[],"mood":"good"}'],
  ['a field of another type', '{"room":"lobby","members":{}}'],
  ['a field too few', '{"room":"lobby"}'],
])('%s is noticed', ([, body = '']) => {
  const headers = new Map([['content-type', 'application/json']])
  expect(openApi.differences('GET /members', { status: 200, headers, body })).toHaveLength(1)
})

function expectDocumented(operation: string, answer: RawAnswer): void {
  expect(openApi.differences(operation, answer)).toEqual([])
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
  if (!/^GET \/(?:inside|files\/\{id\})?$/.test(operation) || answer.status >= 400)
    expect(answer.headers.get('cache-control')).toBe('no-store')
}
