// The largest answers: cut by their bytes, and nothing is lost by it.

import { randomBytes } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { createChat, fill, message } from '../support/chat.js'
import { memoryStore } from '../../src/stores/memory.js'
import { parseSince } from '../../src/core/rooms/cursor.js'
import { Reader } from '../../src/core/rooms/reader.js'
import { encode, readHistory } from '../../src/core/rooms/history.js'
import { createRoom } from '../support/chat.js'
import { fixedRandom } from '../support/random.js'
import { parse, poll, type Polled } from '../support/http.js'
import { ask } from '../support/raw.js'
import { startServer, type TestServer } from '../support/server.js'

const MIB = 1024 * 1024
/** A message in its JSON, 16 kB. */
const LONG = '😀'.repeat(4000)

async function say(server: TestServer, room: string, count: number, text = LONG): Promise<void> {
  for (let i = 0; i < count; i++) await server.app.chat.send({ room, username: 'ada', text })
}

/** Every answer until nothing is left, at once. */
async function pollAll(port: number, rooms: readonly string[], since: string, more = ''): Promise<Polled[]> {
  const answers: Polled[] = []
  for (let next = since; answers.length < 100;) {
    const query = `${rooms.map((room) => `room=${room}`).join('&')}&since=${next}&wait=0${more}`
    const answer = await ask(port, { path: `/poll?${query}` })
    expect(Buffer.byteLength(answer.body)).toBeLessThanOrEqual(MIB)
    const polled = parse<Polled>(answer)
    answers.push(polled)
    next = polled.next
    if (!polled.more) break
  }
  return answers
}

const idsIn = (answers: readonly Polled[], room: string): number[] =>
  answers.flatMap(({ messages }) => messages.filter((one) => one.room === room).map(({ id }) => id))
const upTo = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i)

describe('a poll of long messages', () => {
  test('has 1 MiB at most, and goes on exactly where it stopped', async () => {
    const server = await startServer()
    await say(server, 'lobby', 200)
    const answers = await pollAll(server.port, ['lobby'], '0')
    expect(answers.length).toBeGreaterThan(3)
    expect(idsIn(answers, 'lobby')).toEqual(upTo(1, 200))
    expect(answers.slice(0, -1).every(({ more, messages }) => more && messages.length > 50)).toBe(true)
  })

  test('of several rooms gives each its share, beside gaps and presence', async () => {
    const server = await startServer({ ring: 100 })
    const rooms = ['a', 'b', 'c']
    await say(server, 'a', 130)
    await say(server, 'b', 3, 'short')
    await say(server, 'c', 90)
    const answers = await pollAll(server.port, rooms, 'a.00000000.0~b.00000000.0~c.zzzzzzzz.7', '&presence=1')
    expect(idsIn(answers, 'a')).toEqual(upTo(31, 130))
    expect(idsIn(answers, 'b')).toEqual(upTo(1, 3))
    expect(idsIn(answers, 'c')).toEqual(upTo(1, 90))
    expect(answers.flatMap(({ gaps }) => gaps)).toEqual([
      { room: 'a', reason: 'overflow', missed: 30, first: 31 },
      { room: 'c', reason: 'restart', missed: null, first: 1 },
    ])
    expect(answers[0]?.messages.map(({ room }) => room)).toEqual(expect.arrayContaining(rooms))
  })

  test('without a place has the newest that fit, and no more to come', async () => {
    const server = await startServer()
    await say(server, 'lobby', 200)
    const { messages, more, next } = await poll(server.port, 'room=lobby')
    expect([messages.at(-1)?.id, more, next.endsWith('.200')]).toEqual([200, false, true])
    expect(messages.length).toBeGreaterThan(50)
    expect(messages.map(({ id }) => id)).toEqual(upTo(201 - messages.length, 200))
  })

  test('gives one message, however long it is', () => {
    const { room } = createRoom()
    room.deliver(message(1, { text: 'x'.repeat(2 * MIB) }), 'epoch001')
    fill(room, 2, 2)
    const reader = new Reader([room], parseSince('0', ['lobby']), { limit: 500, presence: false })
    const view = reader.look()
    expect([view.entries.length, view.more, reader.cursor(view)]).toEqual([1, true, 'epoch001.1'])
  })
})

describe('a page of history', () => {
  test.each([
    ['the newest', '', (ids: number[]) => [ids.at(-1), 300]],
    ['what is older', '&before=290', (ids: number[]) => [ids.at(-1), 289]],
    ['what is newer', '&after=20', (ids: number[]) => [ids[0], 21]],
  ])('of %s is cut at its far end', async (_name, range, end) => {
    const server = await startServer()
    await say(server, 'lobby', 300)
    const answer = await ask(server.port, { path: `/history?room=lobby&limit=500${range}` })
    const page = parse<Polled & { first: number; last: number }>(answer)
    const ids = page.messages.map(({ id }) => id)
    const [is, should] = end(ids)
    expect(Buffer.byteLength(answer.body)).toBeLessThanOrEqual(MIB)
    expect([is, page.more, page.first, page.last, ids.length > 50]).toEqual([should, true, 1, 300, true])
    expect(ids).toEqual(upTo(ids[0] ?? 0, ids.at(-1) ?? 0))
  })

  test('is the same in small reads as in one', async () => {
    const { chat } = createChat()
    for (let i = 0; i < 400; i++) await chat.send({ room: 'lobby', username: 'ada', text: `${i}` })
    const store = memoryStore(500, fixedRandom())
    await store.subscribe('lobby', () => undefined)
    for (let i = 0; i < 400; i++) await store.append('lobby', { ...message(0), text: `${i}` })
    for (const limit of [1, 63, 64, 65, 192, 300, 400, 500])
      for (const range of [{}, { before: 350 }, { before: 2 }, { after: 0 }, { after: 150 }, { after: 400 }]) {
        const { json, ...page } = await readHistory(
          (part) => store.read('lobby', part),
          encode,
          { ...range, limit },
          Infinity,
        )
        expect(page).toEqual(await store.read('lobby', { ...range, limit }))
        expect(json.map((one) => JSON.parse(one).id)).toEqual(page.messages.map(({ id }) => id))
      }
  })
})

describe('an answer over 1 KiB', () => {
  const GZIP = { 'Accept-Encoding': 'br, gzip, deflate' }

  async function raw(url: string, headers: Record<string, string>): Promise<{ coding: string | null; bytes: Buffer }> {
    const { request } = await import('node:http')
    return new Promise((resolve, reject) => {
      request(url, { headers, agent: false }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () =>
          resolve({ coding: response.headers['content-encoding'] ?? null, bytes: Buffer.concat(chunks) }),
        )
      })
        .on('error', reject)
        .end()
    })
  }

  test.each([
    ['of a first poll', '/poll?room=lobby', 120, 'hello there'],
    ['of a long poll', '/poll?room=lobby&since=0', 200, LONG],
    ['of history', '/history?room=lobby&limit=500', 200, LONG],
  ])('%s is compressed for a client that takes gzip, and says the same', async (_name, path, count, text) => {
    const server = await startServer()
    await say(server, 'lobby', count, text)
    const plain = await raw(server.url + path, {})
    const packed = await raw(server.url + path, GZIP)
    const refused = await raw(server.url + path, { 'Accept-Encoding': 'gzip;q=0, br' })
    expect([plain.coding, packed.coding, refused.coding]).toEqual([null, 'gzip', null])
    const said = (bytes: Buffer): unknown => parse<Polled>({ body: bytes.toString() } as never).messages
    expect(said(gunzipSync(packed.bytes))).toEqual(said(plain.bytes))
    expect(packed.bytes.length).toBeLessThan(plain.bytes.length / 3)
  })

  test('is not compressed for a poll that waited, nor where there is a token in it, nor when it is short', async () => {
    const server = await startServer()
    await say(server, 'lobby', 1, 'hi')
    const waits = raw(`${server.url}/poll?room=lobby&since=now`, GZIP)
    await expect.poll(() => server.app.chat.rooms.get('lobby')?.waiting).toBe(1)
    await say(server, 'lobby', 1, randomBytes(1500).toString('hex'))
    const join = await ask(server.port, {
      method: 'POST',
      path: '/join',
      headers: { ...GZIP, 'Content-Type': 'application/json' },
      body: JSON.stringify({ room: 'lobby', username: 'bob' }),
    })
    expect((await waits).coding).toBeNull()
    expect((await waits).bytes.length).toBeGreaterThan(2000)
    expect(join.headers.get('content-encoding') ?? null).toBeNull()
    expect((await raw(`${server.url}/history?room=lobby&limit=1&after=2`, GZIP)).coding).toBeNull()
  })

  test('of two rooms is compressed on an open chat alone', async () => {
    const codings = []
    for (const password of [undefined, 'secret word']) {
      const server = await startServer({ password })
      for (const room of ['a', 'b']) await say(server, room, 20, 'hello there, all of you')
      const headers = { ...GZIP, ...(password === undefined ? {} : { Authorization: `Bearer ${password}` }) }
      const ways = ['/poll?room=a', '/poll?room=a&room=b']
      for (const path of ways) {
        // What was compressed a moment ago keeps the next answer from it.
        await new Promise((resolve) => setTimeout(resolve, 50))
        codings.push((await raw(server.url + path, headers)).coding)
      }
    }
    expect(codings).toEqual(['gzip', 'gzip', 'gzip', null])
  })
})
