// The polling loop against a real server: what it hands over, what it does about trouble, and that it ends.

import { createServer } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { follow, type FollowEvent, type Following } from '../../src/client/follow.js'
import { Refused } from '../../src/client/wire.js'
import { startDropper } from '../support/dropper.js'
import { fakePlatform } from '../support/platform.js'
import { startServer, type TestServer, until } from '../support/server.js'

test('what was there comes first, then what is said, in order and once', async () => {
  const server = await startServer()
  for (const text of ['a', 'b']) await say(server, text)
  const { events, following } = collect(follow({ url: server.url, rooms: ['lobby'] }))
  await until(
    () => texts(events),
    (list) => list.length === 2,
  )
  for (const text of ['c', 'd', 'e']) await say(server, text)
  await until(
    () => texts(events),
    (list) => list.length === 5,
  )
  expect(texts(events)).toEqual(['a', 'b', 'c', 'd', 'e'])
  following.close()
  await until(
    () => server.app.metrics.polls.sum,
    (polls) => polls >= 2,
  )
})

test('it goes on where an earlier one ended', async () => {
  const server = await startServer()
  await say(server, 'before')
  const first = collect(follow({ url: server.url, rooms: ['lobby'] }))
  const live = await until(
    () => first.events.find((event) => event.kind === 'live'),
    (event) => event !== undefined,
  )
  first.following.close()
  await say(server, 'meanwhile')
  const second = collect(
    follow({ url: server.url, rooms: ['lobby'], ...(live?.kind === 'live' ? { since: live.next } : {}) }),
  )
  await until(
    () => texts(second.events),
    (list) => list.length === 1,
  )
  expect(texts(second.events)).toEqual(['meanwhile'])
})

test('what was missed is told as a gap, before what is left', async () => {
  const server = await startServer({ ring: 2 })
  for (const text of ['a', 'b', 'c', 'd']) await say(server, text)
  const { events } = collect(follow({ url: server.url, rooms: ['lobby'], since: `${epochOf(server)}.1` }))
  await until(
    () => events.length,
    (count) => count >= 4,
  )
  expect(events.slice(0, 3)).toMatchObject([
    { kind: 'gap', gap: { reason: 'overflow', missed: 1, first: 3 } },
    { message: { text: 'c' } },
    { message: { text: 'd' } },
  ])
})

test('a room that is added is read from its newest, and the others go on where they are', async () => {
  const server = await startServer()
  await say(server, 'in the lobby')
  await say(server, 'in the den', 'den')
  const { events, following } = collect(follow({ url: server.url, rooms: ['lobby'] }))
  await until(
    () => texts(events),
    (list) => list.length === 1,
  )
  following.setRooms(['lobby', 'den'])
  await until(
    () => texts(events),
    (list) => list.length === 2,
  )
  await say(server, 'again')
  await until(
    () => texts(events),
    (list) => list.length === 3,
  )
  expect(texts(events)).toEqual(['in the lobby', 'in the den', 'again'])
})

test('rooms that change while an answer is handed over bring nothing twice', async () => {
  const server = await startServer()
  for (const text of ['a', 'b', 'c']) await say(server, text)
  const following = follow({ url: server.url, rooms: ['lobby'] })
  const seen: string[] = []
  for await (const event of following) {
    if (event.kind === 'message') seen.push(event.message.text)
    if (seen.length === 1) following.setRooms(['lobby', 'den'])
    if (event.kind === 'live' && seen.length > 3) following.close()
    if (event.kind === 'live' && seen.length === 3) await say(server, 'the end')
  }
  expect(seen).toEqual(['a', 'b', 'c', 'the end'])
})

test('presence is handed over whole', async () => {
  const server = await startServer()
  await server.app.chat.join({ room: 'lobby', username: 'ada' })
  const { events } = collect(follow({ url: server.url, rooms: ['lobby'], presence: true }))
  await until(() => events.some((event) => event.kind === 'presence'), Boolean)
  expect(events).toContainEqual({ kind: 'presence', rooms: { lobby: { members: ['ada'], typing: [] } } })
})

test('a lost connection is told with its wait, which doubles, and the first poll afterwards does not wait', async () => {
  const server = await startServer()
  const dropper = await startDropper(server.port)
  const platform = fakePlatform()
  const { events } = collect(follow({ url: dropper.url, rooms: ['lobby'], platform }))
  await until(
    () => events.length,
    (count) => count === 1,
  )
  dropper.cut()
  for (const ms of [375, 625, 1125]) {
    await until(
      () => events.at(-1),
      (event) => event?.kind === 'waiting' && event.ms === ms,
    )
    if (ms === 1125) dropper.down = false
    platform.advance(ms)
  }
  await until(
    () => events.at(-1)?.kind,
    (kind) => kind === 'live',
  )
  expect(platform.requests.filter((request) => request.includes('wait=0')).length).toBe(3)
  expect(platform.requests.at(-1)).toContain('wait=25')
})

test('hurry ends a wait and a poll', async () => {
  const server = await startServer()
  const dropper = await startDropper(server.port)
  const platform = fakePlatform()
  const { events, following } = collect(follow({ url: dropper.url, rooms: ['lobby'], platform }))
  await until(
    () => server.app.metrics.polls.sum,
    (polls) => polls === 1,
  )
  dropper.cut()
  await until(
    () => events.at(-1)?.kind,
    (kind) => kind === 'waiting',
  )
  dropper.down = false
  following.hurry()
  await until(
    () => events.at(-1)?.kind,
    (kind) => kind === 'live',
  )
  const before = platform.requests.length
  following.hurry()
  await until(
    () => platform.requests.length,
    (count) => count > before,
  )
})

test('a server that asks for patience is given it', async () => {
  const server = await startServer()
  const { events } = collect(follow({ url: server.url, rooms: ['lobby'], platform: fakePlatform() }))
  await until(
    () => parkedIn(server),
    (parked) => parked === 1,
  )
  await Promise.all([
    server.stop(),
    until(
      () => events.at(-1),
      (event) => event?.kind === 'waiting' && event.reason === 'server' && event.ms >= 500,
      4000,
    ),
  ])
})

test('Retry-After is the least that is waited', async () => {
  const { url } = await answering(429, { 'Retry-After': '7' }, { code: 'rate_limited', detail: 'slower' })
  const { events } = collect(follow({ url, rooms: ['lobby'], platform: fakePlatform() }))
  await until(
    () => events,
    (list) => list.length === 1,
  )
  expect(events).toEqual([{ kind: 'waiting', reason: 'network', ms: 7000 }])
})

test('an answer that is no answer of ours is trouble, not data', async () => {
  const { url } = await answering(200, {}, { hello: 'from a captive portal' })
  const { events } = collect(follow({ url, rooms: ['lobby'], platform: fakePlatform() }))
  await until(
    () => events.at(0)?.kind,
    (kind) => kind === 'waiting',
  )
})

test('a refusal for good ends it with the sentence', async () => {
  const server = await startServer()
  await expect(drain(follow({ url: server.url, rooms: ['no such room!'] }))).rejects.toThrow(Refused)
})

test('a session that is over is renewed, and the poll goes on at once', async () => {
  const server = await startServer()
  let token = 'gone'
  const platform = fakePlatform()
  const { events } = collect(
    follow({
      url: server.url,
      rooms: ['lobby'],
      platform,
      token: () => token,
      onUnauthorized: async () =>
        void (token = (await server.app.chat.join({ room: 'lobby', username: 'ada' })).session.token),
    }),
  )
  await until(() => events.some((event) => event.kind === 'live'), Boolean)
  expect(events.some((event) => event.kind === 'waiting')).toBe(false)
})

test('a session that is found to be over after an outage is renewed, and the poll goes on at once', async () => {
  const server = await startServer()
  const dropper = await startDropper(server.port)
  const platform = fakePlatform()
  const join = async () => (await server.app.chat.join({ room: 'lobby', username: 'ada' })).session.token
  let token: string | undefined
  const onUnauthorized = async () => void (token = await join())
  const { events } = collect(
    follow({ url: dropper.url, rooms: ['lobby'], platform, token: () => token, onUnauthorized }),
  )
  await until(() => events.some((event) => event.kind === 'live'), Boolean)
  dropper.cut()
  for (const ms of [375, 625]) {
    await until(
      () => events.at(-1),
      (event) => event?.kind === 'waiting' && event.ms === ms,
    )
    if (ms === 625) dropper.down = false
    token = 'gone'
    platform.advance(ms)
  }
  await until(
    () => events.at(-1)?.kind,
    (kind) => kind === 'live',
  )
})

test('a renewal that finds no connection is tried again later', async () => {
  const server = await startServer()
  const { events } = collect(
    follow({
      url: server.url,
      rooms: ['lobby'],
      platform: fakePlatform(),
      token: () => 'gone',
      onUnauthorized: () => Promise.reject(new TypeError('fetch failed')),
    }),
  )
  await until(
    () => events.at(0)?.kind,
    (kind) => kind === 'waiting',
  )
})

test('closing, or a signal, ends it and leaves no poll behind', async () => {
  const server = await startServer()
  const controller = new AbortController()
  const ended = drain(follow({ url: server.url, rooms: ['lobby'], signal: controller.signal }))
  await until(
    () => parkedIn(server),
    (parked) => parked === 1,
  )
  controller.abort()
  await ended
  await until(
    () => parkedIn(server),
    (parked) => parked === 0,
  )
  await drain(follow({ url: server.url, rooms: ['lobby'], signal: controller.signal }))
})

test('a poll that is answered by nobody counts as lost', async () => {
  const { url } = await answering(0, {}, undefined)
  const platform = fakePlatform()
  const { events } = collect(follow({ url, rooms: ['lobby'], platform }))
  await until(
    () => platform.requests.length,
    (count) => count === 1,
  )
  platform.advance(35_000)
  await until(
    () => events.at(0)?.kind,
    (kind) => kind === 'waiting',
  )
})

function collect(following: Following): { events: FollowEvent[]; following: Following } {
  const events: FollowEvent[] = []
  const ended = (async () => {
    for await (const event of following) events.push(event)
  })()
  onTestFinished(async () => {
    following.close()
    await ended
  })
  return { events, following }
}

async function drain(following: Following): Promise<void> {
  for await (const event of following) if (event.kind === 'waiting') throw new Error('it waits')
}

function texts(events: readonly FollowEvent[]): string[] {
  return events.flatMap((event) => (event.kind === 'message' ? [event.message.text] : []))
}

async function say({ app }: TestServer, text: string, room = 'lobby'): Promise<void> {
  await app.chat.send({ room, username: 'bob', text })
}

function epochOf({ app }: TestServer): string {
  return app.chat.rooms.get('lobby')?.epoch ?? ''
}

function parkedIn({ app }: TestServer): number {
  return [...app.chat.rooms.all()].reduce((sum, room) => sum + room.waiting, 0)
}

/** A server that answers everything alike; with status 0, nothing. */
async function answering(status: number, headers: Record<string, string>, body: unknown): Promise<{ url: string }> {
  const server = createServer((_request, response) => {
    if (status !== 0) response.writeHead(status, headers).end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return { url: `http://127.0.0.1:${address.port}` }
}
