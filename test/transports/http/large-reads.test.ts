// Long requests are taken in turn, so that short ones are not held up by a thousand of them.

import { once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { LargeReads, type Place, READ_BYTES } from '../../../src/transports/http/large-reads.js'
import { startServer, until } from '../../support/server.js'
import { head, RawClient } from '../../support/raw.js'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** So many connections that each have a long read at the same time; which of them were taken, in order. */
function crowd(count: number) {
  const reads = new LargeReads()
  const taken: number[] = []
  const places: Place[] = []
  const read = (i: number): void => {
    const place = places[i]
    if (place !== undefined && reads.takes(place, READ_BYTES)) taken.push(i)
  }
  for (let i = 0; i < count; i++) places.push(reads.enter(() => read(i)))
  for (let i = 0; i < count; i++) read(i)
  return { reads, taken, places, read }
}

test('a turn takes sixteen long reads, and all have their turn', async () => {
  const { taken } = crowd(40)
  expect(taken).toHaveLength(16)
  await turn()
  expect(taken).toHaveLength(32)
  await turn()
  expect(taken).toEqual(Array.from({ length: 40 }, (_, i) => i))
})

test('a short read does not wait', () => {
  const { reads, taken } = crowd(40)
  expect(taken).toHaveLength(16)
  expect(
    reads.takes(
      reads.enter(() => expect.unreachable('it did not wait')),
      1000,
    ),
  ).toBe(true)
})

test('a turn takes fewer reads after one that took long, and more again after one that did not', async () => {
  const { reads, taken, places } = crowd(80)
  for (const place of places.slice(0, 16)) reads.took(place, READ_BYTES, 0.625)
  await turn()
  // 10 ms were twice too many.
  expect(taken).toHaveLength(16 + 8)
  await turn()
  expect(taken).toHaveLength(16 + 8 + 16)
})

test('a turn takes four reads at the least', async () => {
  const { reads, taken, places } = crowd(40)
  for (const place of places.slice(0, 16)) reads.took(place, READ_BYTES, 1000)
  await turn()
  expect(taken).toHaveLength(16 + 4)
})

test('a connection whose last read took long waits with short reads too, until one did not', async () => {
  const { reads, places } = crowd(40)
  const [, second] = places
  if (second === undefined) return expect.unreachable('nobody is there')
  reads.took(second, 1000, 1)
  expect(reads.takes(second, 1000)).toBe(false)
  for (let i = 0; i < 3; i++) await turn()
  reads.took(second, 1000, 0.1)
  expect(reads.takes(second, 1000)).toBe(true)
})

test('a request that is begun goes before those that are not', async () => {
  const { taken, read } = crowd(40)
  read(0)
  await turn()
  expect(taken.slice(16, 18)).toEqual([0, 16])
})

test('a connection that sends on and on goes to the end of the line after each request', async () => {
  const { taken, read } = crowd(40)
  // Nine reads are a whole request.
  for (let i = 0; i < 8; i++) {
    read(0)
    await turn()
  }
  expect(taken.filter((i) => i === 0)).toHaveLength(9)
  read(0)
  await turn()
  expect(taken.at(-1)).toBe(0)
  expect(new Set(taken).size).toBe(40)
})

test('a connection that has closed is not called', async () => {
  const { reads, taken, places } = crowd(40)
  for (const place of places.slice(16)) reads.leave(place)
  await turn()
  await turn()
  expect(taken).toHaveLength(16)
})

test('long bodies of two hundred connections at once are all answered, and a short request passes them by', async () => {
  const { port } = await startServer({ rate: Infinity })
  const body = JSON.stringify({ room: 'lobby', username: 'ada', text: 'x'.repeat(60_000) })
  const request = head({ method: 'POST', path: '/send', headers: { 'Content-Type': 'application/json' }, body }) + body
  const clients = Array.from({ length: 200 }, () => new RawClient(port))
  onTestFinished(() => clients.forEach((client) => client.destroy()))
  await Promise.all(clients.map(({ socket }) => once(socket, 'connect')))
  const short = new RawClient(port)
  onTestFinished(() => short.destroy())
  await once(short.socket, 'connect')
  for (const client of clients) client.write(request.repeat(2))
  short.write(head({ path: '/health' }))
  expect((await short.answer())?.status).toBe(200)
  expect(clients.filter(({ rest }) => rest !== '').length).toBeLessThan(clients.length / 2)
  for (const client of clients)
    for (let i = 0; i < 2; i++) expect((await client.answer({ ms: 20_000 }))?.status).toBe(400)
})

test('what comes behind an offer to upgrade is not lost when others read meanwhile', async () => {
  const { app, port } = await startServer({ rate: Infinity })
  for (let i = 0; i < 500; i++) await app.chat.send({ room: 'big', username: 'ada', text: '😀'.repeat(4000) })
  const client = new RawClient(port)
  onTestFinished(() => client.destroy())
  client.write(head({ path: '/health' }))
  expect((await client.answer())?.status).toBe(200)
  // The offer waits until the client has read the answers before it.
  client.socket.pause()
  const headers = { Upgrade: 'h2c', Connection: 'Upgrade' }
  const offer = { method: 'POST', path: '/send?room=lobby&username=ada', headers, body: 'hello' }
  client.write(`${head({ path: '/history?room=big&limit=500' }).repeat(12)}${head(offer)}hello`)
  await until(
    () => app.chat.pending.bytes,
    (bytes) => bytes > 0,
  )
  const other = new RawClient(port)
  onTestFinished(() => other.destroy())
  other.write(head({ path: `/history?room=${'z'.repeat(64)}` }).repeat(12))
  expect((await other.answer())?.status).toBe(200)
  client.socket.resume()
  for (let i = 0; i < 12; i++) expect((await client.answer({ ms: 20_000 }))?.status).toBe(200)
  const sent = await client.answer()
  expect(sent?.status).toBe(201)
  expect(sent?.body).toContain('"text":"hello"')
})
