// The fast path: a plain request is answered on the socket, all others by `node:http`, and no client can tell the
// difference.

import type { Server } from 'node:http'
import { describe, expect, onTestFinished, test } from 'vitest'
import { readPlain } from '../../../src/transports/http/fast/parse.js'
import { head, type RawAnswer, RawClient } from '../../support/raw.js'
import { MEASURES } from '../../support/retried.js'
import { startServer, until } from '../../support/server.js'

const HOST = 'Host: localhost\r\n'

function read(text: string) {
  const starts = [
    { method: 'GET', text: 'GET /poll' },
    { method: 'POST', text: 'POST /send' },
  ] as const
  return readPlain(Buffer.from(text, 'latin1'), starts, undefined)
}

describe('a plain request', () => {
  test('is read into its query and its headers', () => {
    const found = read('GET /poll?room=lobby&since=k3f9qz1a.801 HTTP/1.1\r\nHost: a:1\r\nX-One:  two three \r\n\r\n')
    expect(found?.query).toBe('room=lobby&since=k3f9qz1a.801')
    expect(found?.head.rawHeaders).toEqual(['Host', 'a:1', 'X-One', 'two three'])
  })

  test('has a body of the length that it says, in bytes', () => {
    const found = read(`POST /send?room=a HTTP/1.1\r\n${HOST}Content-Length: 2\r\n\r\n\u00c3\u00a9`)
    expect([found?.start.method, found?.query, found?.body.toString()]).toEqual(['POST', 'room=a', 'é'])
    expect(read('GET /poll HTTP/1.1\r\nHost: a\r\n\r\n')?.query).toBe('')
  })

  test('with the head of the last one shares it', () => {
    const first = read(`GET /poll?room=a HTTP/1.1\r\n${HOST}\r\n`)
    expect(read(`GET /poll?room=b HTTP/1.1\r\n${HOST}\r\n`)?.head).toBe(first?.head)
  })

  test.each([
    ['another path', `GET /polls?room=a HTTP/1.1\r\n${HOST}\r\n`],
    ['a path that only begins so', `GET /poll/x?room=a HTTP/1.1\r\n${HOST}\r\n`],
    ['another method', `HEAD /poll?room=a HTTP/1.1\r\n${HOST}\r\n`],
    ['another version', `GET /poll?room=a HTTP/1.0\r\n${HOST}\r\n`],
    ['an escape', `GET /poll?room=%61 HTTP/1.1\r\n${HOST}\r\n`],
    ['a space in its target', `GET /poll?room=a b HTTP/1.1\r\n${HOST}\r\n`],
    ['half a head', `GET /poll?room=a HTTP/1.1\r\n${HOST}`],
    ['a second request behind it', `GET /poll?room=a HTTP/1.1\r\n${HOST}\r\nGET / HTTP/1.1\r\n${HOST}\r\n`],
    ['a body that nobody asks for', `GET /poll?room=a HTTP/1.1\r\n${HOST}Content-Length: 4\r\n\r\n\r\n\r\n`],
    ['half a body', `POST /send HTTP/1.1\r\n${HOST}Content-Length: 3\r\n\r\nhi`],
    ['more than its body', `POST /send HTTP/1.1\r\n${HOST}Content-Length: 1\r\n\r\nhi`],
    ['a body of no length', `POST /send HTTP/1.1\r\n${HOST}\r\nhi`],
    ['two lengths', `POST /send HTTP/1.1\r\n${HOST}Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi`],
    ['a length that is no number', `POST /send HTTP/1.1\r\n${HOST}Content-Length: +2\r\n\r\nhi`],
    ['a tab behind a length', `POST /send HTTP/1.1\r\n${HOST}Content-Length: 2\t\r\n\r\nhi`],
    ['a tab before a length', `POST /send HTTP/1.1\r\n${HOST}Content-Length:\t2\r\n\r\nhi`],
    ['chunks', `GET /poll?room=a HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`],
    ['an end', `GET /poll?room=a HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`],
    ['an upgrade', `GET /poll?room=a HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n`],
    ['an expectation', `GET /poll?room=a HTTP/1.1\r\n${HOST}Expect: 100-continue\r\n\r\n`],
    ['a folded line', `GET /poll?room=a HTTP/1.1\r\n${HOST}X: 1\r\n 2\r\n\r\n`],
    ['a space before a colon', `GET /poll?room=a HTTP/1.1\r\n${HOST}X : 1\r\n\r\n`],
    ['a line without a colon', `GET /poll?room=a HTTP/1.1\r\n${HOST}X\r\n\r\n`],
    ['a lone line feed', `GET /poll?room=a HTTP/1.1\r\n${HOST}X: 1\nY: 2\r\n\r\n`],
    ['a control character', `GET /poll?room=a HTTP/1.1\r\n${HOST}X: \u0000\r\n\r\n`],
    ['a byte past ASCII', `GET /poll?room=a HTTP/1.1\r\n${HOST}X: \u00e9\r\n\r\n`],
    ['too many headers', `GET /poll?room=a HTTP/1.1\r\n${HOST}${'X: 1\r\n'.repeat(63)}\r\n`],
    ['a head too large', `GET /poll?room=a HTTP/1.1\r\n${HOST}X: ${'x'.repeat(8192)}\r\n\r\n`],
  ])('has not %s', (_name, text) => {
    expect(read(text)).toBeUndefined()
  })
})

const connect = () => connectTo(() => undefined)

async function connectTo(prepare: (server: Server) => void) {
  const server = await startServer()
  prepare(server.app.http.server)
  const client = new RawClient(server.port)
  onTestFinished(() => client.destroy())
  const say = (text: string) => server.app.chat.send({ room: 'lobby', username: 'ada', text })
  const parked = async (count: number): Promise<void> => {
    for (let i = 0; server.app.chat.rooms.get('lobby')?.waiting !== count; i++) {
      if (i > 500) throw new Error('they were not parked')
      await new Promise((resolve) => setTimeout(resolve, 4))
    }
  }
  return { ...server, client, say, parked }
}

const now = (wait: number) => head({ path: `/poll?room=lobby&since=now&wait=${wait}` })
/** An answer, without what time changes and without the order of its headers. */
function shape(answer: RawAnswer | undefined) {
  const lines = [...(answer?.headers ?? [])].map(([name, value]) => `${name}: ${name === 'date' ? '' : value}`)
  return [answer?.status, lines.toSorted(), answer?.body.replace(/"now":\d+/, '')]
}

describe('a connection', () => {
  test('has the same answers from the fast path and from node:http', async () => {
    const { port, say } = await connect()
    await say('one')
    const answerTo = async (query: string, headers = {}) => {
      const client = new RawClient(port)
      client.write(head({ path: `/poll?${query}`, headers }))
      const answer = await client.answer()
      client.destroy()
      return answer
    }
    for (const query of [
      'room=lobby',
      'room=lobby&since=0&limit=x',
      'room=a.b',
      'since=1',
      'room=lobby&wait=0&since=now',
    ]) {
      // What the fast path does not know it hands over, and `node:http` thinks nothing of it.
      const [fast, slow] = [await answerTo(query), await answerTo(query, { Te: 'trailers' })]
      expect(shape(fast)).toEqual(shape(slow))
    }
  })

  test('is served poll by poll and in turn, on the fast path and by node:http after it', async () => {
    const { client, say, parked } = await connect()
    await say('one')
    client.write(now(20))
    await parked(1)
    const body = '{"room":"lobby","username":"bob","text":"two"}'
    // It comes while a poll waits: the poll is answered first, with nothing.
    client.write(head({ method: 'POST', path: '/send', headers: { 'Content-Type': 'application/json' }, body }) + body)
    expect((await client.answer())?.body).toContain('"messages":[]')
    expect((await client.answer())?.body).toContain('"text":"two"')
    for (const text of ['three', 'four']) {
      client.write(now(20))
      await parked(1)
      await say(text)
      expect((await client.answer())?.body).toContain(`"text":"${text}"`)
      client.write(head({ path: '/health' }))
      expect((await client.answer())?.status).toBe(200)
    }
  })

  test('that sends many at once has them said in turn', async () => {
    const { client, app } = await connect()
    for (let i = 0; i < 20; i++) {
      const body = `{"room":"lobby","username":"bob","text":"${i}"}`
      client.write(
        head({ method: 'POST', path: '/send', headers: { 'Content-Type': 'application/json' }, body }) + body,
      )
    }
    for (let i = 0; i < 20; i++) expect((await client.answer())?.body).toContain(`"id":${i + 1},`)
    expect(app.chat.rooms.get('lobby')?.last).toBe(20)
  })

  test('may not send what another site made it send, whatever it may read', async () => {
    const { client, say } = await connect()
    await say('one')
    const headers = { Origin: 'https://evil.example', 'Content-Length': '0' }
    client.write(head({ path: '/poll?room=lobby&wait=0', headers }))
    expect((await client.answer())?.status).toBe(200)
    client.write(head({ method: 'POST', path: '/send?room=lobby&username=eve&text=hi', headers }))
    expect((await client.answer())?.status).toBe(403)
  })

  test('a second poll releases the first, on the fast path as well', async () => {
    const { client, parked, say } = await connect()
    await say('one')
    client.write(now(20))
    await parked(1)
    client.write(now(0))
    const answers = [await client.answer(), await client.answer()]
    expect(answers.map((answer) => answer?.status)).toEqual([200, 200])
    await parked(0)
  })

  test('that ends while its poll waits leaves nothing behind, half or whole', async () => {
    const { port, parked, say } = await connect()
    await say('one')
    const [half, whole] = [new RawClient(port), new RawClient(port)]
    half.write(now(20))
    whole.write(now(20))
    await parked(2)
    half.socket.end()
    whole.destroy()
    await parked(0)
    await half.end()
  })

  test('that says at once that it sends no more has its answer first, also among many', async () => {
    const { port, say } = await connect()
    await say('one')
    const clients = Array.from({ length: 200 }, () => new RawClient(port))
    for (const { socket } of clients) socket.end(now(0))
    for (const client of clients) expect((await client.answer())?.status).toBe(200)
    for (const client of clients) await client.end()
  })

  test('is refused by the origins each time, not only the first', async () => {
    const { client } = await connect()
    for (let i = 0; i < 3; i++) {
      client.write(head({ path: '/poll?room=lobby&wait=0', headers: { Host: 'evil.example' } }))
      expect((await client.answer())?.status).toBe(403)
    }
    client.write(head({ path: '/poll?room=lobby&wait=0' }))
    expect((await client.answer())?.status).toBe(200)
  })

  test('that ends in nonsense has what it asked before it answered, in turn', async () => {
    const { client, say } = await connect()
    await say('one')
    const body = '{"room":"lobby","username":"bob","text":"two"}'
    const headers = { 'Content-Type': 'application/json' }
    client.write([head({ path: '/health' }), head({ method: 'POST', path: '/send', headers, body }), body].join(''))
    client.write(`${now(20)}NONSENSE\r\n\r\n`)
    const answers = [await client.answer(), await client.answer(), await client.answer(), await client.answer()]
    expect(answers.map((answer) => answer?.status)).toEqual([200, 201, 200, 400])
    await client.end()
  })

  test('that reads nothing of what it is given is given one answer at a time', async () => {
    const { app, port, say } = await connect()
    for (let i = 0; i < 500; i++) await say('x'.repeat(4000))
    const client = new RawClient(port)
    client.socket.pause()
    for (let i = 0; i < 40; i++) {
      client.write(head({ path: '/poll?room=lobby' }))
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    const answered = () => app.metrics.delivered.sum / 500
    await until(answered, (count) => count >= 1)
    expect(answered()).toBeLessThan(5)
    client.socket.resume()
    for (let i = 0; i < 40; i++) expect((await client.answer())?.status).toBe(200)
    client.destroy()
  })

  test('that waits is told when the server stops, and one that is idle is closed', MEASURES, async () => {
    const server = await connect()
    const { client, port, parked, say } = server
    await say('one')
    const idle = new RawClient(port)
    idle.write(now(0))
    await idle.answer()
    client.write(now(20))
    await parked(1)
    const before = performance.now()
    await Promise.all([server.stop(), idle.end(), client.end()])
    const answer = await client.answer()
    expect([answer?.status, answer?.headers.get('connection')]).toEqual([200, 'close'])
    expect(JSON.parse(answer?.body ?? '')).toHaveProperty('retry')
    expect(performance.now() - before).toBeLessThan(2000)
  })
})

describe.each([
  ['shared', false],
  ['documented', true],
])('a poll that comes again, read in the %s way', (_way, isDocumented) => {
  const connect = () => connectTo((server) => isDocumented && server.on('connection', () => undefined))
  const again = (id: number | string, wait = 20) => head({ path: `/poll?room=lobby&since=${id}&wait=${wait}` })

  /** A client that has one poll behind it, and waits with the next one, which differs from it by its number alone. */
  async function waiting(wait = 20) {
    const server = await connect()
    const { client, say, parked } = server
    await say('one')
    client.write(again(0, wait))
    await client.answer()
    client.write(again(1, wait))
    await parked(1)
    return server
  }

  test('has each message once and in order, in any cursor, whoever else asks for what', async () => {
    const { client, say, parked, app } = await connect()
    await say('1')
    const seen: string[] = []
    let next = '0'
    for (let i = 2; i < 40; i++) {
      client.write(again(next))
      if (i % 3 === 0) await parked(1)
      if (i % 7 === 0) client.write(again(next, 0))
      await say(String(i))
      for (let answers = i % 7 === 0 ? 2 : 1; answers > 0; answers--) {
        const { messages, next: cursor } = JSON.parse((await client.answer())?.body ?? '')
        if (answers === 1 || messages.length > 0) next = i % 5 === 0 ? cursor : cursor.slice(9)
        seen.push(...messages.map(({ text }: { text: string }) => text))
      }
    }
    client.write(again(next, 0))
    seen.push(...JSON.parse((await client.answer())?.body ?? '').messages.map(({ text }: { text: string }) => text))
    expect([...new Set(seen)]).toEqual(Array.from({ length: 39 }, (_, i) => String(i + 1)))
    await until(
      () => app.chat.rooms.get('lobby')?.waiting,
      (count) => count === 0,
    )
  })

  test('is let go by the next request, and tells a number that is too great as the first one does', async () => {
    const { client, parked } = await waiting()
    client.write(again(9))
    expect(JSON.parse((await client.answer())?.body ?? '').messages).toEqual([])
    expect(JSON.parse((await client.answer())?.body ?? '').gaps).toEqual([
      { room: 'lobby', reason: 'rewind', missed: null, first: 1 },
    ])
    await parked(0)
  })

  test('ends when its time is over', async () => {
    const { client, parked } = await waiting(1)
    const answer = await client.answer()
    expect(JSON.parse(answer?.body ?? '')).toMatchObject({ messages: [], more: false, gaps: [] })
    await parked(0)
  })

  test('leaves nothing behind when its connection ends', async () => {
    const { client, parked, app } = await waiting()
    client.destroy()
    await parked(0)
    expect(app.metrics.polls.lines('polls').find((line) => line.includes('closed'))).toContain(' 1')
  })

  test('is told when the server stops', async () => {
    const { client, ...server } = await waiting()
    await Promise.all([server.stop(), client.end()])
    const answer = await client.answer()
    expect([answer?.status, answer?.headers.get('connection')]).toEqual([200, 'close'])
    expect(JSON.parse(answer?.body ?? '')).toHaveProperty('retry')
  })
})
