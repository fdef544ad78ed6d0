// Rooms as a weapon: more of them than there may be, asked for, waited in, or made.

import { expect, onTestFinished, test } from 'vitest'
import { parse, poll, post, send } from '../support/http.js'
import { journalIn, temporaryFolder } from '../support/journal.js'
import { ask, head, RawClient } from '../support/raw.js'
import { MEASURES } from '../support/retried.js'
import { startServer, until } from '../support/server.js'
import { draft } from '../stores/contract.js'

/** The rooms a0, a1 … as a poll asks for them. */
function names(count: number, from = 0): string {
  return Array.from({ length: count }, (_, i) => `room=a${from + i}`).join('&')
}

/** Begins a request that is answered later, or never. */
function begin(port: number, path: string): RawClient {
  const client = new RawClient(port)
  onTestFinished(() => client.destroy())
  client.write(head({ path }))
  return client
}

test('a poll of more kept rooms than fit is told so, and the server rests afterwards', MEASURES, async () => {
  const data = temporaryFolder()
  const journal = await journalIn(data)
  for (let i = 0; i < 16; i++) await journal.append(`a${i}`, draft('hi', `a${i}`))
  await journal.close()
  const { port } = await startServer({ data, rooms: 10 })
  for (let i = 0; i < 3; i++) {
    const answer = await ask(port, { path: `/poll?${names(16)}&wait=0` })
    expect([answer.status, parse(answer)['code'], answer.headers.get('retry-after')]).toEqual([503, 'unavailable', '5'])
  }
  begin(port, `/poll?${names(16)}&since=now`).destroy()
  await new Promise((resolve) => setTimeout(resolve, 200))
  const before = process.cpuUsage()
  await new Promise((resolve) => setTimeout(resolve, 500))
  const { user, system } = process.cpuUsage(before)
  expect((user + system) / 1000).toBeLessThan(250)
  expect((await poll(port, `${names(10, 6)}&wait=0`)).messages.length).toBe(10)
})

test('readers that wait in all the rooms keep no one out: they are answered, and come back to a new log', async () => {
  const { app, port } = await startServer({ rooms: 64 })
  for (let i = 0; i < 64; i++) await send(port, `a${i}`, 'u', 'hi')
  const polls = Array.from({ length: 2 }, (_, i) => begin(port, `/poll?${names(16, 16 * i)}&since=now&wait=50`))
  const streams = Array.from({ length: 2 }, (_, i) => begin(port, `/events?${names(16, 32 + 16 * i)}&since=now`))
  await until(
    () => app.chat.rooms.get('a15')?.waiting === 1 && app.chat.rooms.get('a63')?.waiting === 1,
    (isSo) => isSo,
  )
  const answers = []
  for (let i = 0; i < 40; i++) answers.push((await send(port, `new${i}`, 'u', 'hi')).status)
  expect(new Set(answers)).toEqual(new Set([201]))
  const told = parse<{ next: string; messages: unknown[] }>((await polls[0]?.answer()) ?? expect.unreachable())
  expect(told).toMatchObject({ messages: [], gaps: [] })
  expect((await poll(port, `${names(16)}&since=${told.next}`)).gaps[0]?.reason).toBe('restart')
  expect(streams.map(({ closed }) => closed)).toEqual([false, false])
})

test('a thousand rooms made in a moment do not push out one where people talked', { timeout: 60_000 }, async () => {
  const { port } = await startServer()
  for (let i = 0; i < 50; i++) await send(port, 'lobby', `person${i % 5}`, `text ${i}`)
  for (let i = 0; i < 1100; i++) await send(port, `a${i}`, 'u', 'hi')
  expect((await poll(port, 'room=lobby&since=0')).messages.length).toBe(50)
})

test('hundreds who join and leave push out at most a hundred messages', { timeout: 60_000 }, async () => {
  const { port } = await startServer()
  for (let i = 0; i < 500; i++) await send(port, 'lobby', `person${i % 5}`, `text ${i}`)
  let joined = 0
  for (let i = 0; i < 300; i++) {
    const { status, body } = await ask(port, post('/join', { room: 'lobby', username: `u${i}` }))
    if (status !== 201) continue
    joined++
    const { token } = JSON.parse(body)
    await ask(port, post('/leave', { room: 'lobby' }, { Authorization: `Bearer ${String(token)}` }))
  }
  const { messages } = await poll(port, 'room=lobby&since=0')
  expect([joined, messages.filter(({ type }) => type === 'chat').length >= 395]).toEqual([300, true])
})
