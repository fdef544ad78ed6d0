// A socket that is written to directly is, for its peer, like any other.

import { once } from 'node:events'
import { connect, createServer, type Server, Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { directHandle, writeDirectly } from '../../../src/transports/http/fast/direct-write.js'
import { collect } from '../../support/collect.js'

/** A socket of a server, and the client at its other end. */
async function pair(): Promise<{ socket: Socket; client: Socket }> {
  const server: Server = createServer({ allowHalfOpen: true, noDelay: true })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const accepted = once(server, 'connection')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const socket: unknown = (await accepted)[0]
  if (!(socket instanceof Socket)) throw new TypeError('no socket came')
  socket.on('error', () => undefined)
  onTestFinished(() => {
    for (const one of [socket, client]) one.destroy()
    server.close()
  })
  return { socket, client }
}

function handleOf(socket: Socket) {
  const handle = directHandle(socket)
  if (handle === undefined) throw new TypeError('it cannot be written to directly')
  return handle
}

/** Writes numbered lines until the system takes no more, and returns how many. */
function fill(socket: Socket): number {
  const handle = handleOf(socket)
  const most = 20_000
  for (let i = 0; i < most; i++) if (!writeDirectly(socket, handle, line(i))) return i + 1
  return expect.unreachable('the system takes everything')
}

/** All that a client has read. */
function textOf(client: Socket): () => string {
  const chunks: Buffer[] = []
  client.on('data', (chunk: Buffer) => void chunks.push(chunk))
  return () => Buffer.concat(chunks).toString()
}

const line = (i: number): Buffer => Buffer.from(`${String(i).padStart(9, '0')} ${'x'.repeat(2000)}\n`)

const lines = (count: number): string => Array.from({ length: count }, (_, i) => line(i).toString()).join('')

test('what is written arrives whole and in order, at once', async () => {
  const { socket, client } = await pair()
  const text = textOf(client)
  for (let i = 0; i < 5; i++) expect(writeDirectly(socket, handleOf(socket), line(i))).toBe(true)
  await expect.poll(text, { timeout: 9000 }).toBe(lines(5))
})

test('what the system does not take goes on by itself, and an empty write tells when it has gone', async () => {
  const { socket, client } = await pair()
  client.pause()
  const count = fill(socket)
  let isThrough = false
  socket.write(Buffer.alloc(0), () => (isThrough = true))
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(isThrough).toBe(false)
  const text = textOf(client)
  client.resume()
  await expect.poll(() => isThrough, { timeout: 9000 }).toBe(true)
  // The request of the write that had to wait is not used again while it is needed: the next one has its own.
  expect(writeDirectly(socket, handleOf(socket), line(count))).toBe(true)
  await expect.poll(() => text() === lines(count + 1), { timeout: 9000 }).toBe(true)
})

test.for([
  ['written as usual', (socket: Socket): void => void socket.end('the end')],
  [
    'written before it is closed',
    (socket: Socket): void => {
      socket.write('the end')
      socket.destroySoon()
    },
  ],
] as const)('what is left goes before what is %s', async ([, end]) => {
  const { socket, client } = await pair()
  client.pause()
  const count = fill(socket)
  end(socket)
  const text = textOf(client)
  const ended: Promise<unknown> = once(client, 'end')
  client.resume()
  await ended
  expect(text() === `${lines(count)}the end`).toBe(true)
})

test('two sockets that are both behind hold their own bytes, whatever the collector takes', async () => {
  const both = [await pair(), await pair()]
  const counts = both.map(({ socket, client }) => {
    client.pause()
    return fill(socket)
  })
  // Room for other bytes, where the ones that wait may not be.
  collect()
  const others = Array.from({ length: 200 }, () => Buffer.alloc(100_000, 1))
  const texts = both.map(({ client }) => textOf(client))
  for (const { client } of both) client.resume()
  for (const [i, text] of texts.entries())
    await expect.poll(() => text() === lines(counts[i] ?? 0), { timeout: 9000 }).toBe(true)
  expect(others.length).toBe(200)
})

test('a socket whose peer has reset it is closed', async () => {
  const { socket, client } = await pair()
  const handle = handleOf(socket)
  client.resetAndDestroy()
  let isClosed = false
  socket.on('close', () => (isClosed = true))
  await expect
    .poll(() => (socket.destroyed ? true : writeDirectly(socket, handle, line(0)) && socket.destroyed), {
      timeout: 9000,
    })
    .toBe(true)
  await expect.poll(() => isClosed, { timeout: 9000 }).toBe(true)
})

test('a socket whose writing somebody has replaced, or whose handle is another than expected, is written to as usual', async () => {
  const { socket } = await pair()
  const write = socket._write.bind(socket)
  socket._write = (chunk, encoding, done) => write(chunk, encoding, done)
  expect(directHandle(socket)).toBeUndefined()
  expect(directHandle(new Socket())).toBeUndefined()
  expect(directHandle(Object.assign(new Socket(), { _handle: { writeBuffer: () => 0 } }))).toBeUndefined()
})
