// Where requests end, and the order of their answers. A request that two programs might read differently is refused,
// a pipeline is answered up to the point where it breaks, and a client that reads nothing is read no further.

import { once } from 'node:events'
import { createServer } from 'node:http'
import { describe, expect, onTestFinished, test } from 'vitest'
import { checkFraming } from '../../../src/transports/http/framing.js'
import { head, RawClient } from '../../support/raw.js'
import { startServer, until } from '../../support/server.js'

const OFFER = 'Connection: Upgrade\r\nUpgrade: h2c\r\n'
const HIDDEN = head({ method: 'POST', path: '/send?room=hidden&username=eve&text=x', body: '' })
const health = head({ path: '/health' })
const post = (headers: string): string =>
  `POST /send?room=lobby&username=ada HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`

function connect(port: number): RawClient {
  const client = new RawClient(port)
  onTestFinished(() => client.destroy())
  return client
}

/** The statuses of all answers until the server closes, each piece of the request sent by itself. */
async function statuses(port: number, ...pieces: readonly string[]): Promise<number[]> {
  const client = connect(port)
  for (const piece of pieces) {
    client.write(piece)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  const all: number[] = []
  for (let answer = await client.answer(); answer !== undefined; answer = await client.answer()) all.push(answer.status)
  return all
}

describe('a request whose end is in doubt is refused, and is the last of its connection', () => {
  const heads = [
    ...[
      'identity',
      'gzip',
      'chunked;q=1',
      'xchunked',
      '',
      'chunked, chunked',
      'gzip, chunked',
      'chunked, identity',
    ].map((coding) => `Transfer-Encoding: ${coding}\r\n`),
    'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n',
    'Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n',
    'Transfer-Encoding: chunked\r\nContent-Length: 5\r\n',
    'Content-Length: 5\r\nTransfer-Encoding: gzip\r\n',
  ]
  const all = heads.flatMap((headers) => [headers, `${OFFER}${headers}`, `${headers}${OFFER}`])
  test.each(all)('%j', async (headers) => {
    const { app, port } = await startServer()
    const ways = [[post(headers) + HIDDEN], [post(headers), HIDDEN], [post(headers), '0\r\n\r\n', HIDDEN]]
    expect(await Promise.all(ways.map((pieces) => statuses(port, ...pieces)))).toEqual([[400], [400], [400]])
    expect(app.chat.rooms.get('hidden')).toBeUndefined()
  })

  test.each(['GET', 'HEAD'])('a %s with a body', async (method) => {
    const { app, port } = await startServer()
    for (const framing of [
      'Content-Length: 3\r\n',
      'Transfer-Encoding: chunked\r\n',
      `${OFFER}Content-Length: 3\r\n`,
    ]) {
      const asked = `${method} /health HTTP/1.1\r\nHost: localhost\r\n${framing}\r\n`
      const client = connect(port)
      client.write(asked + HIDDEN)
      expect((await client.answer({ head: method === 'HEAD' }))?.status).toBe(400)
      await client.end()
    }
    expect(app.chat.rooms.get('hidden')).toBeUndefined()
  })

  test('HTTP/1.0 in chunks', async () => {
    const { app, port } = await startServer()
    const asked = post('Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n').replace('HTTP/1.1', 'HTTP/1.0')
    expect(await statuses(port, `${asked}2\r\nhi\r\n0\r\n\r\n${HIDDEN}`)).toEqual([400])
    expect([app.chat.rooms.get('lobby'), app.chat.rooms.get('hidden')]).toEqual([undefined, undefined])
  })

  test('on the ways that are mounted beside the routes as well', async () => {
    const { port } = await startServer({ websocket: true, socketio: true })
    for (const path of ['/ws/lobby/ada', '/socket.io/?EIO=4&transport=polling']) {
      for (const framing of ['Content-Length: 3\r\n', 'Transfer-Encoding: gzip\r\n']) {
        const asked = `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${framing}`
        expect(await statuses(port, `${asked}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`, HIDDEN)).toEqual([400])
        expect(await statuses(port, `${asked}\r\n`, HIDDEN)).toEqual([400])
      }
    }
  })

  test('while no body at all, or one in chunks, is taken', async () => {
    const { app, port } = await startServer()
    const chunks = `${post('Transfer-Encoding: Chunked\r\n')}2\r\nhi\r\n0\r\n\r\n`
    const bye = head({ path: '/health', headers: { Connection: 'close', 'Content-Length': '0' } })
    expect(await statuses(port, chunks + bye)).toEqual([201, 200])
    expect(app.chat.rooms.get('lobby')?.last).toBe(1)
  })
})

test('an offer to upgrade that is not taken up is served with its body, in turn, and is the last', async () => {
  const { app, port } = await startServer()
  for (const framing of ['Content-Length: 2\r\n\r\nhi', 'Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n']) {
    const asked = `${post(OFFER).slice(0, -2)}${framing}`
    expect(await statuses(port, health + health + asked + HIDDEN)).toEqual([200, 200, 201])
    expect(await statuses(port, health + health + asked.slice(0, -1), asked.slice(-1))).toEqual([200, 200, 201])
  }
  expect([app.chat.rooms.get('lobby')?.last, app.chat.rooms.get('hidden')]).toEqual([4, undefined])
})

test('an offer to upgrade right behind another request is answered once, in one packet and in several', async () => {
  const { port } = await startServer()
  const parked = head({ path: '/poll?room=lobby&since=now&wait=1', headers: { Connection: 'Upgrade', Upgrade: 'h2c' } })
  for (const pieces of [[health + parked + health], [health, parked, health], [health + parked, health]])
    expect(await statuses(port, ...pieces)).toEqual([200, 200])
})

describe('of requests in one packet each whole one is answered, in turn, before', () => {
  const say = (text: string): string =>
    head({ method: 'POST', path: '/send?room=lobby&username=ada', body: text }) + text
  test.each([
    ['nonsense', 'NONSENSE\r\n\r\n', [400]],
    ['a head that is none', 'GET / HTTP/1.1\r\nHost localhost\r\n\r\n', [400]],
    ['a body that breaks off', `${post('Transfer-Encoding: chunked\r\n')}2\r\nhi\r\nzz\r\n`, [400]],
    [
      'a body that breaks off behind its refusal',
      `${post('Transfer-Encoding: chunked\r\n').replace('/send', '/x')}zz\r\n`,
      [404],
    ],
    [
      'a body that breaks off behind a refusal that waits for a poll',
      `${head({ path: '/poll?room=lobby&since=now&wait=1' })}${post('Transfer-Encoding: chunked\r\n').replace('/send', '/x')}zz\r\n`,
      [200, 404],
    ],
    ['a proxy’s request', 'CONNECT example.com:443 HTTP/1.1\r\nHost: localhost\r\n\r\n', [400]],
    ['a body of a coding', `${post('Transfer-Encoding: gzip\r\n')}`, [400]],
  ])('%s', async (_name, broken, end) => {
    const { app, port } = await startServer({ rate: Infinity })
    const before = [say('one'), health, say('two'), head({ path: '/poll?room=lobby&since=now' }), say('three')].join('')
    for (const pieces of [[before + broken + HIDDEN], [before, broken, HIDDEN]])
      expect(await statuses(port, ...pieces)).toEqual([201, 200, 201, 200, 201, ...end])
    expect([app.chat.rooms.get('lobby')?.last, app.chat.rooms.get('hidden')]).toEqual([6, undefined])
  })
})

/** Answers of 1 MiB that are more than a socket and the system take. */
const POLLS = 8

describe('a client that reads nothing', () => {
  /** Counts the requests that became objects. */
  async function stalled() {
    const server = await startServer({ rate: Infinity })
    for (let i = 0; i < 500; i++) await server.app.chat.send({ room: 'lobby', username: 'ada', text: 'x'.repeat(3900) })
    let taken = 0
    server.app.http.server.on('request', () => taken++)
    const client = connect(server.port)
    client.socket.pause()
    client.write(head({ path: '/poll?room=lobby&since=0' }).repeat(POLLS))
    return { client, taken: () => taken, app: server.app }
  }

  test('has a few of its requests taken, and all of them answered in turn once it reads', async () => {
    const { client, taken } = await stalled()
    const count = 5000
    for (let i = 0; i < count / 500; i++) {
      client.write('GET /health HTTP/1.1\r\n\r\n'.repeat(500))
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    await until(taken, (requests) => requests > 16)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(taken()).toBeLessThan(40)
    client.socket.resume()
    for (let i = 0; i < count + POLLS; i++) expect((await client.answer())?.status).toBe(i < POLLS ? 200 : 400)
    expect(taken()).toBe(count + POLLS)
  })

  test('has no message said that waits behind the others', async () => {
    const { client, app } = await stalled()
    client.write('GET /health HTTP/1.1\r\n\r\n'.repeat(100) + HIDDEN)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(app.chat.rooms.get('hidden')).toBeUndefined()
    client.socket.resume()
    await until(
      () => app.chat.rooms.get('hidden')?.last,
      (last) => last === 1,
    )
  })
})

test('a WebSocket that is asked for behind other requests is opened in turn, with what was sent behind it', async () => {
  const { app, port } = await startServer({ websocket: true })
  const client = connect(port)
  const padding = { 'X-Padding': 'x'.repeat(300) }
  const key = { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version': '13' }
  const offer = head({
    path: '/ws/lobby/ada',
    headers: { Connection: 'Upgrade', Upgrade: 'websocket', ...key, ...padding },
  })
  // A text frame, masked with zeros: hi.
  client.write(Buffer.concat([Buffer.from(health + health + offer), Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69])]))
  expect([(await client.answer())?.status, (await client.answer())?.status]).toEqual([200, 200])
  await until(
    () => app.chat.rooms.get('lobby')?.last,
    (last) => last === 2,
  )
  const said = app.chat.rooms.get('lobby')?.slice(1, 2)
  expect(said?.map(({ message }) => message.text)).toEqual(['joined', 'hi'])
  expect(client.rest).toContain('101 Switching Protocols')
})

test('a client that reads nothing is cut by the handler on a server that is not ours', async () => {
  const { app } = await startServer()
  for (let i = 0; i < 500; i++) await app.chat.send({ room: 'lobby', username: 'ada', text: 'x'.repeat(3900) })
  const server = createServer(app.http.handler).listen(0, '127.0.0.1')
  onTestFinished(() => server.close().closeAllConnections())
  await once(server, 'listening')
  const address = server.address()
  const client = connect(typeof address === 'object' && address !== null ? address.port : 0)
  client.socket.pause()
  client.write(head({ path: '/poll?room=lobby&since=0' }).repeat(POLLS) + health.repeat(300))
  await until(() => client.socket.resume() && client.closed, Boolean)
})

test('a pipeline of three hundred with large bodies is answered whole and in turn, in any pieces', async () => {
  const { app, port } = await startServer({ rate: Infinity })
  const client = connect(port)
  const body = (i: number): string => `${i} ${'\r\n\r\n'.repeat(i % 30)}${'y'.repeat((i * 37) % 3000)}`
  const all = Array.from(
    { length: 300 },
    (_, i) => head({ method: 'POST', path: '/send?room=lobby&username=ada', body: body(i) }) + body(i),
  ).join('')
  for (let at = 0, size = 1; at < all.length; at += size, size = (size * 7) % 40_009)
    client.write(all.slice(at, at + size))
  for (let i = 0; i < 300; i++) expect((await client.answer())?.body).toContain(`"id":${i + 1},`)
  expect(app.chat.rooms.get('lobby')?.last).toBe(300)
})

// Node refuses these by itself today; a proxy's own server, or another version, may not.
test('a coding that is given twice, or beside a length, is refused, whoever has read the head', () => {
  const twice = ['Transfer-Encoding', 'chunked', 'transfer-encoding', 'chunked']
  const request = (rawHeaders: string[]) => ({ method: 'POST', httpVersion: '1.1', rawHeaders })
  expect(() => checkFraming(request(twice))).toThrow('Transfer-Encoding is exactly chunked')
  expect(() => checkFraming(request([...twice.slice(2), 'Content-Length', '2']))).toThrow('not both')
  expect(() => checkFraming(request(twice.slice(2)))).not.toThrow()
})
