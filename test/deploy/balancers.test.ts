// nginx, HAProxy and Caddy as Debian has them, with the files of deploy/, in front of instances of the program.

import { createServer, request } from 'node:http'
import { connect } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import WebSocket from 'ws'
import { startBalancer, startProgram } from '../support/balancer.js'
import { type Balancer, CADDY, deployed, HAPROXY, NGINX, until } from '../support/balancer-server.js'
import { freePort } from '../support/port.js'
import { type ChildServer, startChild } from '../support/child.js'
import { bearer, type Polled, parse, post } from '../support/http.js'
import { needs } from '../support/needs.js'
import { startNginx } from '../support/nginx.js'
import { ask, head, type RawAnswer, RawClient } from '../support/raw.js'
import { hasRedis, redisForTest } from '../support/redis.js'
import { startServer } from '../support/server.js'

const READERS = 20

/** Instances that share one Redis, in processes of their own. */
async function startInstances(count: number): Promise<ChildServer[]> {
  const redis = await redisForTest()
  const args = ['--redis', redis.url, '--trust-proxy', '1', '--allow-host', 'chat.example']
  const started = await Promise.all(Array.from({ length: count }, () => startChild(args)))
  onTestFinished(async () => void (await Promise.all(started.map((instance) => instance.end('SIGKILL')))))
  return started
}

const portOf = ({ url }: ChildServer): number => Number(new URL(url).port)

async function parkedOn(instance: ChildServer): Promise<number> {
  return Number(parse(await ask(portOf(instance), { path: '/stats' }))['parked'])
}

async function cursorOf(port: number): Promise<string> {
  return parse<Polled>(await ask(port, { path: '/poll?room=lobby' })).next
}

function say(port: number, text: string, key?: string): Promise<RawAnswer> {
  return ask(port, post('/send', { room: 'lobby', username: 'ada', text, ...(key === undefined ? {} : { key }) }))
}

/** A poll that has the time to be parked twice. */
async function pollFrom(port: number, since: string): Promise<RawAnswer> {
  const client = new RawClient(port)
  client.write(head({ path: `/poll?room=lobby&since=${since}&wait=30` }))
  try {
    return (await client.answer({ ms: 45_000 })) ?? expect.unreachable('the poll was cut')
  } finally {
    client.destroy()
  }
}

/** An upstream that answers with the request's own head. */
async function startEcho(): Promise<number> {
  const server = createServer((incoming, response) => response.end(JSON.stringify(incoming.headers)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  return typeof address === 'object' ? (address?.port ?? 0) : 0
}

describe.each<Balancer>([NGINX, HAPROXY, CADDY])('$name', (balancer) => {
  const isThere = needs(balancer.name, balancer.package)

  test.runIf(isThere && hasRedis).each([2, 3])(
    'parked polls outlive one of %i instances that is killed, and all are told',
    async (count) => {
      const instances = await startInstances(count)
      const port = await startBalancer(balancer, instances.map(portOf))
      await say(port, 'first')
      const since = await cursorOf(port)
      const polls = Array.from({ length: READERS }, () => pollFrom(port, since))
      const [killed = expect.unreachable(), ...others] = instances
      const parked = async (of: readonly ChildServer[]): Promise<number> =>
        (await Promise.all(of.map(parkedOn))).reduce((sum, one) => sum + one, 0)
      await until(async () => (await parked(instances)) === READERS, 'twenty parked polls')
      expect(await parked([killed])).toBeGreaterThan(0)
      await killed.end('SIGKILL')
      await until(async () => (await parked(others)) === READERS, 'twenty parked polls on the others')
      await until(async () => (await say(port, 'second', 'k2')).status === 201, 'a send after the kill')
      const answers = await Promise.all(polls)
      expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: READERS }, () => 200))
      const texts = answers.map((answer) => parse<Polled>(answer).messages.map(({ text }) => text))
      expect(new Set(texts.map((list) => list.join(' ')))).toEqual(new Set(['second']))
    },
    60_000,
  )

  test.runIf(isThere && hasRedis)(
    'brings a person to any instance, where the token and the name are known',
    async () => {
      const instances = await startInstances(2)
      const port = await startBalancer(balancer, instances.map(portOf))
      const joined = await ask(port, post('/join', { room: 'lobby', username: 'ada' }))
      const headers = bearer(parse(joined)['token'])
      const sends = [port, ...instances.map(portOf)].map(async (to, i) => {
        const { status } = await ask(to, post('/send', { room: 'lobby', text: `number ${i}` }, headers))
        return status
      })
      expect(await Promise.all(sends)).toEqual([201, 201, 201])
      expect((await say(port, 'not ada')).status).toBe(409)
    },
    60_000,
  )

  test.runIf(isThere)(
    'tells the instance who asks, for what host, and keeps its connections',
    async () => {
      const port = await startBalancer(balancer, [await startEcho()])
      const seen = await new Promise<string>((resolve, reject) => {
        const headers = { Host: 'chat.example', 'X-Forwarded-For': '192.0.2.7', Forwarded: 'for=192.0.2.8' }
        request({ host: '127.0.0.1', port, localAddress: '127.0.0.9', headers }, (response) =>
          response.on('data', (chunk: Buffer) => resolve(chunk.toString())),
        )
          .once('error', reject)
          .end()
      })
      const headers: Record<string, string> = JSON.parse(seen)
      expect(headers['host']).toBe('chat.example')
      expect(headers['x-forwarded-for']?.split(/, ?/).at(-1)).toBe('127.0.0.9')
      expect(headers['x-forwarded-proto']).toBe('http')
      expect(headers['x-forwarded-host']).toBe('chat.example')
      expect(headers['forwarded'] ?? '').toBe('')
      expect(headers['connection'] ?? 'keep-alive').toBe('keep-alive')
    },
    30_000,
  )

  test.runIf(isThere)(
    'lets WebSockets and event streams through as they come',
    async () => {
      const { port: target } = await startServer({ trustProxy: 1, websocket: true })
      const port = await startBalancer(balancer, [target])
      const stream = new RawClient(port)
      onTestFinished(() => stream.destroy())
      stream.write(head({ path: '/events?room=lobby&since=0' }))
      const socket = new WebSocket(`ws://127.0.0.1:${port}/ws/lobby/bob`)
      onTestFinished(() => socket.terminate())
      await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
      socket.send(JSON.stringify({ text: 'through the balancer' }))
      await until(() => Promise.resolve(stream.rest.includes('through the balancer')), 'the event', 15_000)
    },
    30_000,
  )

  test.runIf(isThere)(
    'leaves errors in the words of the instance',
    async () => {
      const { port: target } = await startServer({ trustProxy: 1 })
      const port = await startBalancer(balancer, [target])
      const tooLarge = await say(port, 'x'.repeat(70_000))
      expect([tooLarge.status, parse(tooLarge)['code']]).toEqual([413, 'too_large'])
      const other = await ask(port, { path: '/', headers: { Host: 'evil.example' } })
      expect([other.status, parse(other)['code']]).toEqual([403, 'forbidden_host'])
    },
    30_000,
  )
})

test.runIf(needs('nginx', 'nginx-light'))('an nginx with nothing but proxy_pass, which asks by HTTP/1.0', async () => {
  const { port: target } = await startServer()
  const port = await startNginx(
    (own) => `server { listen 127.0.0.1:${own}; location / { proxy_pass http://127.0.0.1:${target}; } }`,
  )
  const poll = ask(port, { path: '/poll?room=lobby&since=0&wait=20' })
  await until(async () => parse(await ask(port, { path: '/stats' }))['parked'] === 1, 'a parked poll')
  expect((await say(port, 'hello')).status).toBe(201)
  expect(parse<Polled>(await poll).messages.map(({ text }) => text)).toEqual(['hello'])
})

test.runIf(needs('haproxy', 'haproxy'))('haproxy passes lines on, too', async () => {
  const { app } = await startServer({ tcp: 0 })
  const [web, port] = [await freePort(), await freePort()]
  const text = deployed('haproxy.cfg')
    .replace('bind :8080', `bind 127.0.0.1:${web}`)
    .replace('bind :5000', `bind 127.0.0.1:${port}`)
    .replaceAll(/mini-chat-\d:(?:8000|5000)/g, `127.0.0.1:${app.tcpPort}`)
  startProgram('haproxy', text, (file) => ['-db', '-f', file])
  const greeting = (): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1').once('error', reject)
      socket.once('data', (bytes: Buffer) => resolve(bytes.toString()) ?? socket.destroy())
      socket.once('close', () => reject(new Error('closed')))
    })
  await until(async () => (await greeting()) === 'INFO welcome to mini-chat\n', 'the greeting', 15_000)
})
