// How fast messages go through a store that several processes share.

import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished } from 'vitest'
import type { Message } from '../../src/core/rooms/message.js'
import type { Store } from '../../src/core/rooms/store.js'
import { draft } from '../stores/contract.js'
import { type ChildServer, startChild } from './child.js'

export const PER_SECOND = 200
export const SENDERS = 32
const MESSAGES = 500
/** Nothing is compiled yet for the first ones. */
const WARM = 100

/** Sends to one server, and says how long it took until another one's listener had it. */
export async function delays(to: ChildServer, from: ChildServer): Promise<{ p50: number; p99: number }> {
  const sentAt = new Map<string, number>()
  const took: number[] = []
  const control = new AbortController()
  const events = await fetch(`${from.url}/events?room=lobby&since=now`, { signal: control.signal })
  const reading = (async () => {
    let rest = ''
    for await (const bytes of events.body ?? []) {
      const now = performance.now()
      const lines = (rest + Buffer.from(bytes).toString()).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines.filter((candidate) => candidate.startsWith('data:'))) {
        const { text } = JSON.parse(line.slice(5)) as Message
        took.push(now - (sentAt.get(text) ?? 0))
      }
      if (took.length === WARM + MESSAGES) return
    }
  })()
  const begin = performance.now()
  const sending: Promise<Response>[] = []
  for (let i = 0; i < WARM + MESSAGES; i++) {
    await sleep(Math.max(0, begin + (i * 1000) / PER_SECOND - performance.now()))
    sentAt.set(`n${i}`, performance.now())
    sending.push(fetch(`${to.url}/send?room=lobby&username=user${i % 20}`, { method: 'POST', body: `n${i}` }))
  }
  expect(new Set((await Promise.all(sending)).map(({ status }) => status))).toEqual(new Set([201]))
  await reading
  control.abort()
  const sorted = took.slice(WARM).sort((a, b) => a - b)
  return { p50: sorted[MESSAGES / 2] ?? 0, p99: sorted[Math.floor(MESSAGES * 0.99)] ?? 0 }
}

/** Acknowledged messages a second, of senders who each send the next one when the last is acknowledged. */
export async function sends(store: Store, rooms: readonly string[] = ['lobby']): Promise<number> {
  const ms = 2000
  for (const room of rooms) await store.subscribe(room, () => undefined)
  const end = performance.now() + ms
  let count = 0
  await Promise.all(
    Array.from({ length: SENDERS }, async (_, sender) => {
      const room = rooms[sender % rooms.length] ?? 'lobby'
      for (let i = 0; performance.now() < end; i++) {
        await store.appendOnce?.(room, { ...draft(`n${i}`, room), key: `k${sender}-${i}` })
        count++
      }
    }),
  )
  return (count * 1000) / ms
}

/** The program, ended with its test. */
export async function childForTest(args: readonly string[]): Promise<ChildServer> {
  const server = await startChild(args)
  onTestFinished(async () => void (await server.end('SIGTERM')))
  return server
}
