import { expect, onTestFinished, test } from 'vitest'
import WebSocket from 'ws'
import { GATHER_MS } from '../../src/core/people/gatherings.js'
import { join, parse, poll, post, send } from '../support/http.js'
import { startHeld } from '../support/held.js'
import { ask, RawClient } from '../support/raw.js'
import { startServer, until } from '../support/server.js'
import { WEBSOCKET } from '../support/sockets.js'
import { nothingIsHeld, transportContract, UNLIMITED } from './contract.js'

transportContract(WEBSOCKET)

type Frame = {
  readonly type: string
  readonly id?: number
  readonly text?: string
  readonly key?: string
  readonly code?: string
  readonly detail?: string
}
type Opened = {
  readonly client: WebSocket
  readonly frames: Frame[]
  readonly code: () => number | undefined
}

function parseFrame(data: string): Frame {
  return JSON.parse(data)
}

function open(port: number, path: string, headers: Readonly<Record<string, string>> = {}): Promise<Opened> {
  const client = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers })
  const frames: Frame[] = []
  let code: number | undefined
  onTestFinished(() => client.terminate())
  client.on('message', (data) => frames.push(parseFrame(Buffer.isBuffer(data) ? data.toString() : '')))
  client.on('close', (why) => (code = why))
  return new Promise((resolve, reject) => {
    client.on('open', () => resolve({ client, frames, code: () => code }))
    client.on('error', reject)
  })
}

/** The answer to a handshake by hand. */
async function shake(port: number, path: string, headers: Readonly<Record<string, string>> = {}): Promise<string> {
  const raw = new RawClient(port)
  const all = {
    Host: 'localhost',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
  }
  raw.write(
    [`GET ${path} HTTP/1.1`, ...Object.entries(all).map(([name, value]) => `${name}: ${value}`), '', ''].join('\r\n'),
  )
  const answer = await raw.answer()
  raw.destroy()
  return `${answer?.status} ${/"code":"(\w+)"/.exec(answer?.body ?? '')?.[1]}`
}

const texts = ({ frames }: Opened): (string | undefined)[] =>
  frames.filter(({ type }) => type === 'chat').map(({ text }) => text)

test('each message is one frame, the same JSON that a poll brings', async () => {
  const { port } = await startServer({ websocket: true })
  await send(port, 'lobby', 'bob', 'before')
  const ada = await open(port, '/ws/lobby/Ada%20Lovelace')
  await until(
    () => ada.frames.length,
    (count) => count === 2,
  )
  expect(ada.frames).toEqual((await poll(port, 'room=lobby&since=0')).messages)
})

test('a frame is JSON with a key, or the text itself', async () => {
  const { port } = await startServer({ websocket: true })
  const ada = await open(port, '/ws/lobby/ada')
  const keyed = '{"text":"json","key":"k1"}'
  for (const data of [keyed, keyed, 'plain', '{ not json', '42', '["a"]', '{"text":"without","key":null}'])
    ada.client.send(data)
  await until(
    () => texts(ada).length,
    (count) => count === 6,
  )
  expect(texts(ada)).toEqual(['json', 'plain', '{ not json', '42', '["a"]', 'without'])
  expect(ada.frames.find(({ text }) => text === 'json')?.key).toBe('k1')
})

test('what cannot be taken is answered with an error frame, and the connection stays', async () => {
  const { port } = await startServer({ websocket: true })
  const ada = await open(port, '/ws/lobby/ada')
  for (const data of ['{}', '{"text":7}', '', '{"text":"a","key":"no key"}', Buffer.from('binary')])
    ada.client.send(data)
  ada.client.send('{"text":"x","key":"k"}')
  ada.client.send('{"text":"y","key":"k"}')
  await until(
    () => ada.frames.filter(({ type }) => type === 'error').length,
    (count) => count === 6,
  )
  expect(ada.frames.filter(({ type }) => type === 'error').map(({ code }) => code)).toEqual([
    ...Array.from({ length: 5 }, () => 'bad_request'),
    'key_reused',
  ])
  expect(ada.frames.find(({ type }) => type === 'error')).toMatchObject({
    status: 400,
    title: 'Bad request',
    detail: expect.stringContaining('text is required'),
  })
  expect(texts(ada)).toEqual(['x'])
})

test('since goes on behind a message, by cursor or by number, and tells what is gone', async () => {
  const { port } = await startServer({ websocket: true, ring: 5 })
  for (let i = 1; i <= 10; i++) await send(port, 'lobby', 'bob', `text ${i}`)
  const { next } = await poll(port, 'room=lobby&since=0')
  const [number, cursor, gone] = [
    await open(port, '/ws/lobby/a?since=9'),
    await open(port, `/ws/lobby/b?since=${next.replace(/\d+$/, '9')}`),
    await open(port, '/ws/lobby/c?since=2'),
  ]
  await until(
    () => texts(gone).length,
    (count) => count >= 2,
  )
  expect([texts(number), texts(cursor)]).toEqual([['text 10'], ['text 10']])
  expect(gone.frames[0]).toMatchObject({ type: 'gap', room: 'lobby', reason: 'overflow' })
})

test('who may not come in is told by an answer to the handshake, and nobody hears of it', async () => {
  const { port } = await startServer({ websocket: true, allowOrigin: ['https://school.example'] })
  await join(port, 'lobby', 'ada')
  expect(await shake(port, '/ws/lobby/ADA')).toBe('409 name_taken')
  expect(await shake(port, '/ws/lob%20by/bob')).toBe('400 bad_request')
  expect(await shake(port, '/ws/lobby/b%zzb')).toBe('400 bad_request')
  expect(await shake(port, '/ws/lobby/bob?since=x')).toBe('400 bad_request')
  expect(await shake(port, '/ws/lobby/bob', { 'Sec-WebSocket-Version': '12' })).toBe('400 bad_request')
  expect(await shake(port, '/ws/lobby/bob', { 'Sec-WebSocket-Key': 'short' })).toBe('400 bad_request')
  expect(await shake(port, '/ws/lobby')).toBe('404 not_found')
  expect(await shake(port, '/elsewhere')).toBe('404 not_found')
  expect(await shake(port, '/ws/lobby/bob', { Origin: 'https://evil.example' })).toBe('403 forbidden_origin')
  expect(await shake(port, '/ws/lobby/bob', { 'Sec-Fetch-Site': 'cross-site' })).toBe('403 forbidden_origin')
  expect(await shake(port, '/ws/lobby/bob', { Host: 'evil.example' })).toBe('403 forbidden_host')
  expect((await poll(port, 'room=lobby&since=0')).messages.length).toBe(1)
  await open(port, '/ws/lobby/bob', { Origin: 'https://school.example' })
})

test('an upgrade to something else is answered as if it had not been asked for', async () => {
  const { port } = await startServer({ websocket: true })
  expect(await shake(port, '/health', { Upgrade: 'h2c' })).toBe('200 undefined')
  const offer = { Connection: 'Upgrade, HTTP2-Settings', Upgrade: 'h2c', 'HTTP2-Settings': 'AAMAAABk' }
  const said = post('/send', { room: 'lobby', username: 'ada', text: 'over HTTP/1.1' }, offer)
  expect((await ask(port, said)).status).toBe(201)
  expect((await poll(port, 'room=lobby&since=0')).messages).toMatchObject([{ text: 'over HTTP/1.1' }])
  const evil = (headers: Record<string, string>) => post('/send', {}, { ...offer, ...headers })
  expect(parse(await ask(port, evil({ Origin: 'https://evil.example' })))).toMatchObject({ code: 'forbidden_origin' })
  expect(parse(await ask(port, evil({ Host: 'evil.example' })))).toMatchObject({ code: 'forbidden_host' })
  const many = Object.fromEntries(Array.from({ length: 58 }, (_, i) => [`X-${i}`, '']))
  expect(parse(await ask(port, evil(many)))).toMatchObject({
    code: 'bad_request',
    detail: expect.stringContaining('too many headers'),
  })
})

test('a frame past 64 KiB closes with 1009, and the name is free again', async () => {
  const server = await startServer({ websocket: true })
  const ada = await open(server.port, '/ws/lobby/ada')
  ada.client.send('x'.repeat(65_537))
  expect(await until(ada.code, (code) => code !== undefined)).toBe(1009)
  await nothingIsHeld(server)
})

test('a server that stops closes with 1001', async () => {
  const server = await startServer({ websocket: true })
  const ada = await open(server.port, '/ws/lobby/ada')
  await server.stop()
  expect(await until(ada.code, (code) => code !== undefined)).toBe(1001)
})

test('whoever does not answer a ping is gone with the next one', async () => {
  const { chat, clock, transports, port } = await startHeld({ websocket: true })
  const opening = open(port, '/ws/lobby/ada')
  const ada = await opening
  clock.advance(20_100)
  await new Promise((resolve) => ada.client.once('ping', resolve))
  await until(
    () => chat.rooms.get('lobby')?.presence.size,
    (size) => size === 1,
  )
  ada.client.pause()
  clock.advance(20_100)
  clock.advance(20_100)
  await until(
    () => transports.get('websocket')?.connections,
    (count) => count === 0,
  )
  expect(chat.rooms.get('lobby')?.presence.size).toBe(0)
})

test('a flood from one connection is taken in its order', async () => {
  const { port } = await startServer({ ...UNLIMITED, websocket: true })
  const ada = await open(port, '/ws/lobby/ada')
  for (let i = 0; i < 3000; i++) ada.client.send(String(i))
  await until(
    () => texts(ada).length,
    (count) => count === 3000,
    8000,
  )
  expect(texts(ada)).toEqual(Array.from({ length: 3000 }, (_, i) => String(i)))
})

test('a hand goes up and down', async () => {
  const { port, app } = await startServer({ websocket: true })
  const { client, frames } = await open(port, '/ws/lobby/ada')
  const hands = () => app.chat.rooms.get('lobby')?.presence.state.presence.hands
  client.send('{"type":"hand","up":true}')
  await until(hands, (up) => up?.join() === 'ada')
  client.send('{"type":"hand","up":false}')
  await until(hands, (up) => up === undefined)
  client.send('{"type":"hand"}')
  await until(
    () => frames,
    (all) => all.some(({ code }) => code === 'bad_request'),
  )
  expect(app.chat.rooms.get('lobby')?.last).toBe(1)
})

test('a flood behind a frame that takes its time stays with its sender until that is done', async () => {
  const { clock, port } = await startHeld({ ...UNLIMITED, websocket: true })
  await send(port, 'lobby', 'eve', 'hi')
  const [ada, bob] = [await open(port, '/ws/lobby/ada'), await open(port, '/ws/lobby/bob')]
  const reaction = '{"type":"reaction","of":1,"text":"👍"}'
  bob.client.send(reaction)
  await until(
    () => bob.frames.filter(({ type }) => type === 'reaction').length,
    (count) => count === 1,
  )
  // Hers waits for the end of the second that his has begun.
  ada.client.send(reaction)
  for (let i = 0; i < 400; i++) ada.client.send(`{"text":"${i}"}`.padEnd(60_000))
  // Each request is a turn of the server, which would take megabytes of the flood in it.
  for (let i = 0; i < 100; i++) await ask(port, { path: '/health' })
  expect(ada.client.bufferedAmount).toBeGreaterThan(10_000_000)
  clock.advance(GATHER_MS)
  await until(
    () => ada.client.bufferedAmount,
    (bytes) => bytes === 0,
    8000,
  )
})
