// Stores that several processes share, in tests: saying, listening, and servers that keep their messages in one.

import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import type { Config } from '../../src/config.js'
import type { Message } from '../../src/core/rooms/message.js'
import type { Store } from '../../src/core/rooms/store.js'
import { RECONCILE_MS } from '../../src/stores/shared/followers.js'
import { draft } from '../stores/contract.js'
import type { Polled } from './http.js'
import { startServer, type TestServer, until } from './server.js'

/** Readers are told within five seconds; a busy machine may take longer for the rest. */
export const TOLD_MS = RECONCILE_MS + 2500

/** The same message, said again until it is acknowledged. */
export async function say(store: Store, text: string, room = 'lobby'): Promise<Message> {
  for (;;) {
    try {
      const sent = await store.appendOnce?.(room, { ...draft(text, room), key: `k${text.replaceAll(/\W/g, '-')}` })
      if (sent !== undefined) return sent.message
    } catch {
      await sleep(5)
    }
  }
}

/** Subscribes, and keeps what is delivered, begun anew with each epoch. */
export async function listen(store: Store, room = 'lobby') {
  const heard = { epoch: '', epochs: 0, messages: [] as Message[] }
  const begin = (epoch: string): void => {
    heard.epoch = epoch
    heard.epochs++
    heard.messages = []
  }
  const { recent, epoch: first } = await store.subscribe(
    room,
    (message, epoch) => {
      if (epoch !== heard.epoch) begin(epoch)
      heard.messages.push(message)
    },
    begin,
  )
  begin(first)
  heard.messages.push(...recent)
  return heard
}

export const texts = ({ messages }: { messages: readonly Message[] }): string[] => messages.map(({ text }) => text)
export const idsOf = ({ messages }: { messages: readonly Message[] }): number[] => messages.map(({ id }) => id)
export const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1)

/** Several servers with the same settings. */
export async function servers(count: number, given: Partial<Config>): Promise<TestServer[]> {
  return Promise.all(Array.from({ length: count }, () => startServer({ rate: Infinity, ...given })))
}

export async function poll({ url }: TestServer, query: string): Promise<Polled> {
  const response = await fetch(`${url}/poll?room=lobby&${query}`)
  expect(response.status).toBe(200)
  return (await response.json()) as Polled
}

/** Polls that are known to be parked. */
export async function park(all: readonly TestServer[], next: string): Promise<Promise<Polled>[]> {
  const polls = all.map((one) => poll(one, `since=${next}&wait=50`))
  for (const { app } of all)
    await until(
      () => app.chat.rooms.get('lobby')?.waiting,
      (waiting) => waiting === 1,
    )
  return polls
}

export const send = ({ url }: TestServer, text: string, key = ''): Promise<Response> =>
  fetch(`${url}/send?room=lobby&username=ada${key === '' ? '' : `&key=${key}`}`, { method: 'POST', body: text })

/** The log is lost: readers of both servers are told within this time, and agree on the log in its place. */
export async function agreeOnAnotherLog(
  both: readonly TestServer[],
  lose: () => Promise<unknown>,
  ms: number,
): Promise<void> {
  const { next } = (await (await send(both[0]!, 'before')).json()) as Polled
  const polls = await park(both, next)
  const at = performance.now()
  await lose()
  const told = await Promise.all(polls)
  expect(performance.now() - at).toBeLessThan(ms)
  for (const { gaps, messages } of told) expect([gaps[0]?.reason, messages]).toEqual(['restart', []])
  expect(new Set(told.map((answer) => answer.next)).size).toBe(1)
  const after = (await (await send(both[1]!, 'after')).json()) as { message: Message; next: string }
  expect(after.message.id).toBe(1)
  for (const [i, one] of both.entries()) {
    const { messages, gaps, next: now } = await poll(one, `since=${told[i]?.next}`)
    expect([gaps, messages.map(({ text }) => text), now]).toEqual([[], ['after'], after.next])
  }
}
