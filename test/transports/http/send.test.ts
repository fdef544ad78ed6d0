import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { bearer, join, type Json, parse, poll, post, send } from '../../support/http.js'
import { ask, head, type RawAnswer, RawClient, type RawRequest } from '../../support/raw.js'
import { startServer } from '../../support/server.js'

const FORM = 'application/x-www-form-urlencoded'
const QUERY = '/send?room=lobby&username=ada'

function say(
  path: string,
  type: string | undefined,
  body: string | Uint8Array,
  headers: Record<string, string> = {},
): RawRequest {
  return { method: 'POST', path, headers: { 'Content-Type': type, ...headers }, body }
}

const message = (answer: RawAnswer): Json => Object(parse(answer)['message'])
const told = (answer: RawAnswer): unknown[] => [answer.status, message(answer)['username'], message(answer)['text']]

describe('a body', () => {
  test('may be JSON', async () => {
    const { port } = await startServer()
    const answer = await ask(port, post('/send', { room: 'lobby', username: 'ada', text: 'hi', key: 'c_9f2k' }))
    expect(answer.status).toBe(201)
    expect(answer.body).toMatch(
      /^\{"message":\{"id":1,"room":"lobby","type":"chat","username":"ada","text":"hi","timestamp":\d{13},"key":"c_9f2k"\},"next":"[a-z0-9]{8}\.1"\}$/,
    )
  })

  test('may be a form', async () => {
    const { port } = await startServer()
    expect(told(await ask(port, say('/send', FORM, 'room=lobby&username=ada+l&text=a%26b+%E2%9C%93&')))).toEqual([
      201,
      'ada l',
      'a&b ✓',
    ])
    expect(told(await ask(port, say('/send', `${FORM}; charset=UTF-8`, 'text=hi&username=ada&room=lobby')))).toEqual([
      201,
      'ada',
      'hi',
    ])
  })

  const raw: [string, string | undefined, string][] = [
    ['a form without a text, as curl -d sends it', FORM, 'hello'],
    ['a form without a text that is nearly one', FORM, 'a=1&b=%zz+&textual=x'],
    ['text/plain', 'text/plain;charset=UTF-8', 'text=hello & more'],
    ['text without a type', undefined, '{"text":"hi"}'],
  ]
  test.each(raw)('may be %s: then it is the text itself', async (_what, type, body) => {
    const { port } = await startServer()
    expect(told(await ask(port, say(QUERY, type, body)))).toEqual([201, 'ada', body])
  })

  test('wins over the query, field by field', async () => {
    const { port } = await startServer()
    const query = '/send?room=den&username=bob&text=query&key=q'
    expect(message(await ask(port, post(query, { room: 'lobby', text: 'body' })))).toMatchObject({
      room: 'lobby',
      username: 'bob',
      text: 'body',
      key: 'q',
    })
    expect(message(await ask(port, say(query, FORM, 'username=ada&text=form')))).toMatchObject({
      room: 'den',
      username: 'ada',
      text: 'form',
    })
    expect(message(await ask(port, say(query, 'text/plain', 'raw')))).toMatchObject({
      room: 'den',
      text: 'raw',
    })
    expect(message(await ask(port, say('/send?room=den&username=eve&text=query', undefined, '')))).toMatchObject({
      text: 'query',
    })
  })

  const refused: [string, string | undefined, string | Uint8Array, number][] = [
    ['of another type', 'multipart/form-data; boundary=x', 'x', 415],
    ['of XML', 'application/xml', '<x/>', 415],
    ['that is no JSON', 'application/json', '{"room":', 400],
    ['that is JSON but no object', 'application/json', '["lobby"]', 400],
    ['that is null', 'application/json', 'null', 400],
    ['that is empty JSON', 'application/json', '', 400],
    ['that is no UTF-8', 'text/plain', Buffer.from([0x68, 0xff, 0xfe]), 400],
    ['that is half a character', 'application/json', Buffer.from('{"text":"\xc3"}', 'latin1'), 400],
    ['with half a surrogate', 'application/json', '{"room":"lobby","username":"ada","text":"\\ud83d"}', 400],
    ['with a wrong escape', FORM, 'room=lobby&username=ada&text=%zz', 400],
    ['with a field twice', FORM, 'room=lobby&username=ada&text=a&text=b', 400],
    ['with an empty text in a form', FORM, 'room=lobby&username=ada&text=', 400],
    ['with an empty text in JSON', 'application/json', '{"room":"lobby","username":"ada","text":""}', 400],
    ['with a text that is a number', 'application/json', '{"room":"lobby","username":"ada","text":1}', 400],
    ['with a room that is an object', 'application/json', '{"room":{},"username":"ada","text":"hi"}', 400],
    ['without anything', 'text/plain', '', 400],
    ['with a control character', 'text/plain', 'a\x1b[2Jb', 400],
    ['with a NUL', 'text/plain', 'a\0b', 400],
  ]
  test.each(refused)('%s is refused', async (_what, type, body, status) => {
    const { port } = await startServer()
    const answer = await ask(port, say(QUERY, type, body))
    expect([answer.status, answer.headers.get('content-type')]).toEqual([status, 'application/problem+json'])
    expect((await poll(port, 'room=lobby&wait=0')).messages).toEqual([])
  })

  test('that wins with an empty text is refused, though the query has one', async () => {
    const { port } = await startServer()
    expect((await ask(port, post(`${QUERY}&text=hi`, { text: '' }))).status).toBe(400)
    expect((await ask(port, say(`${QUERY}&text=hi`, FORM, 'text='))).status).toBe(400)
  })

  test('that is compressed is refused', async () => {
    const { port } = await startServer()
    expect((await ask(port, say(QUERY, 'text/plain', gzipSync('hi'), { 'Content-Encoding': 'gzip' }))).status).toBe(415)
    expect((await ask(port, say(QUERY, 'text/plain', 'hi', { 'Content-Encoding': 'Identity' }))).status).toBe(201)
  })

  test('a parameter twice in the query is a 400 that names it', async () => {
    const { port } = await startServer()
    const answer = await ask(port, say(`${QUERY}&room=den`, 'text/plain', 'hi'))
    expect([answer.status, parse(answer)['detail']]).toEqual([400, expect.stringMatching(/^room/)])
  })

  test('a text that is too long says how long it may be', async () => {
    const { port } = await startServer()
    expect((await send(port, 'lobby', 'ada', '😀'.repeat(4000))).status).toBe(201)
    const answer = await send(port, 'lobby', 'ada', 'x'.repeat(4001))
    expect([answer.status, parse(answer)['detail']]).toEqual([400, expect.stringMatching(/4000/)])
  })
})

describe('a body of 64 KiB', () => {
  const fits = JSON.stringify({ room: 'lobby', username: 'ada', text: 'hi', more: '' })
  const body = (bytes: number): string => fits.replace('"more":""', `"more":"${'x'.repeat(bytes - fits.length)}"`)

  test('is taken, one byte more is not', async () => {
    const { port } = await startServer()
    expect((await ask(port, say('/send', 'application/json', body(65_536)))).status).toBe(201)
    const answer = await ask(port, say('/send', 'application/json', body(65_537)))
    expect([answer.status, parse(answer)['code'], answer.headers.get('connection')]).toEqual([
      413,
      'too_large',
      'close',
    ])
  })

  test('is counted in chunks as well', async () => {
    const { port } = await startServer()
    for (const [bytes, status] of [
      [65_536, 201],
      [65_537, 413],
    ] as const) {
      const client = new RawClient(port)
      client.write(
        head({
          method: 'POST',
          path: '/send',
          headers: { 'Content-Type': 'application/json', 'Transfer-Encoding': 'chunked' },
        }),
      )
      for (const part of body(bytes).match(/[^]{1,8192}/g) ?? [])
        client.write(`${part.length.toString(16)}\r\n${part}\r\n`)
      client.write('0\r\n\r\n')
      expect((await client.answer())?.status).toBe(status)
      client.destroy()
    }
  })
})

describe('Expect: 100-continue', () => {
  const request = {
    method: 'POST',
    path: QUERY,
    headers: { 'Content-Type': 'text/plain', Expect: '100-continue' },
  }

  test('is told to go on, and then answered', async () => {
    const { port } = await startServer()
    const client = new RawClient(port)
    client.write(head({ ...request, headers: { ...request.headers, 'Content-Length': '2' } }))
    expect((await client.answer())?.status).toBe(100)
    client.write('hi')
    expect((await client.answer())?.status).toBe(201)
    client.destroy()
  })

  test('is refused before anything is sent', async () => {
    const { port } = await startServer()
    const client = new RawClient(port)
    client.write(head({ ...request, headers: { ...request.headers, 'Content-Length': '10000000' } }))
    expect((await client.answer())?.status).toBe(413)
    client.destroy()
    const foreign = await ask(port, {
      ...request,
      headers: { ...request.headers, 'Content-Length': '2', Origin: 'http://evil.example' },
    })
    expect(foreign.status).toBe(403)
  })
})

describe('a key', () => {
  const first = { room: 'lobby', username: 'ada', text: 'hi', key: 'c_9f2k' }

  test('makes a repeat the same answer, and says that it is one', async () => {
    const { port } = await startServer()
    const one = await ask(port, post('/send', first))
    const two = await ask(port, post('/send', first))
    expect([one.status, one.headers.get('idempotency-replayed')]).toEqual([201, undefined])
    expect([two.status, two.headers.get('idempotency-replayed'), two.body]).toEqual([201, 'true', one.body])
    expect((await poll(port, 'room=lobby')).messages).toHaveLength(1)
  })

  test('of twenty requests at one moment is one message', async () => {
    const { port } = await startServer()
    const all = await Promise.all(Array.from({ length: 20 }, () => ask(port, post('/send', first))))
    expect(all.map((answer) => answer.status)).toEqual(Array.from({ length: 20 }, () => 201))
    expect(all.filter((answer) => answer.headers.get('idempotency-replayed') === undefined)).toHaveLength(1)
    expect((await poll(port, 'room=lobby')).messages).toHaveLength(1)
  })

  test('of another text is a 422, of another room or name another message', async () => {
    const { port } = await startServer()
    await ask(port, post('/send', first))
    expect(parse(await ask(port, post('/send', { ...first, text: 'ho' })))).toMatchObject({
      status: 422,
      code: 'key_reused',
    })
    for (const other of [{ room: 'den' }, { username: 'bob' }, { key: 'other' }]) {
      expect(
        (await ask(port, post('/send', { ...first, ...other }))).headers.get('idempotency-replayed'),
      ).toBeUndefined()
    }
  })

  test('may be a header or in the query; a body that says another is a 400', async () => {
    const { port } = await startServer()
    const header = { 'Idempotency-Key': 'h-1' }
    const { key: _key, ...plain } = first
    expect(message(await ask(port, post('/send', plain, header)))['key']).toBe('h-1')
    expect((await ask(port, post('/send', { ...plain, key: 'h-1' }, header))).headers.get('idempotency-replayed')).toBe(
      'true',
    )
    expect((await ask(port, post('/send', first, header))).status).toBe(400)
    expect(message(await ask(port, say(`${QUERY}&key=q-1`, 'text/plain', 'hi')))['key']).toBe('q-1')
  })

  test.each(['', 'a b', 'ä', 'x'.repeat(65)])('%j is none', async (key) => {
    const { port } = await startServer()
    expect((await ask(port, post('/send', { ...first, key }))).status).toBe(400)
  })

  test('of a name that is held by now is a 409', async () => {
    const { port } = await startServer()
    await ask(port, post('/send', first))
    await join(port, 'lobby', 'Ada')
    expect(parse(await ask(port, post('/send', first)))).toMatchObject({ status: 409, code: 'name_taken' })
  })
})

describe('with a token', () => {
  test('the name is the session’s, whatever the body says', async () => {
    const { port } = await startServer()
    const token = await join(port, 'lobby', 'ada')
    expect(told(await ask(port, post('/send', { room: 'lobby', username: 'eve', text: 'hi' }, bearer(token))))).toEqual(
      [201, 'ada', 'hi'],
    )
    expect(told(await ask(port, post('/send', { room: 'lobby', text: 'ho' }, bearer(token))))).toEqual([
      201,
      'ada',
      'ho',
    ])
  })

  test('a room that was not joined is a 403, and an unknown token a 401', async () => {
    const { port, app } = await startServer()
    const token = await join(port, 'lobby', 'ada')
    expect(parse(await ask(port, post('/send', { room: 'den', text: 'hi' }, bearer(token))))).toMatchObject({
      status: 403,
      code: 'not_joined',
    })
    expect(app.chat.rooms.get('den')).toBeUndefined()
    for (const authorization of ['Bearer nobody', 'Bearer', 'Basic abc', 'Bearer a b', '__proto__']) {
      const answer = await ask(
        port,
        post('/send', { room: 'lobby', username: 'eve', text: 'hi' }, { Authorization: authorization }),
      )
      expect([answer.status, parse(answer)['code']]).toEqual([401, 'unauthorized'])
    }
  })
})
