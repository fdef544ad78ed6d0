// Sockets that are read into one buffer are like any other socket once nobody reads them so.

import { once } from 'node:events'
import { connect, createServer, Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { readInto, shareReading } from '../../../src/transports/http/fast/shared-read.js'

/** A server whose sockets are exchanged, and so many clients of it. */
async function pairs(count: number) {
  const accepted: { readonly came: Socket; readonly socket: Socket }[] = []
  const server = createServer({ allowHalfOpen: true }, (came) => accepted.push({ came, socket: shareReading(came) }))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const clients = Array.from({ length: count }, () => connect(port, '127.0.0.1'))
  onTestFinished(() => {
    for (const socket of [...clients, ...accepted.map((one) => one.socket)]) socket.destroy()
    server.close()
  })
  await expect.poll(() => accepted.length).toBe(count)
  return { server, accepted, clients }
}

test('each reader is given its own bytes, in order', async () => {
  const { accepted, clients } = await pairs(20)
  const heard = accepted.map(() => '')
  accepted.forEach(({ came, socket }, i) => {
    expect(socket).not.toBe(came)
    expect(readInto(socket, (bytes, length) => (heard[i] += bytes.toString('latin1', 0, length)))).toBe(true)
  })
  for (let n = 0; n < 10; n++) for (const client of clients) client.write(`${client.localPort}:${n};`)
  const said = accepted.map(({ socket }) => Array.from({ length: 10 }, (_, n) => `${socket.remotePort}:${n};`).join(''))
  await expect.poll(() => heard).toEqual(said)
})

test('what comes after the reader has left is data, and may be paused', async () => {
  const { accepted, clients } = await pairs(1)
  const socket = accepted[0]?.socket
  const client = clients[0]
  if (socket === undefined || client === undefined) throw new Error('there is none')
  readInto(socket, () => expect.unreachable('the reader has left'))
  readInto(socket, undefined)
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
  const { server, accepted } = await pairs(2)
  let isClosed = false
  server.close(() => (isClosed = true))
  accepted[0]?.socket.destroy()
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(isClosed).toBe(false)
  accepted[1]?.socket.destroy()
  await expect.poll(() => isClosed).toBe(true)
})

test('a socket that is not as expected stays as it is', () => {
  const socket = new Socket()
  expect([shareReading(socket) === socket, readInto(socket, () => undefined)]).toEqual([true, false])
})
