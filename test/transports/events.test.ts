import { connect, type Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { join, send } from '../support/http.js'
import { startHeld, type HeldServer } from '../support/held.js'
import { ask, RawClient } from '../support/raw.js'
import { startServer, until } from '../support/server.js'
import { SSE } from '../support/visits.js'
import { transportContract } from './contract.js'

transportContract(SSE)

type Raw = { readonly socket: Socket; readonly text: () => string; readonly isClosed: () => boolean }

/** A request for events on a bare socket, and all that came back. */
function events(port: number, query: string, headers: Readonly<Record<string, string>> = {}): Raw {
  const socket = connect({ port, host: '127.0.0.1' })
  let text = ''
  let isClosed = false
  socket.setEncoding('utf8').on('data', (chunk) => (text += String(chunk)))
  socket.on('error', () => undefined).on('close', () => (isClosed = true))
  onTestFinished(() => void socket.destroy())
  const lines = Object.entries({ Host: 'localhost', ...headers }).map(([name, value]) => `${name}: ${value}`)
  socket.write([`GET /events?${query} HTTP/1.1`, ...lines, '', ''].join('\r\n'))
  return { socket, text: () => text, isClosed: () => isClosed }
}

const comes = (raw: Raw, text: string): Promise<string> => until(raw.text, (so) => so.includes(text))

async function epochOf(port: number): Promise<string> {
  return /"epoch":"(\w+)"/.exec((await ask(port, { path: '/history?room=lobby' })).body)?.[1] ?? ''
}

test('the head says what it is, that nothing keeps it, and that no proxy may hold it back', async () => {
  const { port } = await startServer()
  const raw = events(port, 'room=lobby')
  const head = (await comes(raw, '\r\n\r\n')).split('\r\n\r\n', 1)[0] ?? ''
  expect(head).toContain('HTTP/1.1 200 OK')
  for (const line of [
    'Content-Type: text/event-stream',
    'Cache-Control: no-store',
    'X-Accel-Buffering: no',
    'X-Content-Type-Options: nosniff',
  ])
    expect(head).toContain(line)
  expect(await comes(raw, 'retry: ')).toMatch(/^retry: \d+$/m)
})

test('a message is its cursor and one line of JSON', async () => {
  const { port } = await startServer()
  await send(port, 'lobby', 'ada', 'two\nlines')
  const raw = events(port, 'room=lobby')
  const event = new RegExp(`^id: ${await epochOf(port)}\\.1\ndata: (.*)\n\n`, 'm').exec(await comes(raw, 'data: '))
  expect(JSON.parse(event?.[1] ?? '')).toMatchObject({
    id: 1,
    room: 'lobby',
    type: 'chat',
    username: 'ada',
    text: 'two\nlines',
  })
})

test('Last-Event-ID goes on behind that message, whatever since says', async () => {
  const { port } = await startServer()
  for (const text of ['one', 'two', 'three']) await send(port, 'lobby', 'ada', text)
  const raw = events(port, 'room=lobby&since=0', { 'Last-Event-ID': `${await epochOf(port)}.2` })
  expect(await comes(raw, 'three')).not.toMatch(/one|two/)
})

test('since goes on behind a message, or now', async () => {
  const { port } = await startServer()
  for (const text of ['one', 'two']) await send(port, 'lobby', 'ada', text)
  const [behind, now] = [events(port, 'room=lobby&since=1'), events(port, 'room=lobby&since=now')]
  await comes(behind, 'two')
  await comes(now, 'retry')
  await send(port, 'lobby', 'ada', 'three')
  expect(await comes(behind, 'three')).not.toContain('one')
  expect(await comes(now, 'three')).not.toMatch(/one|two/)
})

test('what a reader cannot have is told as a gap whose id goes on from there', async () => {
  const { port } = await startServer({ ring: 3 })
  for (let i = 1; i <= 10; i++) await send(port, 'lobby', 'ada', `text ${i}`)
  const epoch = await epochOf(port)
  const raw = events(port, 'room=lobby', { 'Last-Event-ID': `${epoch}.2` })
  const gap = /event: gap\nid: (.*)\ndata: (.*)\n\nid: /.exec(await comes(raw, 'text 10'))
  expect(JSON.parse(gap?.[2] ?? '')).toEqual({ room: 'lobby', reason: 'overflow', missed: 5, first: 8 })
  expect(gap?.[1]).toBe(`${epoch}.7`)
  const other = events(port, 'room=lobby', { 'Last-Event-ID': 'otherlog.2' })
  expect(await comes(other, 'text 10')).toContain('"reason":"restart","missed":null,"first":8')
})

test('a stream of several rooms has a cursor that goes on in all of them', async () => {
  const { port } = await startServer()
  const raw = events(port, 'room=lobby&room=den')
  await comes(raw, 'retry')
  await send(port, 'lobby', 'ada', 'one')
  await comes(raw, 'one')
  await send(port, 'den', 'ada', 'two')
  const id = /id: (\S+)\ndata: .*two/.exec(await comes(raw, 'two'))?.[1] ?? ''
  expect(id).toMatch(/^lobby\.\w{8}\.1~den\.\w{8}\.1$/)
  await send(port, 'lobby', 'ada', 'three')
  const resumed = events(port, 'room=lobby&room=den', { 'Last-Event-ID': id })
  expect(await comes(resumed, 'three')).not.toMatch(/one|two/)
})

test('presence is told to those who ask for it, at once and when it changes', async () => {
  const { port } = await startServer()
  const [asked, plain] = [events(port, 'room=lobby&presence=1'), events(port, 'room=lobby')]
  await comes(asked, 'event: presence\ndata: {"lobby":{"members":[],"typing":[]}}\n\n')
  await join(port, 'lobby', 'ada')
  await comes(asked, 'event: presence\ndata: {"lobby":{"members":["ada"],"typing":[]}}\n\n')
  expect(await comes(plain, 'joined')).not.toContain('presence')
})

test('a room that nobody has spoken in is waited in, and is not made', async () => {
  const { port, url } = await startServer()
  const raw = events(port, 'room=nowhere')
  await comes(raw, 'retry')
  expect(await (await fetch(`${url}/rooms`)).json()).toEqual({ rooms: [] })
  await send(port, 'nowhere', 'ada', 'first')
  await comes(raw, 'first')
})

test('a malformed request is refused before the stream begins, and HEAD has no stream', async () => {
  const { port } = await startServer()
  expect((await ask(port, { path: '/events' })).status).toBe(400)
  expect((await ask(port, { path: '/events?room=lobby&since=x' })).status).toBe(400)
  expect((await ask(port, { path: '/events?room=lobby', headers: { Authorization: 'Bearer nobody' } })).status).toBe(
    401,
  )
  const { status, headers } = await ask(port, { method: 'HEAD', path: '/events?room=lobby' })
  expect([status, headers.get('content-type')]).toEqual([200, 'text/event-stream'])
})

test('a server that stops tells each reader when to come back', async () => {
  const server = await startServer()
  const raw = events(server.port, 'room=lobby')
  await comes(raw, 'retry: 2000\n\n')
  await server.stop()
  await until(raw.isClosed, (isClosed) => isClosed)
  expect(raw.text()).toMatch(/retry: 2000\n\nretry: \d{3,4}\n\n$/)
})

const isOpen = async (server: HeldServer, query = 'room=lobby', headers = {}): Promise<Raw> => {
  const raw = events(server.port, query, headers)
  await comes(raw, 'retry')
  return raw
}

test('a comment comes within 15 seconds, and then every 15 seconds', async () => {
  const server = await startHeld()
  const raw = await isOpen(server)
  const comments = (): number => raw.text().match(/^:$/gm)?.length ?? 0
  for (const [ms, count] of [
    [15_900, 1],
    [60_000, 5],
  ] as const) {
    server.clock.advance(ms)
    await send(server.port, 'lobby', 'ada', `after ${count}`)
    server.clock.settle()
    await comes(raw, `after ${count}`)
    expect(comments()).toBe(count)
  }
})

test('a stream is closed between the fifth and the tenth minute', async () => {
  const server = await startHeld()
  const raw = await isOpen(server)
  server.clock.advance(5 * 60_000)
  await send(server.port, 'lobby', 'ada', 'still here')
  server.clock.settle()
  await comes(raw, 'still here')
  server.clock.advance(5 * 60_000)
  await until(raw.isClosed, (isClosed) => isClosed)
  await until(
    () => server.chat.timers.size,
    (size) => size === 0,
  )
})

test('a stream with a token keeps its session, and a minute after its end the session is over', async () => {
  const server = await startHeld()
  const token = await join(server.port, 'lobby', 'ada')
  const raw = await isOpen(server, 'room=lobby', { Authorization: `Bearer ${token}` })
  server.clock.advance(4 * 60_000)
  expect(server.chat.rooms.get('lobby')?.presence.size).toBe(1)
  raw.socket.destroy()
  await until(
    () => server.chat.rooms.get('lobby')?.waiting,
    (waiting) => waiting === 0,
  )
  server.clock.advance(61_000)
  expect(server.chat.rooms.get('lobby')?.presence.size).toBe(0)
})

test('a reader that does not drain for 30 seconds is cut', { timeout: 20_000 }, async () => {
  const server = await startHeld({ ring: 5, rate: Infinity, addressRate: Infinity })
  const raw = await isOpen(server)
  raw.socket.pause()
  const timers = server.chat.timers.size
  for (let i = 0; i < 2000 && server.chat.timers.size === timers; i++) {
    await server.chat.send({ room: 'lobby', username: 'ada', text: '\u{1f600}'.repeat(4000) })
    server.clock.settle()
    await new Promise(setImmediate)
  }
  expect(server.chat.timers.size).toBe(timers + 1)
  server.clock.advance(30_100)
  raw.socket.resume()
  await until(raw.isClosed, (isClosed) => isClosed)
})

test('more streams than there may be are refused, and told when to come back', async () => {
  const server = await startHeld({ polls: 1 })
  await isOpen(server)
  const { status, headers } = await ask(server.port, { path: '/events?room=lobby' })
  expect([status, headers.get('retry-after')]).toEqual([503, '5'])
})

test('the next request on the socket ends the stream', async () => {
  const { port, app } = await startServer()
  const raw = events(port, 'room=lobby')
  await comes(raw, 'retry')
  raw.socket.write('GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await until(raw.isClosed, (isClosed) => isClosed)
  expect(app.chat.timers.size).toBe(0)
})

describe('what comes behind a stream', () => {
  const EVENTS = 'GET /events?room=lobby&since=now HTTP/1.1\r\nHost: localhost\r\n\r\n'
  const SEND = 'POST /send?room=lobby&username=ada HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nhi'

  test.for([
    ['in one packet', [EVENTS + SEND]],
    ['in a later one', [EVENTS, SEND]],
  ] as const)('is not served: its answer is its connection’s last, %s', async ([, packets]) => {
    const { port, app } = await startServer()
    const client = new RawClient(port)
    for (const packet of packets) {
      client.write(packet)
      await until(
        () => client.rest,
        (so) => so.includes('retry:'),
      )
    }
    client.socket.end()
    await client.end()
    expect(client.rest.match(/HTTP\/1\.1/g)).toHaveLength(1)
    expect(app.chat.rooms.get('lobby')?.last ?? 0).toBe(0)
  })

  test.each(['CONNECT localhost:1 HTTP/1.1\r\nHost: localhost\r\n\r\n', 'no request\r\n\r\n'])(
    'does not keep it open when the client goes: %j',
    async (behind) => {
      const { port, app } = await startServer()
      const client = new RawClient(port)
      client.write(EVENTS + behind)
      client.socket.end()
      await client.end()
      await until(
        () => app.chat.feeds.size,
        (size) => size === 0,
      )
    },
  )
})
