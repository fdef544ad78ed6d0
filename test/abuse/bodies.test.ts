// Large bodies: none is kept when it has been answered, and those that never end take no more than there is.

import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { PendingAnswers } from '../../src/core/pending-answers.js'
import { readBody } from '../../src/transports/http/body.js'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { connect, type AddressInfo } from 'node:net'
import { collect } from '../support/collect.js'
import { head, RawClient } from '../support/raw.js'
import { startServer, until } from '../support/server.js'

const LONG = 60_000
const CLIENTS = 100

test('a connection that is idle keeps nothing of the body that it sent', async () => {
  const { port } = await startServer()
  const body = JSON.stringify({ room: 'lobby', username: 'ada', text: 'x'.repeat(LONG) })
  const request = head({ method: 'POST', path: '/send', headers: { 'Content-Type': 'application/json' }, body }) + body
  const clients = Array.from({ length: CLIENTS }, () => new RawClient(port))
  onTestFinished(() => clients.forEach((client) => client.destroy()))
  collect()
  const before = process.memoryUsage().arrayBuffers
  for (const client of clients) client.write(request)
  for (const client of clients) expect((await client.answer())?.status).toBe(400)
  // What is dead is swept a little later.
  const kept = (): number => {
    collect()
    return process.memoryUsage().arrayBuffers - before
  }
  await until(kept, (bytes) => bytes < (CLIENTS * LONG) / 10)
})

test('where too many bodies are under way, the one that has taken longest is cut', async () => {
  const pending = new PendingAnswers(3 * 64 * 1024)
  const server = createServer((incoming, response) => {
    void readBody(incoming, response, pending).then((body) => response.end(`${body.length}`))
  }).listen(0, '127.0.0.1')
  onTestFinished(() => server.close().closeAllConnections())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const begin = async () => {
    const before = pending.bytes
    const socket = connect({ port, host: '127.0.0.1' }).on('error', () => undefined)
    onTestFinished(() => void socket.destroy())
    socket.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${LONG}\r\n\r\n${'x'.repeat(LONG - 1)}`)
    await until(
      () => pending.bytes,
      (bytes) => bytes > before,
    )
    return socket
  }
  const [first, second] = [await begin(), await begin(), await begin()]
  const cut = once(first, 'close')
  const last = connect({ port, host: '127.0.0.1' })
  onTestFinished(() => void last.destroy())
  last.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${LONG}\r\n\r\n${'x'.repeat(LONG)}`)
  await cut
  const [answer] = (await once(last, 'data')) as [Buffer]
  expect(answer.toString()).toContain(`\r\n\r\n${LONG}`)
  second.write('x')
  const [other] = (await once(second, 'data')) as [Buffer]
  expect(other.toString()).toContain(`\r\n\r\n${LONG}`)
  await until(
    () => pending.bytes,
    (bytes) => bytes === 64 * 1024,
  )
})

test('a body in chunks of one byte takes no more than its bytes', async () => {
  const { port } = await startServer()
  const clients = Array.from({ length: 10 }, () => new RawClient(port))
  onTestFinished(() => clients.forEach((client) => client.destroy()))
  const chunks = '1\r\nx\r\n'.repeat(LONG)
  collect()
  const before = process.memoryUsage()
  for (const client of clients) {
    client.write(
      `POST /send?room=lobby&username=u HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`,
    )
  }
  await until(
    () => clients.every((client) => client.socket.writableLength === 0),
    (isSent) => isSent,
  )
  await sleep(500)
  const kept = (): number => {
    collect()
    const { heapUsed, external } = process.memoryUsage()
    return heapUsed + external - before.heapUsed - before.external
  }
  await until(kept, (bytes) => bytes < 5 * clients.length * LONG)
  for (const client of clients) client.write('0\r\n\r\n')
  for (const client of clients) expect((await client.answer())?.status).toBe(400)
})
