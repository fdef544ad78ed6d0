// A server below a path: behind a proxy that serves other things beside it.

import { io } from 'socket.io-client'
import { describe, expect, onTestFinished, test } from 'vitest'
import WebSocket from 'ws'
import { parseCommand } from '../../src/command.js'
import { UsageError } from '../../src/flags.js'
import { parse, post } from '../support/http.js'
import { needs } from '../support/needs.js'
import { startNginx } from '../support/nginx.js'
import { ask } from '../support/raw.js'
import { startServer, until } from '../support/server.js'

const BASE = { base: '/chat' }

test('everything is below the path, and nothing beside it but /health and /ready', async () => {
  const { port } = await startServer(BASE)
  for (const path of ['/chat/', '/chat/static/page.js', '/chat/poll?room=lobby', '/chat/health', '/health', '/ready'])
    expect([path, (await ask(port, { path })).status]).toEqual([path, 200])
  for (const path of [
    '/',
    '/poll?room=lobby',
    '/chatter',
    '/chatter/poll?room=lobby',
    '/chat//',
    '/static/page.js',
    '/rooms',
  ])
    expect([path, (await ask(port, { path })).status]).toEqual([path, 404])
  const sent = await ask(port, post('/chat/send', { room: 'lobby', username: 'ada', text: 'hi' }))
  expect(sent.status).toBe(201)
})

test('the path without its last slash leads to the page', async () => {
  const { port } = await startServer({ ...BASE, password: 'sesame' })
  const answer = await ask(port, { path: '/chat' })
  expect([answer.status, answer.headers.get('location')]).toEqual([308, '/chat/'])
})

test('the cookie goes there and nowhere else', async () => {
  const { port } = await startServer({ ...BASE, password: 'sesame' })
  const answer = await ask(port, post('/chat/login', { password: 'sesame' }))
  expect(answer.headers.get('set-cookie')).toMatch(/; Path=\/chat\/; /)
})

test('another site’s request is a 403 there before it is a 404', async () => {
  const { port } = await startServer(BASE)
  const evil = { Origin: 'https://evil.example' }
  for (const path of ['/chat/send', '/send', '/chat']) expect((await ask(port, post(path, {}, evil))).status).toBe(403)
})

test('WebSocket and Socket.IO are below it too', async () => {
  const { port } = await startServer({ ...BASE, websocket: true, socketio: true })
  const socket = new WebSocket(`ws://127.0.0.1:${port}/chat/ws/lobby/ada`)
  const client = io(`http://127.0.0.1:${port}`, { path: '/chat/socket.io/', forceNew: true, reconnection: false })
  onTestFinished(() => {
    socket.terminate()
    client.disconnect()
  })
  await Promise.all([
    new Promise((resolve) => socket.on('open', resolve)),
    new Promise((resolve) => client.on('connect', () => resolve(undefined))),
  ])
  expect(client.connected).toBe(true)
})

describe('the setting', () => {
  const base = (value: string): string => {
    const command = parseCommand(['--base', value], {})
    return command.name === 'serve' ? command.config.base : command.name
  }

  test('is a path, with or without its last slash', () => {
    expect([base('/chat'), base('/chat/'), base('/a/b-c'), base('/'), base('')]).toEqual([
      '/chat',
      '/chat',
      '/a/b-c',
      '',
      '',
    ])
  })

  test.each(['chat', '//chat', '/chat?x', '/../chat', '/ch at', 'https://a/chat', '/a//b', '/%2e'])(
    'is not %s',
    (value) => {
      expect(() => base(value)).toThrow(UsageError)
    },
  )
})

const hasNginx = needs('nginx', 'nginx-light')

describe.runIf(hasNginx)('behind nginx', () => {
  /** nginx that passes /chat/ on as it came; resolves with its port. */
  const startChatNginx = (target: number): Promise<number> =>
    startNginx(
      (port) => `
        map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
        server {
          listen 127.0.0.1:${port};
          location / { return 418; }
          location /chat {
            proxy_pass http://127.0.0.1:${target};
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto https;
            proxy_buffering off;
          }
        }`,
    )

  test('the page, polls, sends and the password’s cookie work, and the cookie is Secure', async () => {
    const { port: target } = await startServer({ ...BASE, password: 'sesame', trustProxy: 1 })
    const port = await startChatNginx(target)
    expect((await ask(port, { path: '/chat/' })).status).toBe(200)
    expect((await ask(port, { path: '/chat/rooms' })).status).toBe(401)
    const login = await ask(port, post('/chat/login', { password: 'sesame' }))
    const cookie = login.headers.get('set-cookie') ?? ''
    expect(cookie).toMatch(/; Path=\/chat\/; .*; Secure$/)
    const headers = { Cookie: cookie.split(';', 1)[0] ?? '' }
    const sent = await ask(port, post('/chat/send', { room: 'lobby', username: 'ada', text: 'hi' }, headers))
    const history = await ask(port, { path: '/chat/history?room=lobby', headers })
    expect([sent.status, parse(history)]).toMatchObject([201, { messages: [{ text: 'hi' }] }])
  })

  test('a WebSocket goes through, and its messages come out', async () => {
    const { app, port: target } = await startServer({ ...BASE, websocket: true, trustProxy: 1 })
    const port = await startChatNginx(target)
    const frames: string[] = []
    const socket = new WebSocket(`ws://127.0.0.1:${port}/chat/ws/lobby/ada`)
    onTestFinished(() => socket.terminate())
    socket.on('message', (data) => frames.push(Buffer.isBuffer(data) ? data.toString() : ''))
    await new Promise((resolve) => socket.on('open', resolve))
    await app.chat.send({ room: 'lobby', username: 'bob', text: 'hello' })
    await until(
      () => frames.length,
      (count) => count === 2,
    )
    expect(frames[1]).toContain('hello')
  })
})
