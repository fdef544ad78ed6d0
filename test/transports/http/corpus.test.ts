// Bad input. Whatever comes over the socket gets a 4xx or a close within two seconds; the process lives, nothing is
// parked that should not be, and a normal chat works right after.

import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { parse, poll, send } from '../../support/http.js'
import { ask, head, type RawAnswer, RawClient } from '../../support/raw.js'
import { startServer, type TestServer, until } from '../../support/server.js'

const BOUND_MS = 2000

/** What came back for these bytes: an answer, or undefined for a close. Neither within two seconds fails. */
async function answerTo(port: number, bytes: string | Uint8Array): Promise<RawAnswer | undefined> {
  const client = new RawClient(port)
  try {
    client.write(bytes)
    return await client.answer({ ms: BOUND_MS })
  } finally {
    client.destroy()
  }
}

async function expectRefusal(server: TestServer, bytes: string | Uint8Array): Promise<void> {
  const answer = await answerTo(server.port, bytes)
  if (answer !== undefined) {
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.status).toBeLessThan(500)
    expect([
      answer.headers.get('content-type'),
      answer.headers.get('cache-control'),
      answer.headers.get('x-content-type-options'),
    ]).toEqual(['application/problem+json', 'no-store', 'nosniff'])
    expect(parse(answer)).toMatchObject({ status: answer.status })
  }
  await expectChat(server)
}

/** A normal chat works. */
async function expectChat({ port, bugs }: TestServer): Promise<void> {
  const { next } = await poll(port, 'room=after')
  expect((await send(port, 'after', 'ada', 'still here')).status).toBe(201)
  expect((await poll(port, `room=after&since=${next}`)).messages.map(({ text }) => text)).toEqual(['still here'])
  expect(bugs).toEqual([])
}

const get = (target: string): string => `GET ${target} HTTP/1.1\r\nHost: localhost\r\n\r\n`
const sendHead = (headers: string): string =>
  `POST /send?room=lobby&username=ada HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n\r\n`

describe('addresses', () => {
  const paths = [
    '//[',
    '//',
    '///poll?room=lobby',
    '/%zz',
    '/%',
    '/poll%00',
    '/%00',
    '/\\',
    '/poll/',
    '/POLL?room=lobby',
    '/poll;room=lobby',
    '/..',
    '/./poll?room=a',
    '/__proto__',
    '/constructor',
    '/toString',
    '/%2e%2e/%2e%2e/etc/passwd',
  ]
  const queries = [
    '%zz',
    '%',
    '%zz=1',
    'room=%zz',
    'room=%c3',
    'room=%ff',
    'room=%00',
    'room=lobby%0a',
    'room=a/b',
    'room=..',
    'room=lobby&%zz=1',
    'room=lobby&x=%',
  ]
  const forms = [
    'http://localhost/poll?room=lobby',
    'http://[/',
    'https://evil.example/',
    'poll?room=lobby',
    '*',
    '?room=lobby',
    'localhost:80',
    '\\poll',
  ]
  test.each([...paths, ...queries.map((query) => `/poll?${query}`), ...forms])('%s', async (target) => {
    await expectRefusal(await startServer(), get(target))
  })

  test.each(['/poll\0?room=lobby', '/po ll', '/poll?room=lob\x01by', '/poll?room=\x7f', '', ' ', '\t'])(
    'raw %j',
    async (target) => {
      await expectRefusal(await startServer(), get(target))
    },
  )

  test('raw bytes beyond ASCII', async () => {
    await expectRefusal(await startServer(), Buffer.from(get('/poll?room=l\xf6bby\xff'), 'latin1'))
  })
})

describe('cursors and numbers', () => {
  const since = [
    'NaN',
    '-1',
    '1e999',
    '9007199254740993',
    '1&since=2',
    'Infinity',
    '-0',
    '0x1',
    '1.5',
    '1_000',
    '٣',
    '%F0%9F%98%80',
    '[object+Object]',
    'null',
    'undefined',
    'k3f9qz1a.9007199254740993',
    '~'.repeat(500),
    'a'.repeat(2000),
    '1'.repeat(2000),
    'lobby.k3f9qz1a.1~'.repeat(200),
  ]
  test.each(since)('since=%s', async (value) => {
    await expectRefusal(await startServer(), get(`/poll?room=lobby&since=${encodeURI(value)}`))
  })

  test.each([
    'wait=NaN',
    'wait=-1',
    'wait=1e3',
    'wait=Infinity',
    'limit=NaN',
    'limit=1e3',
    'limit=-0',
    'limit=1&limit=2',
    'wait=1&wait=1',
  ])('%s', async (query) => {
    await expectRefusal(await startServer(), get(`/poll?room=lobby&${query}`))
  })
})

test('every method that there is, and some that are none', async () => {
  const server = await startServer()
  const methods =
    'ACL BIND CHECKOUT CONNECT COPY DELETE LINK LOCK M-SEARCH MERGE MKACTIVITY MKCALENDAR MKCOL MOVE NOTIFY OPTIONS PATCH PROPFIND PROPPATCH PURGE PUT REBIND REPORT SEARCH SOURCE SUBSCRIBE TRACE UNBIND UNLINK UNLOCK UNSUBSCRIBE'
  for (const method of [...methods.split(' '), 'get', 'FOO', '__proto__', 'G\0T', 'PRI']) {
    for (const path of ['/poll?room=lobby', '/send', '/', '/nothing', '*']) {
      const answer = await answerTo(server.port, `${method} ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
      expect([method, path, answer === undefined || (answer.status >= 400 && answer.status < 500)]).toEqual([
        method,
        path,
        true,
      ])
    }
  }
  await expectChat(server)
})

test('whoever takes it for a proxy is told that it is none', async () => {
  const { port } = await startServer()
  const answer = await answerTo(port, 'CONNECT example.com:443 HTTP/1.1\r\nHost: localhost\r\n\r\n')
  expect([answer?.status, answer?.body]).toEqual([400, expect.stringContaining('this is no proxy')])
})

describe('heads', () => {
  const lines = [
    'nonsense\r\n\r\n',
    '\r\n\r\n\r\n\r\nnonsense\r\n\r\n',
    'GET / HTTP/9.9\r\nHost: localhost\r\n\r\n',
    'GET / HTTP/1.1 x\r\nHost: localhost\r\n\r\n',
    'GET /\r\n\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
    'GET / HTTP/1.1\r\nHost: localhost\r\nBad Name: x\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: localhost\r\nX: a\0b\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: localhost\r\n: x\r\n\r\n',
    'GET / HTTP/1.1\r\nHost localhost\r\n\r\n',
    'GET /health HTTP/1.1\r\n\r\n',
    'GET /health HTTP/1.1\r\nHost:\r\n\r\n',
    'GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
  ]
  test.each(lines)('%j', async (bytes) => {
    await expectRefusal(await startServer(), bytes)
  })

  test('of 3,000 headers', async () => {
    const many = Array.from({ length: 3000 }, (_, i) => `X-${i}: y`).join('\r\n')
    await expectRefusal(await startServer(), `GET /health HTTP/1.1\r\nHost: localhost\r\n${many}\r\n\r\n`)
  })

  test('of 17 KiB in one header, and in one address', async () => {
    const long = 'x'.repeat(17 * 1024)
    const server = await startServer()
    await expectRefusal(server, `GET /health HTTP/1.1\r\nHost: localhost\r\nX: ${long}\r\n\r\n`)
    await expectRefusal(server, get(`/poll?room=lobby&x=${long}`))
  })

  test('that never end', async () => {
    const server = await startServer()
    const client = new RawClient(server.port)
    client.write('GET /health HTTP/1.1\r\nHost: localhost\r\n')
    for (let i = 0; i < 2000 && !client.closed; i++) client.write(`X-${i}: ${'y'.repeat(100)}\r\n`)
    await client.end(BOUND_MS)
    await expectChat(server)
  })
})

describe('lengths that contradict each other', () => {
  const heads = [
    'Content-Length: 2\r\nTransfer-Encoding: chunked',
    'Transfer-Encoding: chunked\r\nContent-Length: 2',
    'Content-Length: 2\r\nContent-Length: 3',
    'Content-Length: 2, 3',
    'Content-Length: -1',
    'Content-Length: 1e3',
    'Content-Length: 0x2',
    'Content-Length: 99999999999999999999999',
    'Content-Length: x',
    'Content-Length:',
    'Transfer-Encoding: gzip',
    'Transfer-Encoding: chunked, identity',
    'Transfer-Encoding: xchunked',
    'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity',
  ]
  test.each(heads)('%j', async (headers) => {
    await expectRefusal(await startServer(), `${sendHead(headers)}2\r\nhi\r\n0\r\n\r\n`)
  })

  test.each(['zz\r\nhi\r\n', '-1\r\n\r\n', 'ffffffffffffffffff\r\n', '2\r\nhixx', '2\nhi\n0\n\n'])(
    'chunks %j',
    async (chunks) => {
      await expectRefusal(await startServer(), `${sendHead('Transfer-Encoding: chunked')}${chunks}`)
    },
  )

  test('and smuggle nothing: what follows is no request', async () => {
    const server = await startServer()
    const hidden = head({ method: 'POST', path: '/send?room=hidden&username=eve', body: 'x' })
    await answerTo(server.port, `${sendHead('Content-Length: 6\r\nTransfer-Encoding: chunked')}0\r\n\r\n${hidden}x`)
    await expectChat(server)
    expect(server.app.chat.rooms.get('hidden')).toBeUndefined()
  })
})

describe('bodies', () => {
  test('of 100 MB in chunks are refused while they come', async () => {
    const server = await startServer()
    const client = new RawClient(server.port)
    client.write(sendHead('Transfer-Encoding: chunked\r\nContent-Type: text/plain'))
    const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(65_536, 'x'), Buffer.from('\r\n')])
    let sent = 0
    const pump = (): void => {
      while (sent < 1600 && !client.closed) {
        sent++
        if (!client.write(chunk)) return void client.socket.once('drain', pump)
      }
    }
    const start = performance.now()
    pump()
    const answer = await client.answer({ ms: BOUND_MS })
    expect(answer?.status).toBe(413)
    await client.end(BOUND_MS)
    expect(performance.now() - start).toBeLessThan(2 * BOUND_MS)
    await expectChat(server)
  })

  test('of 100 MB announced are refused before they come', async () => {
    await expectRefusal(await startServer(), sendHead('Content-Length: 104857600\r\nContent-Type: text/plain'))
  })

  test('that are compressed, also a bomb', async () => {
    const server = await startServer()
    for (const body of [
      gzipSync('{"room":"lobby","username":"ada","text":"hi"}'),
      gzipSync(Buffer.alloc(10_000_000)),
    ]) {
      const headers = `Content-Encoding: gzip\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`
      await expectRefusal(server, Buffer.concat([Buffer.from(sendHead(headers)), body]))
    }
  })

  test('that are a deep or a wide JSON', async () => {
    const server = await startServer()
    for (const body of [
      '['.repeat(60_000),
      `{"room":${'['.repeat(30_000)}${']'.repeat(30_000)}}`,
      `{${'"a":1,'.repeat(8000)}"a":1}`,
      '{"__proto__":{"room":"lobby"},"text":"x"}',
      '{"constructor":{"prototype":{}}}',
    ]) {
      await expectRefusal(
        server,
        `POST /send HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      )
    }
  })

  test('that stop in the middle leave nothing behind', async () => {
    const server = await startServer()
    const client = new RawClient(server.port)
    client.write(`${sendHead('Content-Length: 100')}half`)
    await expectChat(server)
    client.destroy()
    await expectChat(server)
    expect(server.app.chat.rooms.get('lobby')).toBeUndefined()
  })
})

test('an upgrade to something else is a request like any other', async () => {
  const server = await startServer()
  const answer = await answerTo(
    server.port,
    'GET /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n\r\n',
  )
  expect(answer?.status ?? 404).toBe(404)
  await expectChat(server)
})

test('200 sockets with 50 pipelined polls each, destroyed, leave nobody parked and nothing that listens', async () => {
  const server = await startServer()
  const stats = async (): Promise<number> => Number(parse(await ask(server.port, { path: '/stats' }))['parked'])
  const polls = head({ path: '/poll?room=hall&since=0' }).repeat(50)
  const clients = Array.from({ length: 200 }, () => new RawClient(server.port))
  for (const client of clients) client.write(polls)
  let most = 0
  for (let i = 0; i < 500 && most < 200; i++) most = Math.max(most, await stats())
  expect(most).toBe(200)
  for (const client of clients) client.destroy()
  const hall = (): number => server.app.chat.rooms.get('hall')?.waiting ?? 0
  await until(hall, (waiting) => waiting === 0, BOUND_MS)
  expect([await stats(), server.app.chat.timers.size]).toEqual([0, 0])
  await expectChat(server)
})

test('a socket that asks again and again has no more listeners than one that asked once', async () => {
  const server = await startServer()
  const counts: number[] = []
  server.app.http.server.on('request', ({ socket }) => {
    counts.push(socket.eventNames().reduce((sum, name) => sum + socket.listenerCount(name), 0))
  })
  const client = new RawClient(server.port)
  for (let i = 0; i < 50; i++) {
    client.write(head({ path: '/poll?room=lobby&since=0&wait=0' }))
    await client.answer()
  }
  client.destroy()
  expect(Math.max(...counts.slice(2))).toBeLessThanOrEqual((counts[1] ?? 0) + 1)
})
