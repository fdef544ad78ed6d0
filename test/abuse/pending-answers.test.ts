// Unread answers: only so many bytes of them may be on their way, and bytes that many readers share are counted once.

import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { PendingAnswers } from '../../src/core/pending-answers.js'
import { startServer, until } from '../support/server.js'

/** More than a socket and the system take. */
const SIZE = 16e6

type House = {
  readonly backlog: PendingAnswers
  readonly open: (body: Buffer) => Promise<Socket & { readonly response: ServerResponse }>
}

async function start(max: number): Promise<House> {
  const backlog = new PendingAnswers(max)
  const server = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => server.close().closeAllConnections())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    backlog,
    async open(body) {
      const socket = connect({ port, host: '127.0.0.1' }).pause()
      socket.on('error', () => undefined) // To be cut is what these tests are about.
      const [response] = await new Promise<[ServerResponse]>((resolve) => {
        server.once('request', (_incoming, answer: ServerResponse) => resolve([answer]))
        socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
      })
      response.end(body)
      const through = backlog.add(body, body.length, () => response.socket?.destroy())
      if (through !== undefined) response.once('close', through)
      return Object.assign(socket, { response })
    },
  }
}

test('the same bytes are counted once, however many wait for them, and until the last has gone', async () => {
  const { backlog, open } = await start(SIZE * 2)
  const body = Buffer.alloc(SIZE)
  const readers = [await open(body), await open(body), await open(body)]
  expect(backlog.bytes).toBe(SIZE)
  for (const reader of readers.slice(1)) reader.destroy()
  await until(
    () => readers.filter(({ response }) => response.closed).length,
    (count) => count === 2,
  )
  expect(backlog.bytes).toBe(SIZE)
  readers[0]?.destroy()
  await until(
    () => backlog.bytes,
    (bytes) => bytes === 0,
  )
})

test('past the most, those are cut whose answer has been on its way for longest, and nobody else', async () => {
  const { backlog, open } = await start(SIZE * 2)
  const readers = [await open(Buffer.alloc(SIZE)), await open(Buffer.alloc(SIZE)), await open(Buffer.alloc(SIZE))]
  await until(
    () => readers.map(({ response }) => response.closed),
    ([first]) => first === true,
  )
  expect(readers.map(({ response }) => response.destroyed)).toEqual([true, false, false])
  expect(backlog.bytes).toBe(SIZE * 2)
})

test('who reads has his answer, and nothing is kept of it', async () => {
  const { backlog, open } = await start(SIZE * 2)
  const reader = await open(Buffer.alloc(SIZE))
  let length = 0
  reader.on('data', (chunk) => (length += chunk.length)).resume()
  await until(
    () => length,
    (bytes) => bytes > SIZE,
  )
  await until(
    () => backlog.bytes,
    (bytes) => bytes === 0,
  )
})

test('a short answer is not counted', async () => {
  const { backlog, open } = await start(SIZE)
  await open(Buffer.alloc(1000))
  expect(backlog.bytes).toBe(0)
})

describe('what nobody reads is counted until its connection has gone', () => {
  const LONG = '😀'.repeat(4000)
  const asks = (path: (i: number) => string): string =>
    Array.from({ length: 12 }, (_, i) => `GET ${path(i)} HTTP/1.1\r\nHost: localhost\r\n\r\n`).join('')

  test.each([
    ['polls', asks((i) => `/poll?room=lobby&since=${i}&wait=0`)],
    ['history', asks((i) => `/history?room=lobby&limit=500&before=${400 + i}`)],
    ['events', 'GET /events?room=lobby&since=0 HTTP/1.1\r\nHost: localhost\r\n\r\n'],
    ['events of two rooms', 'GET /events?room=lobby&room=den HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ])('%s', async (_name, requests) => {
    const { app, port } = await startServer()
    for (let i = 0; i < 500; i++) await app.chat.send({ room: 'lobby', username: 'ada', text: LONG })
    const socket = connect({ port, host: '127.0.0.1' }).pause()
    socket.on('error', () => undefined)
    socket.write(requests)
    await until(
      () => app.chat.pending.bytes,
      (bytes) => bytes > 0,
      10_000,
    )
    expect(app.chat.pending.bytes).toBeLessThan(1.1e6)
    socket.destroy()
    await until(
      () => app.chat.pending.bytes,
      (bytes) => bytes === 0,
    )
  })
})
