// Floods, over real sockets and by every way in. A client that is too fast is told so, and how long to wait; all
// others go on as before.

import { networkInterfaces } from 'node:os'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ratesOf } from '../../src/app.js'
import { defaults } from '../../src/command.js'
import type { Config } from '../../src/config.js'
import { Limits } from '../../src/core/people/limits.js'
import { FakeClock } from '../support/clock.js'
import { bearer, join, parse, poll, post, send } from '../support/http.js'
import { ask, head, type RawAnswer, RawClient } from '../support/raw.js'
import { startServer, type TestServer, until } from '../support/server.js'
import { SOCKETIO_FULL, SOCKETIO_SHORT, WEBSOCKET } from '../support/sockets.js'
import { type WayIn, LINES, PLAIN } from '../support/visits.js'

const MESSAGES = 60

/** The counter of refusals for a reason. */
async function rejected({ url }: TestServer, reason: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(new RegExp(`^minichat_rejected_total\\{reason="${reason}"\\} (\\d+)`, 'm').exec(text)?.[1] ?? 0)
}

function statuses(answers: readonly RawAnswer[]): Record<number, number> {
  const counts: Record<number, number> = {}
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

/** So many at once, `width` at a time. */
async function flood(count: number, width: number, one: (i: number) => Promise<RawAnswer>): Promise<RawAnswer[]> {
  const answers: RawAnswer[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < count) answers.push(await one(next++))
  }
  await Promise.all(Array.from({ length: width }, worker))
  return answers
}

/** Is it a 429 as the contract has it? */
function expectPatience(answer: RawAnswer | undefined): void {
  expect(answer?.status).toBe(429)
  expect(answer?.headers.get('content-type')).toBe('application/problem+json')
  expect(answer?.headers.get('retry-after')).toMatch(/^[1-9]\d*$/)
  expect(JSON.parse(answer?.body ?? '')).toMatchObject({
    code: 'rate_limited',
    type: '/errors/rate-limited',
    detail: expect.stringContaining('wait 1 s'),
  })
}

describe('one person', () => {
  test('may say twenty things at once over HTTP, and is then asked to wait', async () => {
    const server = await startServer()
    const token = await join(server.port, 'lobby', 'ada')
    const answers = await flood(MESSAGES, 1, (i) =>
      ask(server.port, post('/send', { room: 'lobby', text: `${i}` }, bearer(token))),
    )
    const { 201: taken = 0, 429: refused = 0 } = statuses(answers)
    expect(taken).toBeGreaterThanOrEqual(20)
    expect(taken).toBeLessThan(MESSAGES / 2)
    expect([taken + refused, await rejected(server, 'rate_limited')]).toEqual([MESSAGES, refused])
    expectPatience(answers.at(-1))
    expect((await send(server.port, 'lobby', 'bob', 'others go on')).status).toBe(201)
  })

  for (const way of [LINES, PLAIN, WEBSOCKET, SOCKETIO_FULL, SOCKETIO_SHORT]) {
    test(`may no more by ${way.name}`, async () => {
      const server = await startServer(way.config)
      const visit = await open(server, way, 'ada')
      for (let i = 0; i < MESSAGES; i++) visit.say(`text ${i}`)
      const refusals = (): number => visit.raw.filter((line) => line.includes('faster than the room can read')).length
      await until(
        () => [visit.texts.length, refusals()],
        ([told = 0, refused = 0]) => told + refused >= MESSAGES,
        5000,
      )
      expect(visit.texts.length).toBeGreaterThanOrEqual(20)
      expect(visit.texts.length).toBeLessThan(MESSAGES / 2)
      expect(await rejected(server, 'rate_limited')).toBe(MESSAGES - visit.texts.length)
      expect((await send(server.port, 'lobby', 'bob', 'others go on')).status).toBe(201)
    })
  }

  test('may say that it types only so often', async () => {
    const { port } = await startServer()
    const token = await join(port, 'lobby', 'ada')
    const answers = await flood(MESSAGES, 1, () =>
      ask(port, post('/typing', { room: 'lobby', typing: true }, bearer(token))),
    )
    expectPatience(answers.at(-1))
  })

  async function open(server: TestServer, way: WayIn, username: string) {
    const visit = await way.open(way.transport === 'lines' ? (server.app.tcpPort ?? 0) : server.port, 'lobby', username)
    onTestFinished(() => visit.close())
    return visit
  }
})

describe('one address', () => {
  test('may say a thousand things as fast as it can, by 32 senders without a token', async () => {
    const { port } = await startServer()
    const answers = await flood(1000, 32, (i) => send(port, 'lobby', `u${i % 32}`, `text ${i}`))
    expect(statuses(answers)).toEqual({ 201: 1000 })
  })

  test('is stopped past its burst, whoever it says it is and whatever it forges', async () => {
    const server = await startServer({ addressBurst: 50, addressRate: 1 })
    const forged = (i: number): Record<string, string> => ({
      'X-Forwarded-For': `10.0.0.${i}`,
      'X-Real-IP': `10.0.0.${i}`,
      Forwarded: `for=10.0.0.${i}`,
    })
    const answers = await flood(100, 4, (i) =>
      ask(server.port, post('/send', { room: 'lobby', username: `u${i}`, text: 'hi' }, forged(i))),
    )
    const { 201: taken = 0, 429: refused = 0 } = statuses(answers)
    expect([taken >= 50, taken < 55, taken + refused]).toEqual([true, true, 100])
    expectPatience(answers.find(({ status }) => status === 429))
    expect(await rejected(server, 'rate_limited')).toBe(refused)
  })

  test('behind a proxy is whoever the proxy called from, and what that one wrote itself does not count', async () => {
    const { port } = await startServer({ trustProxy: 1, addressBurst: 5, addressRate: 1 })
    const from = (address: string, i: number): Promise<RawAnswer> =>
      ask(
        port,
        post('/send', { room: 'lobby', username: 'u', text: 'hi' }, { 'X-Forwarded-For': `10.0.0.${i}, ${address}` }),
      )
    expect(statuses(await flood(5, 1, (i) => from('203.0.113.1', i)))).toEqual({ 201: 5 })
    expectPatience(await from('203.0.113.1', 200))
    expect((await from('203.0.113.2', 1)).status).toBe(201)
  })

  test('joins, and makes rooms, only so often', async () => {
    const { port } = await startServer({ addressBurst: 3, addressJoins: 1, addressRooms: 1, addressRate: Infinity })
    const joins = await flood(4, 1, (i) => ask(port, post('/join', { room: 'lobby', username: `u${i}` })))
    expect(joins.map(({ status }) => status)).toEqual([201, 201, 201, 429])
    const rooms = await flood(4, 1, (i) => send(port, `room${i}`, 'u', 'hi'))
    expect(rooms.map(({ status }) => status)).toEqual([201, 201, 429, 429])
    expectPatience(rooms.at(-1))
    expect((await send(port, 'room0', 'u', 'a room that is there')).status).toBe(201)
  })

  test('that is this machine joins a hundred times a second, after its burst', async () => {
    const config = defaults({})
    const clock = new FakeClock()
    const limits = new Limits(clock, ratesOf(config))
    const joins = (): number => {
      for (let i = 0; i < 10_000; i++) {
        try {
          limits.join('127.0.0.1')
        } catch {
          return i
        }
      }
      return Infinity
    }
    expect(joins()).toBe(config.addressBurst)
    clock.advance(1000)
    expect(joins()).toBe(100)
  })

  test('behind a proxy has only so many readers that wait; one more is asked to come later, and one of elsewhere waits', async () => {
    const { app, port } = await startServer({ trustProxy: 1, addressConnections: 2 })
    const wait = (address: string): RawClient => {
      const client = new RawClient(port)
      onTestFinished(() => client.destroy())
      client.write(head({ path: '/poll?room=lobby&since=0', headers: { 'X-Forwarded-For': address } }))
      return client
    }
    const first = wait('203.0.113.1')
    wait('203.0.113.1')
    await until(
      () => app.chat.rooms.get('lobby')?.waiting,
      (count) => count === 2,
    )
    const third = await wait('203.0.113.1').answer()
    expect(parse(third ?? expect.unreachable())).toMatchObject({ messages: [], retry: expect.any(Number) })
    const events = await ask(port, { path: '/events?room=lobby', headers: { 'X-Forwarded-For': '203.0.113.1' } })
    expect([events.status, events.headers.get('retry-after')]).toEqual([503, '5'])
    wait('203.0.113.2')
    await until(
      () => app.chat.rooms.get('lobby')?.waiting,
      (count) => count === 3,
    )
    first.destroy()
    await until(
      () => app.chat.rooms.get('lobby')?.waiting,
      (count) => count === 2,
    )
    wait('203.0.113.1')
    await until(
      () => app.chat.rooms.get('lobby')?.waiting,
      (count) => count === 3,
    )
  })

  test('has only so many connections, if it is not this machine', async () => {
    const outside = Object.values(networkInterfaces())
      .flat()
      .find((there) => there?.family === 'IPv4' && !there.internal)?.address
    if (outside === undefined)
      return void process.stderr.write(
        '\n  SKIPPED  this machine has no address but its own: connect it to a network\n\n',
      )
    const server = await startServer({ host: '0.0.0.0', tcp: 0, addressConnections: 2 })
    const open = (port: number, host: string): RawClient => {
      const client = new RawClient(port, host)
      onTestFinished(() => client.destroy())
      return client
    }
    const asked = async (client: RawClient): Promise<number | undefined> => {
      client.write(head({ path: '/health' }))
      return (await client.answer())?.status
    }
    const [first, second] = [open(server.port, outside), open(server.port, outside)]
    expect([await asked(first), await asked(second)]).toEqual([200, 200])
    const third = await open(server.port, outside).answer()
    expect([third?.status, third?.headers.get('retry-after')]).toEqual([503, '5'])
    const line = open(server.app.tcpPort ?? 0, outside)
    await line.end()
    expect(line.rest).toMatch(/^ERROR your address has too many connections/)
    expect([await asked(open(server.port, '127.0.0.1')), await rejected(server, 'unavailable')]).toEqual([200, 2])
    first.destroy()
    await expect.poll(async () => asked(open(server.port, outside)).catch(() => undefined)).toBe(200)
  })

  test('holds only so many names, if it is not this machine', async () => {
    const { port } = await startServer({ trustProxy: 1, addressConnections: 2 })
    const from = (address: string, username: string): Promise<RawAnswer> =>
      ask(port, post('/join', { room: 'lobby', username }, { 'X-Forwarded-For': address }))
    const answers = [
      await from('203.0.113.1', 'a'),
      await from('203.0.113.1', 'b'),
      await from('203.0.113.1', 'c'),
      await from('203.0.113.2', 'd'),
    ]
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 503, 201])
    expect(answers[2]?.headers.get('retry-after')).toBe('60')
  })
})

test('with the rate off a person is as fast as it likes', async () => {
  const off: Partial<Config> = { rate: Infinity }
  const { port } = await startServer({ ...off, addressBurst: 2000 })
  const token = await join(port, 'lobby', 'ada')
  const answers = await flood(2500, 16, (i) => ask(port, post('/send', { room: 'lobby', text: `${i}` }, bearer(token))))
  expect(statuses(answers)).toEqual({ 201: 2500 })
  expect((await poll(port, 'room=lobby&since=0')).messages.length).toBe(500)
})
