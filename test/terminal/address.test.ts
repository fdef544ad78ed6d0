// Addresses without a mini-chat, and what each command says about them.

import { createServer as createHttp, type RequestListener } from 'node:http'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startServer } from '../support/server.js'
import { run } from './program.js'

async function listen(server: Server): Promise<string> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => undefined)))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const answering = (answer: RequestListener): Promise<string> => listen(createHttp(answer))
const page = (status: number): RequestListener => {
  return (_request, response) => response.writeHead(status, { 'Content-Type': 'text/html' }).end('<h1>It works!</h1>')
}

async function refused(): Promise<string> {
  const server = createServer()
  const url = await listen(server)
  await new Promise((resolve) => server.close(resolve))
  return url
}

const NOT_OURS = 'is no mini-chat: check the address'
const PLACES: [what: string, url: () => Promise<string>, sentence: string][] = [
  ['another web server', () => answering(page(200)), NOT_OURS],
  ['a page that is not there', () => answering(page(404)), NOT_OURS],
  ['a proxy without its server', () => answering(page(502)), NOT_OURS],
  [
    'an API of something else',
    () => answering((_, res) => res.setHeader('Content-Type', 'application/json').end('{}')),
    NOT_OURS,
  ],
  [
    'a server of another protocol',
    () => listen(createServer((socket) => void socket.end('SSH-2.0-OpenSSH_9\r\n'))),
    NOT_OURS,
  ],
  [
    'a server that hangs up',
    () => listen(createServer((socket) => void socket.once('data', () => socket.destroy()))),
    NOT_OURS,
  ],
  [
    'a server that has moved',
    () => answering((request, res) => res.writeHead(308, { Location: `https://chat.example${request.url}` }).end()),
    'sends its visitors on to https://chat.example: use that address',
  ],
  ['nothing', refused, 'nobody answers at'],
  [
    'a chat without encryption, by https',
    async () => (await startServer()).url.replace('http:', 'https:'),
    'is not encrypted: write http:// in place of https://',
  ],
  ['above a base path', async () => (await startServer({ base: '/chat' })).url, 'everything is below /chat/'],
]

describe.each(PLACES)('%s', (_what, place, sentence) => {
  test.each([
    ['join', (url: string) => ['join', url, '--as', 'ada']],
    ['send', (url: string) => ['send', '--url', url, 'lobby', 'hi', '--as', 'ada', '--patience', '1']],
    ['tail', (url: string) => ['tail', '--url', url]],
  ])('%s says in one sentence what is wrong', async (_command, args) => {
    const { code, out, err } = await run(args(await place()))
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toContain(sentence)
    expect(err.trimEnd().split('\n')).toHaveLength(1)
  })
})

test.each([
  ['join', (url: string) => ['join', url, '--as', 'ada']],
  ['tail', (url: string) => ['tail', '--url', url]],
])('%s waits five seconds for a server that does not answer', async (_command, args) => {
  const url = await listen(createServer(() => undefined))
  const { code, err } = await run(args(url))
  expect({ code, err }).toEqual({ code: 1, err: `mini-chat: ${url} takes too long to answer: try again\n` })
})

test('below a base path each command finds its chat, with a slash at the end and without', async () => {
  const { url } = await startServer({ base: '/chat' })
  expect(await run(['send', '--url', `${url}/chat`, 'lobby', 'hi', '--as', 'ada'])).toMatchObject({ code: 0, err: '' })
  const { code, out } = await run(['join', `${url}/chat/#lobby`, '--as', 'bob'], 'hello\n')
  expect(code).toBe(0)
  expect(out).toContain('bob: hello')
})
