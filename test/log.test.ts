// The server's log: refusals and losses counted, trouble of the store, each request with --log debug; and never a
// word that people typed.

import { describe, expect, onTestFinished, test } from 'vitest'
import WebSocketClient from 'ws'
import { type App, createApp } from '../src/app.js'
import { defaults } from '../src/command.js'
import type { Config } from '../src/config.js'
import { createLogger } from '../src/log.js'
import { Tally } from '../src/tally.js'
import { FakeClock } from './support/clock.js'
import { send } from './support/http.js'
import { startChild } from './support/child.js'
import { ask } from './support/raw.js'
import { until } from './support/server.js'

test('a tally says the first at once, and then what came, once a second', () => {
  const clock = new FakeClock()
  const said: [string, number][] = []
  const tally = new Tally({ clock, tell: (...one) => said.push(one) })
  for (let i = 0; i < 100; i++) tally.add('full')
  tally.add('rate_limited', 3)
  expect(said.splice(0)).toEqual([
    ['full', 1],
    ['rate_limited', 3],
  ])
  clock.advance(1000)
  expect(said.splice(0)).toEqual([['full', 99]])
  tally.add('full')
  expect(said).toEqual([])
  clock.advance(1000)
  clock.advance(1000)
  tally.add('full')
  expect(said.splice(0)).toEqual([
    ['full', 1],
    ['full', 1],
  ])
  tally.add('full', 5)
  tally.close()
  expect(said).toEqual([['full', 5]])
})

test('the JSON log counts refusals by their reason, a few lines for many, and says none of their words', async () => {
  const server = await startChild(['--ring', '2'])
  onTestFinished(() => server.end('SIGKILL').then(() => undefined))
  const port = Number(new URL(server.url).port)
  for (let i = 0; i < 30; i++) await ask(port, { path: '/poll?room=!secret!' })
  for (let i = 0; i < 5; i++) await send(port, 'den', 'ada', `secret ${i}`)
  const first = await ask(port, { path: '/poll?room=den&since=0' })
  const epoch = /"next":"(\w{8})\./.exec(first.body)?.[1]
  await ask(port, { path: `/poll?room=den&since=${epoch}.1` })
  await ask(port, { path: '/poll?room=den&since=zzzzzzzz.1' })
  await server.end('SIGTERM')
  const lines = server
    .output()
    .trim()
    .split('\n')
    .map((line): { event: string; reason?: string; count?: number } => JSON.parse(line))
  const refused = lines.filter(({ event }) => event === 'refused')
  expect(refused.every(({ reason }) => reason === 'bad_request')).toBe(true)
  expect(refused.reduce((sum, { count = 0 }) => sum + count, 0)).toBe(30)
  expect(refused.length).toBeLessThan(15)
  expect(lines.filter(({ event }) => event === 'missed')).toMatchObject([
    { reason: 'overflow', count: 1 },
    { reason: 'restart', count: 1 },
  ])
  expect(server.output()).not.toMatch(/secret|den/)
})

describe('--log debug', () => {
  async function start(given: Partial<Config> = {}): Promise<{ app: App; port: number; said: () => string[] }> {
    let text = ''
    const output = { write: (line: string) => (text += line) }
    const log = createLogger({ format: 'debug', quiet: false, output })
    const app = await createApp(defaults({ port: 0, host: '127.0.0.1', log: 'debug', ...given }), log)
    onTestFinished(() => app.stop())
    const said = (): string[] => text.split('\n').filter((line) => / (?:request|upgrade) /.test(line))
    return { app, port: await app.listen(), said }
  }

  test('says each request without a word of the client’s', async () => {
    const { port, said } = await start({ base: '/chat', trustProxy: 1 })
    const headers = { 'X-Forwarded-For': '10.1.2.3' }
    const paths = ['/chat/poll?room=private&since=0&wait=0', '/chat/', '/chat/private', '/private', '/health']
    for (const path of paths) await ask(port, { path, headers })
    await ask(port, { method: 'POST', path: '/chat/send?room=den&username=private', headers, body: 'private' })
    await until(said, (lines) => lines.length === paths.length + 1)
    const fields = said().map((line) => line.replace(/^\S+ debug /, '').replace(/ ms=\d+/, ''))
    expect(fields).toEqual([
      'request method="GET" route="/poll" status=200 address="10.1.2.3"',
      'request method="GET" route="/" status=200 address="10.1.2.3"',
      'request method="GET" route="none" status=404 address="10.1.2.3"',
      'request method="GET" route="none" status=404 address="10.1.2.3"',
      'request method="GET" route="/health" status=200 address="10.1.2.3"',
      'request method="POST" route="/send" status=201 address="10.1.2.3"',
    ])
    expect(said().every((line) => / ms=\d+ /.test(line))).toBe(true)
  })

  test('says what became of an upgrade, and that a client did not wait', async () => {
    const { port, said } = await start({ websocket: true })
    for (const name of ['ada', 'bad[name'])
      await new Promise((resolve) => {
        const socket = new WebSocketClient(`ws://127.0.0.1:${port}/ws/lobby/${name}`)
        socket.once('open', () => socket.terminate())
        socket.once('error', () => undefined)
        socket.once('close', resolve)
      })
    const abort = new AbortController()
    const polled = fetch(`http://127.0.0.1:${port}/poll?room=lobby&since=now`, { signal: abort.signal })
    setTimeout(() => abort.abort(), 100)
    await polled.catch(() => undefined)
    const lines = await until(said, (all) => all.length === 3)
    expect(lines[0]).toContain('upgrade route="/ws/" status=101 address="127.0.0.1"')
    expect(lines[1]).toContain('upgrade route="/ws/" status=400 address="127.0.0.1"')
    expect(lines[2]).toMatch(/request method="GET" route="\/poll" ms=\d+ address="127.0.0.1" cut=true$/)
  })
})

test('a log that is text is not told of refusals', async () => {
  const events: string[] = []
  const log = { info: (event: string) => void events.push(event), error: () => undefined }
  const app = await createApp(defaults({ port: 0, host: '127.0.0.1' }), log)
  const port = await app.listen()
  await ask(port, { path: '/poll' })
  await app.stop()
  expect(events).toEqual([])
})

describe('where the oldest page sent and polled', () => {
  test.each([
    ['POST', '/api/send', '/send'],
    ['GET', '/api/poll?after=12', '/poll'],
    ['GET', '/api/poll', '/poll'],
  ])('%s %s is gone, and names what is there now', async (method, path, now) => {
    for (const base of ['', '/chat']) {
      const app = await createApp(
        defaults({ port: 0, host: '127.0.0.1', base, quiet: true }),
        createLogger({ format: 'text', quiet: true }),
      )
      onTestFinished(() => app.stop())
      const answer = await ask(await app.listen(), {
        method,
        path: base + path,
        ...(method === 'POST' ? { body: '{"user":"a"}' } : {}),
      })
      expect([answer.status, answer.headers.get('link')]).toEqual([410, `<${base}${now}>; rel="successor-version"`])
      expect(JSON.parse(answer.body)).toMatchObject({ type: '/errors/gone', code: 'gone', status: 410 })
      expect(answer.body).toContain(`${method} ${now}`)
    }
  })
})
