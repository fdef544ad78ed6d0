// How far each member has read, from the cursors of their polls and the streams that they read, over real sockets.

import { expect, onTestFinished, test } from 'vitest'
import { bearer, join, parse, poll, type Polled, post } from '../support/http.js'
import { startPoller } from '../support/poller.js'
import { ask } from '../support/raw.js'
import { startServer, type TestServer, until } from '../support/server.js'
import { WEBSOCKET } from '../support/sockets.js'
import { LINES } from '../support/visits.js'

type Seen = Readonly<Record<string, number>> | undefined

const seenIn = ({ rooms }: Polled): Seen => (rooms as { lobby?: { seen?: Seen } } | undefined)?.lobby?.seen

/** What a writer is told who asks now. */
async function seen({ port }: TestServer, token: string): Promise<Seen> {
  return seenIn(await poll(port, 'room=lobby&since=now&presence=1&seen=1&wait=0', bearer(token)))
}

async function say(server: TestServer, token: string, text: string): Promise<number> {
  const answer = await ask(server.port, post('/send', { room: 'lobby', text }, bearer(token)))
  return parse<{ message: { id: number } }>(answer).message.id
}

test('a parked poll of a session says what it has had, and a reader without a session is nobody', async () => {
  const server = await startServer()
  const ada = await join(server.port, 'lobby', 'ada')
  await startPoller(server.port, 'bob')
  await startPoller(server.port)
  const id = await say(server, ada, 'hi')
  await expect.poll(async () => (await seen(server, ada))?.['bob']).toBe(id)
  expect(Object.keys((await seen(server, ada)) ?? {})).toEqual(['ada', 'bob'])
})

test('a stream, a line and a WebSocket say it too', async () => {
  const server = await startServer({ tcp: 0, websocket: true })
  const ada = await join(server.port, 'lobby', 'ada')
  const eve = await join(server.port, 'lobby', 'eve')
  const controller = new AbortController()
  onTestFinished(() => controller.abort())
  await fetch(`${server.url}/events?room=lobby`, { headers: bearer(eve), signal: controller.signal })
  const others = await Promise.all([
    LINES.open(portOf(server), 'lobby', 'linus'),
    WEBSOCKET.open(server.port, 'lobby', 'wes'),
  ])
  onTestFinished(() => others.forEach((other) => other.close()))
  const id = await say(server, ada, 'hi')
  await expect
    .poll(async () => Object.entries((await seen(server, ada)) ?? {}).filter(([, had]) => had >= id))
    .toHaveLength(4)
})

test('who asks is woken when somebody has had it, and who asks for presence alone is not', async () => {
  const server = await startServer()
  const ada = await join(server.port, 'lobby', 'ada')
  const id = await say(server, ada, 'hi')
  const { next } = await poll(server.port, 'room=lobby&presence=1&seen=1', bearer(ada))
  const plain = await poll(server.port, 'room=lobby&presence=1')
  const asking = poll(server.port, `room=lobby&presence=1&seen=1&since=${next}`, bearer(ada))
  const other = poll(server.port, `room=lobby&presence=1&wait=5&since=${plain.next}`)
  await until(
    () => server.app.chat.rooms.get('lobby')?.presence.watchers,
    (count) => count === 2,
  )
  await poll(server.port, `room=lobby&since=${id}&wait=0`, bearer(ada))
  expect(seenIn(await asking)).toEqual({ ada: id })
  expect(server.app.chat.rooms.get('lobby')?.presence.watchers).toBe(1)
  await ask(server.port, post('/typing', { room: 'lobby', typing: true }, bearer(ada)))
  expect(seenIn(await other)).toBeUndefined()
})

test('with --no-seen nothing is noted, and nothing is told', async () => {
  const server = await startServer({ noSeen: true })
  const ada = await join(server.port, 'lobby', 'ada')
  await startPoller(server.port, 'bob')
  await say(server, ada, 'hi')
  const { next, rooms } = await poll(server.port, 'room=lobby&presence=1&seen=1', bearer(ada))
  expect(Object.keys(rooms?.['lobby'] ?? {})).toEqual(['members', 'typing'])
  expect((await poll(server.port, `room=lobby&presence=1&since=${next}&wait=0`)).next).toBe(next)
})

function portOf(server: TestServer): number {
  return server.app.tcpPort ?? 0
}
