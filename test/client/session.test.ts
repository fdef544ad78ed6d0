// The session of a client, whatever keeps its token: the page, the terminal, or a program with a token.

import { expect, onTestFinished, test } from 'vitest'
import { inMemory, type Me, Session, type SessionParts } from '../../src/client/session.js'
import { call, join } from '../../src/client/wire.js'
import { fakePlatform, type FakePlatform } from '../support/platform.js'
import { startServer, type TestServer } from '../support/server.js'

const NOBODY: Me = { username: 'ada', token: undefined }

type Opened = { readonly session: Session; readonly platform: FakePlatform }

function open({ url }: TestServer, parts: Partial<SessionParts> = {}): Opened {
  const platform = fakePlatform()
  const introduce: SessionParts['introduce'] = (room, username) =>
    join(platform, { url, path: '/join', body: { room, username } })
  const tell: SessionParts['tell'] = (request) => call(platform, request)
  const session = new Session({ url, platform, storage: inMemory(NOBODY), introduce, tell, ...parts })
  // No request of it is under way for ever.
  onTestFinished(() => expect(platform.waits).toEqual([]))
  return { session, platform }
}

/** The same address, where no session is known any more. */
async function restarted(first: TestServer): Promise<TestServer> {
  first.app.http.server.closeAllConnections()
  await first.stop()
  return startServer({ port: first.port })
}

const membersOf = ({ app }: TestServer, room: string): readonly string[] =>
  app.chat.rooms.get(room)?.presence.state.presence.members ?? []

test('it is introduced once, and enters other rooms as the same person', async () => {
  const server = await startServer()
  const { session } = open(server)
  await session.join('lobby')
  const { token } = session
  await session.join('den')
  expect([session.token, session.username, server.app.chat.sessions.size]).toEqual([token, 'ada', 1])
  expect([membersOf(server, 'lobby'), membersOf(server, 'den')]).toEqual([['ada'], ['ada']])
})

test('what it kept is enough for the next one to go on as the same person', async () => {
  const server = await startServer()
  const storage = inMemory(NOBODY)
  await open(server, { storage }).session.join('lobby')
  const introduce = (): never => expect.unreachable('it has a token')
  await open(server, { storage, introduce }).session.join('den')
  expect([membersOf(server, 'den'), server.app.chat.sessions.size]).toEqual([['ada'], 1])
})

test('a session that is over is made anew by joining, with one try', async () => {
  const first = await startServer()
  const { session, platform } = open(first)
  await session.join('lobby')
  const { token } = session
  const second = await restarted(first)
  await session.join('lobby')
  expect(membersOf(second, 'lobby')).toEqual(['ada'])
  expect(session.token).not.toBe(token)
  expect(platform.requests).toHaveLength(3)
})

test('all that find it over at one time get the same new one, each in its room', async () => {
  const first = await startServer()
  const { session, platform } = open(first)
  await session.join('lobby')
  const { token } = session
  const second = await restarted(first)
  await Promise.all(['lobby', 'lobby', 'den'].map((room) => session.renew(token, room)))
  expect([membersOf(second, 'lobby'), membersOf(second, 'den')]).toEqual([['ada'], ['ada']])
  expect(second.app.chat.sessions.size).toBe(1)
  // Introduced in the lobby, and in the den with the token that came of it.
  expect(platform.requests).toHaveLength(3)
})

test('a session that another one renewed meanwhile is gone on with', async () => {
  const first = await startServer()
  const storage = inMemory(NOBODY)
  const [ours, other] = [open(first, { storage }), open(first, { storage })]
  await ours.session.join('lobby')
  const { token } = ours.session
  const second = await restarted(first)
  await other.session.renew(token, 'lobby')
  await ours.session.renew(token, 'den')
  expect([membersOf(second, 'lobby'), membersOf(second, 'den')]).toEqual([['ada'], ['ada']])
  expect(second.app.chat.sessions.size).toBe(1)
})

test('a refusal to the new introduction is the end, and the next one tries again', async () => {
  const first = await startServer()
  const { session, platform } = open(first)
  await session.join('lobby')
  const second = await restarted(first)
  const { session: taker } = await second.app.chat.join({ room: 'lobby', username: 'Ada' })
  const before = platform.requests.length
  await expect(session.join('lobby')).rejects.toMatchObject({ code: 'name_taken' })
  expect(platform.requests.slice(before)).toHaveLength(2)
  await second.app.chat.leave(taker, 'lobby')
  await session.join('lobby')
  expect(membersOf(second, 'lobby')).toEqual(['ada'])
})

test('another name is introduced, and the session is that one’s', async () => {
  const server = await startServer()
  const { session } = open(server)
  await session.join('lobby')
  await session.join('den', 'eve')
  expect([session.username, membersOf(server, 'den')]).toEqual(['eve', ['eve']])
})

test('leaving one room keeps the name in the others, leaving all gives it back', async () => {
  const server = await startServer()
  const { session } = open(server)
  for (const room of ['lobby', 'den']) await session.join(room)
  await session.leave('den')
  expect([membersOf(server, 'lobby'), membersOf(server, 'den')]).toEqual([['ada'], []])
  await session.leave()
  expect(membersOf(server, 'lobby')).toEqual([])
})

test('who has no session has nothing to leave', async () => {
  const { session, platform } = open(await startServer())
  await session.leave()
  expect(platform.requests).toEqual([])
})

test('a page that is being closed tells it in its own way, before anything else is done', async () => {
  const server = await startServer()
  const told: unknown[] = []
  const { session } = open(server, { tell: ({ url, path, token }) => void told.push([url, path, token]) })
  await session.join('lobby')
  void session.leave()
  expect(told).toEqual([[server.url, '/leave', session.token]])
})
