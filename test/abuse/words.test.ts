// Words meant to deceive or to break: look-alike names, piles of accents, orders to terminals, and names by the ten
// thousand.

import { devNull } from 'node:os'
import { describe, expect, test } from 'vitest'
import { ChatError } from '../../src/core/errors.js'
import { startChild } from '../support/child.js'
import { bearer, join, parse, poll, post, send } from '../support/http.js'
import { ask, RawClient } from '../support/raw.js'
import { MEASURES } from '../support/retried.js'
import { startServer, until } from '../support/server.js'
import { talk } from '../support/talker.js'

const ESCAPE = '\u001b]0;owned\u0007\u001b[2J'
const ZALGO = 'e\u0301\u0316\u0489'

describe('a name that somebody holds', () => {
  test.for(['ADA', 'Ada', 'ａｄａ', 'ad\u{1d41a}', 'ⓐⓓⓐ', 'a\u{1d555}a'])(
    'cannot be had by another that looks like it: %s',
    async (twin) => {
      const { port } = await startServer()
      await join(port, 'lobby', 'ada')
      const [joined, sent] = [
        await ask(port, post('/join', { room: 'lobby', username: twin })),
        await send(port, 'lobby', twin, 'it is me'),
      ]
      expect([joined.status, sent.status]).toEqual([409, 409])
    },
  )

  test.for([
    'аda',
    'adа',
    'αda',
    'a\u200bda',
    'a\u00adda',
    '\u202eada',
    'ada\u3164',
    'a\u2060da',
    '[ada]',
    'ada\u0000',
    'ada\u001b[0m',
    '\u3164',
    '\u2800',
  ])('cannot be forged with other letters or invisible ones: %j', async (twin) => {
    const { port } = await startServer()
    await join(port, 'lobby', 'ada')
    const [joined, sent] = [
      await ask(port, post('/join', { room: 'lobby', username: twin })),
      await send(port, 'lobby', twin, 'it is me'),
    ]
    expect([joined.status, sent.status]).toEqual([400, 400])
  })

  test('a space and an underscore are one letter, as lines write them', async () => {
    const { port } = await startServer()
    await join(port, 'lobby', 'ada b')
    expect((await send(port, 'lobby', 'ada_b', 'it is me')).status).toBe(409)
  })
})

test('a name is no pile of accents: at most 128 bytes, however few letters', async () => {
  const { port } = await startServer()
  const answer = await send(port, 'lobby', `e${'\u0301\u0316\u0489'.repeat(30)}`, 'hi')
  expect([answer.status, parse(answer)['detail']]).toEqual([400, expect.stringContaining('128 bytes')])
})

test('a text of accents is as long as its code points, and is told as it came', async () => {
  const { port } = await startServer()
  const text = ZALGO.repeat(1000).normalize('NFC')
  expect((await send(port, 'lobby', 'ada', text)).status).toBe(201)
  expect((await send(port, 'lobby', 'ada', ZALGO.repeat(2000))).status).toBe(400)
  expect((await poll(port, 'room=lobby&since=0')).messages.map((message) => message.text)).toEqual([text])
})

describe('what the server prints', () => {
  test.for([
    ['--data', `${devNull}/${ESCAPE}`],
    ['--host', ESCAPE],
    ['--allow-origin', ESCAPE],
    [`--${ESCAPE}`],
    [ESCAPE],
  ])('when it cannot start is one line without an escape sequence: %j', async (flags) => {
    const why = await startChild(flags).then(
      () => 'it started',
      (error: unknown) => String(error),
    )
    expect(why).toMatch(/^Error: it ended: mini-chat: [^\p{Cc}]+\n$/u)
  })

  test('while people send orders to terminals is how many were refused, and nothing else', async () => {
    const server = await startChild(['--tcp', '0'])
    const port = Number(new URL(server.url).port)
    const before = server.output()
    const answers = [
      await ask(port, { path: '/', headers: { 'User-Agent': 'x\u009b2J', 'X-Forwarded-For': 'x\u009b2J' } }),
      await ask(port, { path: `/poll?room=${encodeURIComponent(ESCAPE)}` }),
      await send(port, 'lobby', ESCAPE, 'hi'),
      await send(port, 'lobby', 'ada', ESCAPE),
      await ask(port, post('/join', { room: 'lobby', username: 'ada' }, bearer('x'))),
    ]
    const raw = new RawClient(port)
    raw.write(`GET /${ESCAPE} HTTP/1.1\r\n\r\n`)
    await raw.end()
    const line = talk(Number(/"tcp":(\d+)/.exec(server.output())?.[1]))
    line.say(ESCAPE, `JOIN lobby ${ESCAPE}`, 'JOIN lobby ada', `MSG lobby ${ESCAPE}`, 'QUIT')
    await line.hear('INFO bye')
    expect(answers.map(({ status }) => status)).toEqual([200, 400, 400, 400, 401])
    expect(
      answers
        .map(({ body }) => body)
        .join('')
        .replaceAll(/[\n\t]/g, ''),
    ).not.toMatch(/\p{Cc}/u)
    const refusal = /^\{"time":"[\dT:.Z-]+","level":"info","event":"refused","reason":"[a-z_]+","count":\d+\}\n/gm
    expect(server.output().replaceAll(refusal, '')).toBe(before)
    await server.end('SIGTERM')
    expect(
      server
        .output()
        .split('\n')
        .filter((event) => event !== '')
        .map((event) => JSON.parse(event).event)
        .filter((event) => event !== 'refused'),
    ).toEqual(['listening', 'stopped'])
  })
})

describe('names by the ten thousand', () => {
  const MANY = 10_000
  // The same in every hash table that adds its letters up.
  const alike = (i: number): string => Array.from({ length: 14 }, (_, bit) => ((i >> bit) & 1 ? 'Aa' : 'BB')).join('')

  test('of fields in a body are read in a moment', MEASURES, async () => {
    const { port } = await startServer()
    const fields = Array.from({ length: 1900 }, (_, i) => alike(i))
    const started = performance.now()
    const json = await ask(port, {
      method: 'POST',
      path: '/send?room=lobby&username=u',
      headers: { 'Content-Type': 'application/json' },
      body: `{"text":"hi",${fields.map((name) => `"${name}":1`).join(',')}}`,
    })
    const form = await ask(port, {
      method: 'POST',
      path: '/send?room=lobby&username=u',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: `text=hi&${fields.map((name) => `${name}=1`).join('&')}`,
    })
    expect([json.status, form.status]).toEqual([201, 201])
    expect(performance.now() - started).toBeLessThan(1000)
  })

  test('of rooms read are forgotten, and of rooms made are as many as there may be', { timeout: 60_000 }, async () => {
    const { app, port } = await startServer({ rooms: 50, addressRooms: Infinity, rate: Infinity })
    const started = performance.now()
    const each = async (from: number): Promise<void> => {
      for (let i = from; i < MANY; i += 8) {
        await app.chat.send({ room: alike(i), username: 'u', text: 'hi', address: '203.0.113.1' })
        if (i % 50 === 0) await poll(port, `room=${alike(MANY + i)}&wait=0`)
      }
    }
    await Promise.all(Array.from({ length: 8 }, (_, i) => each(i)))
    await until(
      () => [...app.chat.rooms.all()].length,
      (count) => count === 20,
    )
    expect([app.chat.rooms.size, (await send(port, 'lobby', 'ada', 'hi')).status]).toEqual([20, 201])
    expect(performance.now() - started).toBeLessThan(30_000)
  })

  test('of rooms that one address makes are stopped', async () => {
    const { app } = await startServer({ addressRooms: 1, rate: Infinity })
    let taken = 0
    for (let i = 0; i < MANY; i++) {
      const made = await app.chat
        .send({ room: alike(i), username: 'u', text: 'hi', address: '203.0.113.1' })
        .catch((error: unknown) => error)
      if (!(made instanceof ChatError)) taken++
    }
    expect(taken).toBeGreaterThanOrEqual(2000)
    expect(taken).toBeLessThan(2020)
    expect(app.chat.rooms.size).toBe(100)
  })
})
