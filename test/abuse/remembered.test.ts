// Memories of client text: each is filled with very many different values, and what stays in the heap is measured.

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { Metrics } from '../../src/core/metrics.js'
import { Buckets } from '../../src/core/people/limits.js'
import { parseSince } from '../../src/core/rooms/cursor.js'
import { Reader } from '../../src/core/rooms/reader.js'
import { asChatError } from '../../src/transports/http/answer.js'
import { Encoder } from '../../src/transports/http/encode.js'
import { readPlain } from '../../src/transports/http/fast/parse.js'
import { Origins } from '../../src/transports/http/origins.js'
import { parseQuery } from '../../src/transports/http/query.js'
import { createRoom, fill } from '../support/chat.js'

/** Enough to see what keeps as little as forty bytes of each. */
const VALUES = 30_000
const ADDRESSES = 100_000
const MIB = 1024 * 1024

setFlagsFromString('--expose-gc')
const collect: unknown = runInNewContext('gc')

function heap(): number {
  if (typeof collect === 'function') collect()
  return process.memoryUsage().heapUsed
}

/** Bytes that are kept after each value was said once. */
function keptAfter(say: (i: number) => void): number {
  say(-1)
  const before = heap()
  for (let i = 0; i < VALUES; i++) say(i)
  return heap() - before
}

const START = [{ method: 'GET', text: 'GET /poll' }] as const

test('queries that differ, each a part of a long request', () => {
  const padding = 'x'.repeat(6000)
  const kept = keptAfter((i) => {
    const target = Buffer.from(`/poll?room=lobby&since=k3f9qz1a.${i}&mark=${'m'.repeat(200)} ${padding}`)
    const text = target.toString('latin1')
    parseQuery(text.slice(6, text.indexOf(' ')))
  })
  expect(kept).toBeLessThan(3 * MIB)
})

test('heads that differ, each a part of a long request', () => {
  const query = 'q'.repeat(6000)
  let read = 0
  const kept = keptAfter((i) => {
    const head = `Host: localhost\r\nUser-Agent: ${i}${'x'.repeat(400)}`
    if (readPlain(Buffer.from(`GET /poll?${query} HTTP/1.1\r\n${head}\r\n\r\n`), START, undefined) !== undefined) read++
  })
  expect(read).toBe(VALUES + 1)
  expect(kept).toBeLessThan(MIB)
})

test('hosts that differ', () => {
  const origins = new Origins({ hosts: [], origins: [] })
  const kept = keptAfter((i) => {
    const host = `${(i >> 8) & 255}.1.1.${i & 255}:${i % 60_000}`
    origins.check({ method: 'GET', httpVersion: '1.1', rawHeaders: ['Host', i < 0 ? 'localhost' : host] })
  })
  expect(kept).toBeLessThan(MIB)
})

test('places and limits that differ, in the answers that are kept for the next reader', () => {
  const { room, clock } = createRoom()
  fill(room, 1, 500)
  const encoder = new Encoder(clock)
  const kept = keptAfter((i) => {
    if (i % 100 === 0) clock.advance(200)
    encoder.encode(
      new Reader([room], parseSince(`x${String(Math.max(i, 0)).padStart(7, '0')}.9`, ['lobby']), {
        limit: 1 + (Math.max(i, 0) % 20),
        presence: false,
      }),
    )
  })
  expect(kept).toBeLessThan(MIB)
})

test('reasons of refusals are code words', () => {
  const metrics = new Metrics()
  for (let i = 0; i < 1000; i++) metrics.rejected.add(1, asChatError(new Error(`reason ${i}`)).code)
  expect(metrics.rejected.lines('rejected')).toHaveLength(1)
})

test('addresses that differ are forgotten when there are many', () => {
  const buckets = new Buckets({ perSecond: 1, burst: 1e6 })
  for (let i = 0; i < 5 * ADDRESSES; i++) buckets.take(`10.0.0.0.${i}`, 0)
  expect(buckets.size).toBeLessThanOrEqual(2 * ADDRESSES)
})
