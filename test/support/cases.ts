// A request for each answer that the HTTP side can give, on a server where something has happened already.

import type { Config } from '../../src/config.js'
import { bearer, post } from './http.js'
import { temporaryFolder } from './journal.js'
import { ask, type RawRequest } from './raw.js'
import { startServer, type TestServer } from './server.js'

/** A server where ada holds her name in lobby, and bob has said hi with the key k1. `file`: one that ada has uploaded. */
export type Scene = TestServer & { readonly token: string; readonly file: string }

export type Case = {
  readonly operation: string
  readonly status: number
  readonly when: string
  readonly request: (scene: Scene) => RawRequest
  readonly config?: Partial<Config>
}

const BOB = { room: 'lobby', username: 'bob', text: 'hi', key: 'k1' }
const GIF = 'GIF89a\x02\x00\x03\x00;'
const UNKNOWN = bearer('nobody')
const RIGHTS = { adminKey: 'the teacher’s key' }
const SEEN = { page: 'p1', name: 'ada', got: 3, lost: 0, doubled: 0, disordered: 0, missed: 0, restarts: 0 }
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' }

/** What asks for no session. */
const OPEN_POSTS = ['/login', '/inside/open', '/inside/lab', '/inside/seen']

/** Every answer of these operations, each by its method and path, that can be had without breaking something. */
export function casesOf(names: readonly string[]): readonly Case[] {
  return [
    ...names.map((name) =>
      of(name, 403, 'the host is not ours', () => ({ ...partsOf(name), headers: { Host: 'evil.example' } })),
    ),
    ...names.map((name) => of(name, 405, 'the method is another', () => ({ ...partsOf(name), method: 'DELETE' }))),
    ...postsOf(names).flatMap((path) => [
      ...(path === '/files'
        ? []
        : [
            of(`POST ${path}`, 400, 'the body is no JSON', ({ token }) =>
              raw(path, '{', { 'Content-Type': 'application/json', ...bearer(token) }),
            ),
            of(`POST ${path}`, 413, 'the body is too large', () => post(path, 'x'.repeat(70_000))),
            of(`POST ${path}`, 415, 'the body is a table', ({ token }) =>
              raw(path, 'a,b', { 'Content-Type': 'text/csv', ...bearer(token) }),
            ),
          ]),
      ...(OPEN_POSTS.includes(path)
        ? []
        : [of(`POST ${path}`, 401, 'the token is not known', () => post(path, BOB, UNKNOWN))]),
      of(`POST ${path}`, 403, 'it comes from another site', () => post(path, BOB, { Origin: 'https://evil.example' })),
    ]),
    ...['/rooms', '/members', '/addresses', '/stats', '/metrics'].map((path) =>
      of(`GET ${path}`, 401, 'there is a password', () => ({ path }), { password: 'sesame' }),
    ),
    ...['/poll', '/events', '/history'].map((path) =>
      of(`GET ${path}`, 401, 'the token is not known', () => ({
        path: `${path}?room=lobby`,
        headers: UNKNOWN,
      })),
    ),
    ...['/poll', '/events', '/history', '/members'].map((path) =>
      of(`GET ${path}`, 400, 'no room is named', () => ({ path })),
    ),
    ...['/rooms', '/members?room=lobby', '/health', '/ready', '/addresses', '/stats', '/metrics', '/'].map((path) =>
      of(`GET ${path.replace(/\?.*/, '')}`, 200, 'all is well', () => ({ path })),
    ),

    of('GET /inside', 200, 'it is on', () => ({ path: '/inside' })),
    of('GET /inside', 404, 'it is off', () => ({ path: '/inside' }), { inside: false }),
    of('GET /inside/events', 401, 'the key was not shown', () => ({ path: '/inside/events' }), RIGHTS),
    of('GET /inside/lab', 200, 'it is on', () => ({ path: '/inside/lab' })),
    of('GET /inside/lab', 401, 'the key was not shown', () => ({ path: '/inside/lab' }), RIGHTS),
    of('GET /inside/lab', 404, 'it is off', () => ({ path: '/inside/lab' }), { lab: false }),
    of('POST /inside/lab', 404, 'it is off', () => post('/inside/lab', { fault: 'cut' }), { lab: false }),
    of('POST /inside/lab', 401, 'the key was not shown', () => post('/inside/lab', { fault: 'cut' }), RIGHTS),
    of('POST /inside/seen', 404, 'it is off', () => post('/inside/seen', SEEN), { lab: false }),
    of('POST /inside/seen', 401, 'there is a password', () => post('/inside/seen', SEEN), { password: 'sesame' }),
    of('POST /inside/lab', 200, 'a fault is made', () => post('/inside/lab', { fault: 'delay', ms: 0 })),
    of('POST /inside/lab', 503, 'nothing keeps the process', () => post('/inside/lab', { fault: 'restart' })),
    of('POST /inside/seen', 204, 'a page has counted', () => post('/inside/seen', SEEN)),
    of('POST /inside/open', 204, 'there is no key', () => post('/inside/open', {})),
    of('POST /inside/open', 204, 'the key is right', () => post('/inside/open', { key: RIGHTS.adminKey }), RIGHTS),
    of('POST /inside/open', 401, 'the key is wrong', () => post('/inside/open', { key: 'x' }), RIGHTS),
    of('POST /login', 204, 'there is no password', () => post('/login', {})),
    of('POST /login', 204, 'the password is right', () => post('/login', { password: 'sesame' }), {
      password: 'sesame',
    }),
    of('POST /login', 401, 'the password is wrong', () => post('/login', { password: 'x' }), { password: 'sesame' }),
    of(
      'POST /admin',
      204,
      'the key is right',
      ({ token }) => post('/admin', { key: RIGHTS.adminKey }, bearer(token)),
      RIGHTS,
    ),
    of('POST /mute', 204, 'a moderator says so', ({ token }) => post('/mute', BOB, bearer(token)), RIGHTS),
    of('POST /close', 204, 'a moderator says so', ({ token }) => post('/close', BOB, bearer(token)), RIGHTS),
    of(
      'POST /slow',
      204,
      'a moderator says so',
      ({ token }) => post('/slow', { room: 'lobby', seconds: 10 }, bearer(token)),
      RIGHTS,
    ),
    of('POST /close', 403, 'somebody else says so', ({ token }) => post('/close', BOB, bearer(token))),
    of(
      'POST /remove',
      201,
      'a moderator says so',
      ({ token }) => post('/remove', { room: 'lobby', id: 2 }, bearer(token)),
      RIGHTS,
    ),
    of(
      'POST /remove',
      404,
      'there is no such message',
      ({ token }) => post('/remove', { room: 'lobby', id: 9 }, bearer(token)),
      RIGHTS,
    ),
    of('POST /edit', 404, 'there is no such message', ({ token }) =>
      post('/edit', { room: 'lobby', of: 9, text: 'hi' }, bearer(token)),
    ),
    of('POST /react', 201, 'a member reacts', ({ token }) =>
      post('/react', { room: 'lobby', of: 2, text: '👍' }, bearer(token)),
    ),
    of('POST /react', 204, 'it was not there', ({ token }) =>
      post('/react', { room: 'lobby', of: 2, text: '👍', on: false }, bearer(token)),
    ),
    of('POST /react', 404, 'there is no such message', ({ token }) =>
      post('/react', { room: 'lobby', of: 9, text: '👍' }, bearer(token)),
    ),
    of('POST /clear', 201, 'a moderator says so', ({ token }) => post('/clear', BOB, bearer(token)), RIGHTS),
    of(
      'POST /clear',
      404,
      'nobody ever spoke there',
      ({ token }) => post('/clear', { room: 'den' }, bearer(token)),
      RIGHTS,
    ),

    of('GET /poll', 200, 'somebody asks for the newest', () => ({ path: '/poll?room=lobby' })),
    of('GET /poll', 200, 'there is nothing new', () => ({ path: '/poll?room=lobby&since=2&wait=0' })),
    of('GET /poll', 200, 'the cursor is ahead of the log', () => ({ path: '/poll?room=lobby&since=99' })),
    of('GET /poll', 200, 'the log is another', () => ({ path: '/poll?room=lobby&since=k3f9qz1a.1' })),
    of('GET /poll', 200, 'presence is asked for in two rooms', () => ({
      path: '/poll?room=lobby&room=den&presence=1',
    })),
    of('GET /poll', 200, 'who has had which message is asked for', ({ token }) => ({
      path: '/poll?room=lobby&presence=1&seen=1&since=2&wait=0',
      headers: bearer(token),
    })),
    of('GET /poll', 200, 'the house is full', () => ({ path: '/poll?room=lobby&since=2' }), { polls: 0 }),
    of('GET /poll', 400, 'wait is half a second', () => ({ path: '/poll?room=lobby&wait=0.5' })),
    of('GET /events', 503, 'the house is full', () => ({ path: '/events?room=lobby' }), { polls: 0 }),
    of('GET /history', 200, 'the room is known', () => ({ path: '/history?room=lobby&before=2' })),
    of('GET /history', 200, 'the room is unknown', () => ({ path: '/history?room=den' })),
    of('GET /history', 200, 'words are looked for', () => ({ path: '/history?room=lobby&q=hi' })),
    of('GET /history', 400, 'both directions are asked for', () => ({
      path: '/history?room=lobby&before=2&after=1',
    })),
    of('POST /send', 201, 'a name nobody holds speaks', () =>
      post('/send', { room: 'lobby', username: 'eve', text: 'hi' }),
    ),
    of('POST /send', 201, 'a session speaks', ({ token }) =>
      post('/send', { room: 'lobby', text: 'hi' }, bearer(token)),
    ),
    of('POST /send', 201, 'the body is a form', () => raw('/send', 'room=lobby&username=eve&text=h%C3%AF', FORM)),
    of('POST /send', 201, 'the body is the text', () => raw('/send?room=lobby&username=eve', 'hi', {})),
    of('POST /send', 201, 'a key is repeated', () => post('/send', BOB)),
    of('POST /send', 400, 'two keys differ', () => post('/send', BOB, { 'Idempotency-Key': 'k2' })),
    of('POST /send', 403, 'the session is not in the room', ({ token }) =>
      post('/send', { room: 'den', text: 'hi' }, bearer(token)),
    ),
    of('POST /send', 409, 'somebody holds the name', () => post('/send', { ...BOB, username: 'Ada' })),
    of('POST /send', 422, 'the key was used for another text', () => post('/send', { ...BOB, text: 'ho' })),
    of('POST /send', 507, 'there is no memory left', () => post('/send', BOB), { bytes: 1 }),
    of('POST /join', 201, 'the name is free', () => post('/join', { room: 'lobby', username: 'eve' })),
    of('POST /join', 201, 'a session joins another room', ({ token }) => post('/join', { room: 'den' }, bearer(token))),
    of('POST /join', 409, 'somebody holds the name', () => post('/join', { room: 'lobby', username: 'ADA' })),
    of('POST /join', 503, 'there are too many people', () => post('/join', { room: 'lobby', username: 'eve' }), {
      sessions: 1,
    }),
    of('POST /join', 507, 'there is no memory left', () => post('/join', { room: 'lobby', username: 'eve' }), {
      bytes: 1,
    }),
    of('POST /leave', 204, 'one room is named', ({ token }) => post('/leave', { room: 'lobby' }, bearer(token))),
    of('POST /leave', 204, 'a closing page says it', ({ token }) =>
      raw('/leave', JSON.stringify({ token }), { 'Content-Type': 'text/plain' }),
    ),
    of('POST /leave', 403, 'the session is not in the room', ({ token }) =>
      post('/leave', { room: 'den' }, bearer(token)),
    ),
    of(
      'POST /leave',
      204,
      'the message has no place',
      ({ token }) => post('/leave', { room: 'lobby' }, bearer(token)),
      { bytes: 1 },
    ),
    of('POST /typing', 204, 'a member types', ({ token }) =>
      post('/typing', { room: 'lobby', typing: true }, bearer(token)),
    ),
    of('POST /files', 201, 'a member sends a picture', ({ token }) => upload(token, GIF)),
    of('POST /files', 400, 'it is empty', ({ token }) => upload(token, '')),
    of('POST /files', 404, 'the chat carries none', ({ token }) => upload(token, GIF), { files: undefined }),
    of('POST /files', 413, 'it is too large', ({ token }) => upload(token, 'x'.repeat(100)), { fileBytes: 99 }),
    of('POST /files', 507, 'there is no room for it', ({ token }) => upload(token, GIF), { filesBytes: 5 }),
    of('GET /files/{id}', 200, 'it is there', ({ file }) => ({ path: `/files/${file}` })),
    of('GET /files/{id}', 401, 'there is a password', ({ file }) => ({ path: `/files/${file}` }), { password: 'x' }),
    of('GET /files/{id}', 404, 'it is not there', () => ({ path: `/files/${'x'.repeat(22)}` })),
    of('POST /send', 201, 'it carries a file', ({ token, file }) =>
      post('/send', { room: 'lobby', file }, bearer(token)),
    ),
    of('POST /send', 404, 'there is no such file', ({ token }) =>
      post('/send', { room: 'lobby', file: 'x'.repeat(22) }, bearer(token)),
    ),
    of('POST /hand', 204, 'a member puts it up', ({ token }) =>
      post('/hand', { room: 'lobby', up: true }, bearer(token)),
    ),
    of('POST /hand', 403, 'the session is not in the room', ({ token }) =>
      post('/hand', { room: 'den', up: true }, bearer(token)),
    ),
    of('POST /typing', 401, 'there is no token', () => post('/typing', { room: 'lobby', typing: true })),
    of('POST /typing', 403, 'the session is not in the room', ({ token }) =>
      post('/typing', { room: 'den', typing: true }, bearer(token)),
    ),
  ]
}

/** Starts the server of a case; it ends with its test. */
export async function startScene(given: Partial<Config> = {}): Promise<Scene> {
  const config = given.files === undefined ? given : { ...given, files: temporaryFolder() }
  const server = await startServer(config)
  const { chat } = server.app
  const { session } = await chat.join({ room: 'lobby', username: 'ada' })
  // Where a case has no memory, bob was not heard.
  await chat.send({ room: 'lobby', username: 'bob', text: 'hi', key: 'k1' }).catch(() => undefined)
  if (config.adminKey !== undefined) await chat.moderation.appoint(session)
  const uploaded = given.files === undefined ? undefined : await ask(server.port, upload(session.token, GIF))
  const file = /"id":"([\w-]+)"/.exec(uploaded?.body ?? '')?.[1] ?? ''
  return { ...server, token: session.token, file }
}

function of(
  operation: string,
  status: number,
  when: string,
  request: Case['request'],
  config: Partial<Config> = {},
): Case {
  const lab = / \/inside\/(?:lab|seen)/.test(operation) ? { lab: true } : {}
  const inside = operation.includes(' /inside') ? { inside: true, ...lab } : {}
  const files = operation.includes(' /files') || when.includes('file') ? { files: 'a folder' } : {}
  return { operation, status, when, request, config: { ...inside, ...files, ...config } }
}

function postsOf(names: readonly string[]): string[] {
  return names.flatMap((name) => (name.startsWith('POST ') ? [name.slice(5)] : []))
}

function partsOf(name: string): { readonly method: string; readonly path: string } {
  const [method = '', path = ''] = name.split(' ')
  return { method, path }
}

function upload(token: string, body: string): RawRequest {
  return raw('/files?room=lobby&name=plan.gif', body, bearer(token))
}

function raw(path: string, body: string, headers: Readonly<Record<string, string>>): RawRequest {
  return { method: 'POST', path, headers, body }
}
