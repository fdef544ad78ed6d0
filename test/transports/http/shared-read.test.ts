// A socket that was read into the shared buffer is like any other socket once that ends.

import { once } from 'node:events'
import { connect, createServer, Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { collect } from '../../support/collect.js'
import { readInto, shareReads } from '../../../src/transports/http/fast/shared-read.js'

/** A server that shares its reads, and so many clients of it at once, whose sockets it has made in the same order. */
async function pairs(count: number) {
  const sockets: Socket[] = []
  const server = createServer({ allowHalfOpen: true }, (socket) => sockets.push(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  expect(shareReads(server, 10_000)).toBe(true)
  const { port } = server.address() as AddressInfo
  const clients = Array.from({ length: count }, () => connect(port, '127.0.0.1'))
  onTestFinished(() => {
    for (const socket of [...clients, ...sockets]) socket.destroy()
    server.close()
  })
  await expect.poll(() => sockets.length, { timeout: 9000 }).toBe(count)
  return { server, sockets, clients }
}

test('each reader is given its own bytes, in order', async () => {
  const { sockets, clients } = await pairs(20)
  const heard = sockets.map(() => '')
  sockets.forEach((socket, i) => {
    const read = (bytes: Buffer, length: number): void => void (heard[i] += bytes.toString('latin1', 0, length))
    expect(readInto(socket, { read })).toBe(true)
  })
  for (let n = 0; n < 10; n++) for (const client of clients) client.write(`${client.localPort}:${n};`)
  const said = sockets.map((socket) => Array.from({ length: 10 }, (_, n) => `${socket.remotePort}:${n};`).join(''))
  await expect.poll(() => heard).toEqual(said)
})

test('what comes after the reader has left is data, and may be paused', async () => {
  const { sockets, clients } = await pairs(1)
  const [socket] = sockets
  const client = clients[0]
  if (socket === undefined || client === undefined) throw new Error('there is none')
  readInto(socket, { read: () => expect.unreachable('the reader has left') })
  readInto(socket, null)
  let bytes = 0
  socket.on('data', (chunk: Buffer) => {
    for (const byte of chunk) if (byte !== bytes++ % 251) throw new Error('a byte is wrong')
    socket.pause()
    setImmediate(() => socket.resume())
  })
  client.write(Buffer.from(Array.from({ length: 3_000_000 }, (_, i) => i % 251)))
  await expect.poll(() => bytes, { timeout: 10_000 }).toBe(3_000_000)
  const ended = once(socket, 'end')
  client.end()
  await ended
  socket.end()
})

test('its server counts it, and waits for it when it closes', async () => {
  const { server, sockets } = await pairs(2)
  let isClosed = false
  server.close(() => (isClosed = true))
  sockets[0]?.destroy()
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(isClosed).toBe(false)
  sockets[1]?.destroy()
  await expect.poll(() => isClosed).toBe(true)
})

test('a burst is accepted whole, and each of it is served', async () => {
  const { sockets, clients } = await pairs(300)
  for (const socket of sockets) readInto(socket, { read: () => socket.end('hi') })
  const answers = clients.map(async (client) => {
    let said = ''
    client.on('data', (chunk: Buffer) => (said += chunk.toString()))
    client.write('?')
    await once(client, 'close')
    return said
  })
  expect(new Set(await Promise.all(answers))).toEqual(new Set(['hi']))
})

test('on a busy server there is always one more, and yet none waits for long', async () => {
  const { server, sockets, clients } = await pairs(100)
  const { port } = server.address() as AddressInfo
  let late = 0
  for (let n = 0; n < 300; n++) {
    const client = connect(port, '127.0.0.1')
    clients.push(client)
    await once(client, 'connect')
    for (const end = performance.now() + 4; performance.now() < end;);
    late = Math.max(late, clients.length - sockets.length)
  }
  expect(late).toBeLessThan(200)
  await expect.poll(() => sockets.length).toBe(clients.length)
})

test('what was accepted and not made into a socket yet ends with its server', async () => {
  const { server } = await pairs(0)
  const { port } = server.address() as AddressInfo
  let made = 0
  let isClosed = false
  server.on('connection', (socket) => {
    made++
    socket.destroy()
    // The others have been accepted, and wait for their turn.
    server.close(() => (isClosed = true))
  })
  const clients = Array.from({ length: 50 }, () => connect(port, '127.0.0.1').on('error', () => undefined))
  onTestFinished(() => clients.forEach((client) => client.destroy()))
  await Promise.all(clients.map((client) => once(client, 'close').catch(() => undefined)))
  await expect.poll(() => isClosed).toBe(true)
  expect(made).toBe(1)
})

test('a server that is not as expected stays as it is, and so do its sockets', () => {
  expect(shareReads(createServer(), 10_000)).toBe(false)
  expect(readInto(new Socket(), { read: () => undefined })).toBe(false)
})

test('a connection that has closed is forgotten, though others still wait to be made', async () => {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  shareReads(server, 10_000)
  const made: WeakRef<Socket>[] = []
  const kept = new Promise<number>((resolve) => {
    server.on('connection', (socket: Socket) => {
      if (made.push(new WeakRef(socket.on('error', () => undefined).destroy())) !== 300) return
      collect()
      resolve(made.slice(0, 150).filter((one) => one.deref() !== undefined).length)
    })
  })
  const { port } = server.address() as AddressInfo
  const clients = Array.from({ length: 400 }, () => connect(port, '127.0.0.1').on('error', () => undefined))
  onTestFinished(() => {
    for (const client of clients) client.destroy()
    server.close()
  })
  expect(await kept).toBeLessThan(75)
})
