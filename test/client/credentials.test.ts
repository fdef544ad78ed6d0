// The client of a chat that asks for credentials: with the password, with a token, with a new one, and with nothing that is good.

import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import {
  type Credentials,
  follow,
  type Following,
  Outbox,
  type OutboxOptions,
  Refused,
} from '../../src/client/index.js'
import { inSeconds, JWT, sign } from '../support/jwt.js'
import { fakePlatform } from '../support/platform.js'
import { startServer, type TestServer, until } from '../support/server.js'

const PASSWORD = 'öpen sesame'
const REFUSED = { name: 'Refused', status: 401, code: 'unauthorized' }

test('with the password rooms are read and written; it is shown when it is asked for', async () => {
  const server = await startServer({ password: PASSWORD })
  const credentials = { password: PASSWORD }
  const heard = collect(follow({ url: server.url, rooms: ['lobby'], credentials }))
  const outbox = open({ url: server.url, credentials })
  for (const room of ['lobby', 'den']) outbox.add({ room, username: 'ada', text: `hello ${room}` })
  await until(
    () => heard.texts.length + outbox.pending.length,
    () => heard.texts.length === 1 && outbox.pending.length === 0,
  )
  expect([heard.texts, server.app.chat.sessions.size]).toEqual([['hello lobby'], 0])
})

test('an open chat is shown nothing', async () => {
  const server = await startServer()
  const token = (): string => expect.unreachable('asked for the token')
  const heard = collect(follow({ url: server.url, rooms: ['lobby'], credentials: { token } }))
  open({ url: server.url, credentials: { password: PASSWORD } }).add({ room: 'lobby', username: 'ada', text: 'hi' })
  await until(
    () => heard.texts,
    (texts) => texts.length === 1,
  )
})

test('a wrong password ends it at once, after one try', async () => {
  const server = await startServer({ password: PASSWORD })
  const platform = fakePlatform()
  const following = follow({ url: server.url, rooms: ['lobby'], credentials: { password: 'wrong' }, platform })
  await expect(drain(following)).rejects.toMatchObject(REFUSED)
  expect([platform.requests.length, platform.waits]).toEqual([2, []])
})

test('a wrong password fails all that was to be sent, after one try', async () => {
  const server = await startServer({ password: PASSWORD })
  const platform = fakePlatform()
  const outbox = open({ url: server.url, credentials: { password: 'wrong' }, platform })
  for (let i = 0; i < 9; i++) outbox.add({ room: 'lobby', username: 'ada', text: `message ${i}` })
  await until(
    () => outbox.pending,
    (pending) => pending.every(({ state }) => state === 'failed'),
  )
  expect(outbox.pending).toHaveLength(9)
  expect(outbox.pending[8]).toMatchObject({ code: 'unauthorized', error: expect.stringContaining('this is not it') })
  expect([platform.requests.length, platform.waits]).toEqual([2, []])
})

test('with a token one is somebody: it joins, and reads and speaks under its name', async () => {
  const server = await startServer(JWT)
  const credentials = { token: await sign() }
  const heard = collect(follow({ url: server.url, rooms: ['lobby'], credentials }))
  const outbox = open({ url: server.url, credentials })
  for (const room of ['lobby', 'den', 'lobby']) outbox.add({ room, username: 'Ada Lovelace', text: `hello ${room}` })
  await until(
    () => heard.texts.length + outbox.pending.length,
    () => heard.texts.length === 2 && outbox.pending.length === 0,
  )
  expect(membersOf(server)).toEqual(['Ada Lovelace'])
})

test('a name that is not the token’s is refused with the reason', async () => {
  const server = await startServer(JWT)
  const outbox = open({ url: server.url, credentials: { token: await sign() } })
  outbox.add({ room: 'lobby', username: 'bob', text: 'I am bob' })
  await until(
    () => outbox.pending[0],
    (pending) => pending?.code === 'bad_request',
  )
})

test('a token whose time ends while it polls is asked for anew, and nothing is lost or doubled', async () => {
  const server = await startServer(JWT)
  let asked = 0
  const token = (): Promise<string> => sign({}, asked++ === 0 ? inSeconds(2) : '1h')
  const heard = collect(follow({ url: server.url, rooms: ['lobby'], credentials: { token }, wait: 1 }))
  const said: string[] = []
  const renewed = until(
    () => asked,
    (times) => times === 2,
    6000,
  )
  const speaker = setInterval(() => {
    said.push(`message ${said.length}`)
    void server.app.chat.send({ room: 'lobby', username: 'bob', text: said.at(-1) })
  }, 20)
  await renewed
  await sleep(100)
  clearInterval(speaker)
  await until(
    () => heard.texts.length,
    (count) => count === said.length,
  )
  expect([heard.texts, asked]).toEqual([said, 2])
})

test('a token that cannot be had anew ends it when its time is over', async () => {
  const server = await startServer(JWT)
  const credentials = { token: await sign({}, inSeconds(2)) }
  const platform = fakePlatform()
  const heard = collect(follow({ url: server.url, rooms: ['lobby'], credentials, wait: 1, platform }))
  await expect(heard.ended).rejects.toMatchObject({ ...REFUSED, message: expect.stringContaining('time is over') })
  // The poll that was refused, and one try to join with the token that there is.
  const before = platform.requests.findLastIndex((request) => request.includes('/poll'))
  expect(platform.requests.slice(before + 1)).toEqual([`POST ${server.url}/join`])
  expect(platform.waits).toEqual([])
})

test.each<[string, (good: string) => Credentials, number]>([
  ['of another key', (good) => ({ token: good.slice(0, -8) }), 2],
  ['that is refused twice', (good) => ({ token: tokens(`${good}a`, `${good}b`, good) }), 3],
  ['that no header can carry', () => ({ token: 'a\nb' }), 1],
])('a token %s ends it, without another try', async (_name, credentialsOf, tries) => {
  const server = await startServer(JWT)
  const platform = fakePlatform()
  const credentials = credentialsOf(await sign())
  await expect(drain(follow({ url: server.url, rooms: ['lobby'], credentials, platform }))).rejects.toMatchObject(
    REFUSED,
  )
  expect([platform.requests.length, platform.waits]).toEqual([tries, []])
})

test('a token that cannot be asked for now is asked for later', async () => {
  const server = await startServer(JWT)
  let isAway = true
  const token = async (): Promise<string> => {
    if (isAway) throw new TypeError('fetch failed')
    return sign()
  }
  const platform = fakePlatform()
  const outbox = open({ url: server.url, credentials: { token }, platform })
  outbox.add({ room: 'lobby', username: 'Ada Lovelace', text: 'patience' })
  await until(
    () => outbox.pending[0]?.state,
    (state) => state === 'waiting',
  )
  isAway = false
  platform.advance(20_000)
  await until(
    () => outbox.pending.length,
    (count) => count === 0,
  )
})

test('a server that forgot the session is shown the token again', async () => {
  const first = await startServer(JWT)
  const heard = collect(follow({ url: first.url, rooms: ['lobby'], credentials: { token: await sign() } }))
  await until(
    () => membersOf(first),
    (members) => members.length === 1,
  )
  await first.stop()
  const second = await startServer({ ...JWT, port: first.port })
  await until(
    () => membersOf(second),
    (members) => members.length === 1,
    8000,
  )
  heard.following.close()
})

type Heard = { readonly texts: string[]; readonly following: Following; readonly ended: Promise<void> }

function collect(following: Following): Heard {
  const texts: string[] = []
  const ended = (async () => {
    for await (const event of following)
      if (event.kind === 'message' && event.message.type === 'chat') texts.push(event.message.text)
  })()
  onTestFinished(async () => {
    following.close()
    // A test that expects a refusal has seen it.
    await ended.catch((error: unknown) => expect(error).toBeInstanceOf(Refused))
  })
  return { texts, following, ended }
}

async function drain(following: Following): Promise<void> {
  for await (const event of following) if (event.kind === 'waiting') throw new Error('it waits')
}

function open(options: OutboxOptions): Outbox {
  const outbox = new Outbox(options)
  onTestFinished(() => outbox.close())
  return outbox
}

/** Gives one after the other. */
function tokens(...list: string[]): () => string {
  return () => list.shift() ?? expect.unreachable('asked too often')
}

function membersOf({ app }: TestServer): readonly string[] {
  return app.chat.rooms.get('lobby')?.presence.state.presence.members ?? []
}
