// A chat inside other people's servers: it answers its own requests, and leaves the others to the program around it.

import { getRequestListener } from '@hono/node-server'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import WebSocket from 'ws'
import { defaults } from '../src/command.js'
import { type ChatOptions, type ChatServer, createChat, UsageError } from '../src/index.js'
import { parseOptions } from '../src/options.js'
import { parse, post } from './support/http.js'
import { temporaryFolder } from './support/journal.js'
import { ask } from './support/raw.js'
import { until } from './support/server.js'

/** What was logged as an error. */
let said = ''

beforeEach(() => {
  said = ''
  vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
    said += String(chunk)
    return true
  })
  return () => void vi.restoreAllMocks()
})

function startChat(options: ChatOptions = {}): ChatServer {
  const chat = createChat({ quiet: true, host: '127.0.0.1', ...options })
  onTestFinished(() => chat.close())
  return chat
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const address = server.address()
  return typeof address === 'object' ? (address?.port ?? 0) : 0
}

type Host = (chat: ChatServer) => Promise<Server>

/** The program's own route, and its own 404, beside a chat. */
const HOSTS: Readonly<Record<string, Host>> = {
  'Express 5, at the root': async (chat) => createServer(expressAround('/', chat)),
  'Express 5, below a path': async (chat) => createServer(expressAround('/chat', chat)),
  'Express 5, below a path of a router': async (chat) => {
    const app = express()
    const router = express.Router()
    router.use('/chat', chat.handler)
    app.use('/deep', router)
    app.get('/own', (_request, response) => void response.send('mine'))
    return createServer(app)
  },
  async 'Fastify 5'(chat) {
    const app = fastify({
      serverFactory: (rest) =>
        createServer((request, response) => chat.handler(request, response, () => rest(request, response))),
    })
    app.get('/own', () => 'mine')
    onTestFinished(() => app.close())
    await app.ready()
    return app.server
  },
  async Hono(chat) {
    const app = new Hono().get('/own', (c) => c.text('mine'))
    const rest = getRequestListener(app.fetch)
    return createServer((request, response) => chat.handler(request, response, () => void rest(request, response)))
  },
  async 'node:http'(chat) {
    const rest = ({ url }: IncomingMessage, response: ServerResponse): void =>
      void response.writeHead(url === '/own' ? 200 : 404, { 'Content-Length': 4 }).end(url === '/own' ? 'mine' : 'none')
    return createServer((request, response) => chat.handler(request, response, () => rest(request, response)))
  },
}

function expressAround(path: string, chat: ChatServer): express.Express {
  const app = express()
  app.use(path, chat.handler)
  app.use(express.json())
  app.get('/own', (_request, response) => void response.send('mine'))
  return app
}

describe.each([
  ['Express 5, at the root', '', {}],
  ['Express 5, below a path', '/chat', {}],
  ['Express 5, below a path', '/chat', { base: '/chat' }],
  ['Express 5, at the root', '/chat', { base: '/chat' }],
  ['Express 5, below a path of a router', '/deep/chat', {}],
  ['Fastify 5', '', {}],
  ['Fastify 5', '/chat', { base: '/chat' }],
  ['Hono', '/chat', { base: '/chat' }],
  ['node:http', '/chat', { base: '/chat' }],
])('in %s, the chat at "%s" with %j', (name, base, options) => {
  async function start(more: ChatOptions = {}): Promise<{ chat: ChatServer; server: Server; port: number }> {
    const chat = startChat({ ...options, ...more })
    const server = await HOSTS[name]?.(chat)
    if (server === undefined) throw new Error(`no host ${name}`)
    return { chat, server, port: await listen(server) }
  }

  test('the program has its own routes and its own 404', async () => {
    const { port } = await start()
    const own = await ask(port, { path: '/own' })
    const foreign = await ask(port, { path: '/own', headers: { Host: 'program.example' } })
    const nowhere = await ask(port, { path: '/nowhere' })
    expect([own.status, own.body, foreign.body, nowhere.status]).toEqual([200, 'mine', 'mine', 404])
    expect(nowhere.body).not.toContain('/errors/')
    if (base === '') return
    // Outside of its path even the chat's own words are the program's.
    for (const path of ['/poll?room=lobby', '/health', '/'])
      expect((await ask(port, { path })).body).not.toContain('/errors/')
    expect((await ask(port, { path: `${base}er` })).body).not.toContain('/errors/')
  })

  test('people talk, and the page and its files are where the page looks for them', async () => {
    const { port } = await start({ password: 'sesame' })
    const page = await ask(port, { path: `${base}/` })
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    const files = [...page.body.matchAll(/(?:src|href)="([^"#:]+)"/g)].map(([, file = '']) => file)
    expect(files.length).toBeGreaterThan(1)
    for (const file of files) {
      const { pathname } = new URL(file, `http://localhost${base}/`)
      expect([file, (await ask(port, { path: pathname })).status]).toEqual([file, 200])
    }
    const login = await ask(port, post(`${base}/login`, { password: 'sesame' }))
    const cookie = login.headers.get('set-cookie') ?? ''
    expect(cookie).toContain(`; Path=${base}/;`)
    const headers = { Cookie: cookie.split(';', 1)[0] ?? '' }
    const sent = await ask(port, post(`${base}/send`, { room: 'lobby', username: 'ada', text: 'hi' }, headers))
    const polled = await ask(port, { path: `${base}/poll?room=lobby&since=0`, headers })
    expect([sent.status, parse(polled)]).toMatchObject([201, { messages: [{ text: 'hi' }] }])
    expect((await ask(port, { method: 'PUT', path: `${base}/send`, headers })).status).toBe(405)
    if (base === '') return
    const bare = await ask(port, { path: base })
    expect([bare.status, bare.headers.get('location')]).toEqual([308, `${base}/`])
  })

  test('WebSocket works once upgrades are handed over, where the chat knows its path', async () => {
    const { chat, server, port } = await start({ websocket: true })
    const address = `ws://127.0.0.1:${port}${base}/ws/lobby/ada`
    expect(await opens(address)).toBe(false)
    server.on('upgrade', chat.upgrade)
    expect(await opens(address)).toBe(base === '' || 'base' in options)
    expect(await opens(`ws://127.0.0.1:${port}/other`)).toBe(false)
  })
})

/** Does a WebSocket open? */
async function opens(url: string): Promise<boolean> {
  const socket = new WebSocket(url)
  const isOpen = await new Promise<boolean>((resolve) => {
    socket.once('open', () => resolve(true))
    socket.once('error', () => resolve(false))
  })
  socket.terminate()
  return isOpen
}

describe('upgrades', () => {
  test('of the program’s own go to its other listener, or to next', async () => {
    const chat = startChat({ websocket: true })
    await chat.send({ room: 'lobby', username: 'bot', text: 'opened' })
    const server = createServer(chat.handler)
    const taken: string[] = []
    server.on('upgrade', chat.upgrade)
    server.on('upgrade', ({ url = '' }, socket) => {
      if (url !== '/own') return
      taken.push(url)
      socket.end('HTTP/1.1 418 Own\r\n\r\n')
    })
    const port = await listen(server)
    expect(await opens(`ws://127.0.0.1:${port}/own`)).toBe(false)
    expect(await opens(`ws://127.0.0.1:${port}/ws/lobby/ada`)).toBe(true)
    expect(taken).toEqual(['/own'])
    const passed = createServer(chat.handler).on('upgrade', (request, socket, head) =>
      chat.upgrade(request, socket, head, () => void socket.end('HTTP/1.1 418 Own\r\n\r\n')),
    )
    expect(await opens(`ws://127.0.0.1:${await listen(passed)}/own`)).toBe(false)
  })

  test('that do not reach the chat are answered with what to write', async () => {
    const chat = startChat({ websocket: true })
    const port = await listen(createServer(chat.handler))
    const headers = { Upgrade: 'websocket', Connection: 'Upgrade' }
    const answer = await ask(port, { path: '/ws/lobby/ada', headers })
    await ask(port, { path: '/ws/lobby/bob', headers })
    expect(said.match(/ no_upgrade /g)).toHaveLength(1)
    expect([answer.status, parse(answer)['detail']]).toEqual([
      404,
      "the server does not hand upgrades to the chat: server.on('upgrade', chat.upgrade)",
    ])
  })
})

test('a body parser before the chat is a fault that is said, and no request that hangs', async () => {
  const chat = startChat()
  const app = express()
  app.use(express.json(), chat.handler)
  const port = await listen(createServer(app))
  const sent = await ask(port, post('/send', { room: 'lobby', username: 'ada', text: 'hi' }))
  expect([sent.status, said]).toEqual([500, expect.stringContaining('put chat.handler before every body parser')])
})

test('lines over TCP begin with the chat, whoever listens for HTTP', async () => {
  const chat = startChat({ tcp: 0 })
  const port = await until(
    () => chat.tcpPort ?? 0,
    (value) => value > 0,
  )
  const greeting = await new Promise<string>((resolve, reject) => {
    const socket = connect(port, '127.0.0.1').once('error', reject)
    socket.once('data', (data) => {
      resolve(data.toString())
      socket.destroy()
    })
  })
  expect(greeting).toBe('INFO welcome to mini-chat\n')
  expect(await chat.listen(0)).toBeGreaterThan(0)
  expect(chat.tcpPort).toBe(port)
})

describe('what is wrong with the settings is thrown at once', () => {
  test.each<[Record<string, unknown>, string]>([
    [{ ring: -5 }, '--ring is a whole number from 1 to 100000, not "-5"'],
    [{ wait: 'soon' }, '--wait is a whole number from 0 to 55, not "soon"'],
    [{ auth: 'jwt' }, '--auth jwt needs the secret in MINI_CHAT_JWT_SECRET, or the address of public keys: --jwks URL'],
    [
      { jwt: { key: { secret: 'short' } } },
      'MINI_CHAT_JWT_SECRET is too short: at least 32 bytes, such as `openssl rand -base64 32` makes',
    ],
    [{ nonsense: 1 }, 'createChat has no setting "nonsense": see mini-chat --help all'],
    [{ open: true }, 'createChat has no setting "open": see mini-chat --help all'],
    [{ password: '' }, '--password is empty: give it a value, or leave it out'],
    [{ websocket: 'yes' }, '--websocket is true or false, not "yes"'],
    [{ rate: 0 }, '--rate is a whole number from 1 to 1000000, or off, not "0"'],
    [{ port: null }, '--port is PORT, not null'],
    [{ allowHost: 'a.example' }, '--allow-host is a list of texts, not "a.example"'],
    [{ keepMs: -1 }, 'keepMs is a whole number of milliseconds from 1 up, not -1'],
    [{ keep: 'long' }, '--keep is a time such as 90s, 12h or 30d, not "long"'],
    [{ base: 'chat' }, '--base is a path such as /chat, not "chat"'],
    [{ data: 'a', redis: 'redis://b' }, '--data and --redis both keep the messages: leave one of them out'],
  ])('%j', (options, sentence) => {
    expect(() => createChat(options)).toThrow(new UsageError(sentence))
  })

  test('and every setting of the server is taken as the server has it', () => {
    const {
      open: _open,
      drain: _drain,
      lab: _lab,
      given: _given,
      ...config
    } = defaults({
      rate: Infinity,
      tcp: 0,
      keepMs: 1500,
      allowHost: ['a.example'],
      jwt: { key: { jwks: 'https://login.example/keys' }, audience: 'us' },
    })
    expect(parseOptions(config)).toMatchObject(config)
    expect(parseOptions({ keep: '2h', auth: 'jwt', jwtSecret: 'x'.repeat(32) })).toMatchObject({
      keepMs: 7_200_000,
      jwt: { key: { secret: 'x'.repeat(32) } },
    })
  })
})

test('a chat without --files leaves /files to the program around it, and one with them takes it', async () => {
  const around = async (options: ChatOptions): Promise<string> => {
    const chat = createChat({ quiet: true, ...options })
    const server = createServer((request, response) => chat.handler(request, response, () => response.end('mine')))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(async () => {
      server.closeAllConnections()
      server.close()
      await chat.close()
    })
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : 0
    await fetch(`http://127.0.0.1:${port}/health`)
    return (await fetch(`http://127.0.0.1:${port}/files/${'x'.repeat(22)}`)).text()
  }
  expect(await around({})).toBe('mine')
  expect(await around({ files: temporaryFolder() })).toContain('not_found')
})
