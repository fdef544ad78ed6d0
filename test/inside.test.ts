// The glass box: what it tells about a real server, to whom, and that it costs nothing without a watcher.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type Batch, type Fact, parseBatch, parseScene, type Scene, type WireFact } from '../src/client/inside.js'
import { CROWD, MOST_FACTS } from '../src/inside/recorder.js'
import { MOST_WATCHERS } from '../src/inside/inside.js'
import { PACKAGE_ROOT } from '../src/platform.js'
import { post } from './support/http.js'
import { startPoller } from './support/poller.js'
import { ask, head, RawClient } from './support/raw.js'
import { startServer, until } from './support/server.js'

const WORDS = 'something that was said'

class Watcher {
  readonly #client: RawClient

  constructor(port: number, headers: Readonly<Record<string, string>> = {}) {
    this.#client = new RawClient(port)
    this.#client.write(head({ path: '/inside/events', headers }))
    onTestFinished(() => this.leave())
  }

  get text(): string {
    return this.#client.rest
  }

  get batches(): Batch[] {
    return this.#data('facts').flatMap((data) => parseBatch(data) ?? [])
  }

  /** As they come, before they are taken apart. */
  get wire(): readonly WireFact[] {
    return this.#data('facts').flatMap((data) => (JSON.parse(data) as Batch<WireFact>).facts)
  }

  get facts(): Fact[] {
    return this.batches.flatMap(({ facts }) => facts)
  }

  get scene(): Scene | undefined {
    return parseScene(this.#data('scene').at(-1))
  }

  leave(): void {
    this.#client.destroy()
  }

  #data(event: string): string[] {
    return [...this.text.matchAll(new RegExp(`event: ${event}\\ndata: (.*)\\n\\n`, 'g'))].map(([, data = '']) => data)
  }
}

/** A watcher who has been told the first scene. */
async function watch(port: number, headers?: Readonly<Record<string, string>>): Promise<Watcher> {
  const watcher = new Watcher(port, headers)
  await until(
    () => watcher.scene,
    (scene) => scene !== undefined,
  )
  return watcher
}

const kinds = (facts: readonly Fact[], kind: Fact['kind']): Fact[] => facts.filter((fact) => fact.kind === kind)

test('without the flag there is no page, no stream and no file of it', async () => {
  const { port } = await startServer()
  for (const path of ['/inside', '/inside/events', '/inside/inside.js', '/static/inside/page.ts'])
    expect((await ask(port, { path })).status).toBe(404)
})

test('the page and its files are there with the flag, under its own policy', async () => {
  expect(existsSync(join(PACKAGE_ROOT, 'lib/inside-page/inside.js'))).toBe(true)
  const { port } = await startServer({ inside: true })
  const page = await ask(port, { path: '/inside' })
  expect(page.headers.get('content-security-policy')).toContain("require-trusted-types-for 'script'")
  for (const path of ['/inside/inside.js', '/inside/inside.css']) expect((await ask(port, { path })).status).toBe(200)
})

test('one message is told from its sender to the last reader, in the order of its way', async () => {
  const server = await startServer({ inside: true })
  for (const name of ['ada', 'bob', 'cleo']) await startPoller(server.port, name)
  const { chat } = server.app
  await until(
    () => chat.rooms.get('lobby')?.waiting,
    (waiting) => waiting === 3,
  )
  const watcher = await watch(server.port)
  expect(watcher.scene?.readers.map(({ name, way, parked }) => [name, way, parked])).toEqual([
    ['ada', 'poll', true],
    ['bob', 'poll', true],
    ['cleo', 'poll', true],
  ])

  const { message } = await chat.send({ room: 'lobby', username: 'eve', text: WORDS })

  await until(
    () => kinds(watcher.facts, 'parked').length,
    (count) => count >= 3,
  )
  const order = watcher.facts.map(({ kind }) => kind)
  const first = (kind: Fact['kind']): number => order.indexOf(kind)
  expect(first('sent')).toBe(0)
  expect([first('ring'), first('waking'), first('told'), first('parked')]).toEqual(
    [first('ring'), first('waking'), first('told'), first('parked')].toSorted((a, b) => a - b),
  )
  const told = watcher.facts.flatMap((fact) => (fact.kind === 'told' ? [fact] : []))
  expect(told.map(({ id, messages }) => [id, messages])).toEqual([0, 1, 2].map(() => [message.id, 1]))
  expect(new Set(told.map(({ reader }) => reader)).size).toBe(3)
})

/** One message to thirty readers, and what a watcher is told of it. */
async function tellThirty() {
  const server = await startServer({ inside: true })
  for (let i = 0; i < 30; i++) await startPoller(server.port)
  await until(
    () => server.app.chat.rooms.get('lobby')?.waiting,
    (waiting) => waiting === 30,
  )
  const watcher = await watch(server.port)
  await server.app.chat.send({ room: 'lobby', username: 'eve', text: WORDS })
  const told = await until(
    () => watcher.facts.flatMap((fact) => (fact.kind === 'told' ? [fact] : [])),
    ({ length }) => length === 30,
  )
  return { server, watcher, told }
}

test('readers that are given the same are one fact on the wire, each with its own time', async () => {
  const { watcher, told } = await tellThirty()
  expect(watcher.wire.filter(({ kind }) => kind === 'told').length).toBeLessThanOrEqual(2)
  expect(new Set(told.map(({ reader }) => reader)).size).toBe(30)
  expect(new Set(told.map(({ at }) => at)).size).toBeGreaterThan(20)
  expect(told.map(({ at }) => at)).toEqual(told.map(({ at }) => at).toSorted((a, b) => a - b))
})

test('the times are those of the server’s own metrics', async () => {
  const { server, watcher, told } = await tellThirty()
  const ringAt = watcher.facts.find(({ kind }) => kind === 'ring')?.at ?? Number.NaN
  const sum = told.reduce((total, { at }) => total + at - ringAt, 0) / 1000
  const text = (await ask(server.port, { path: '/metrics' })).body
  const measured = Number(/^minichat_delivery_seconds_sum (\S+)/m.exec(text)?.[1])
  expect(/^minichat_delivery_seconds_count (\d+)/m.exec(text)?.[1]).toBe('30')
  // Each is looked at a moment after the other; a busy machine may take the processor away in between.
  expect(Math.abs(sum - measured)).toBeLessThan(0.02 + 0.3 * measured)
})

test('names are told, and never what was said', async () => {
  const server = await startServer({ inside: true })
  await startPoller(server.port, 'ada')
  const watcher = await watch(server.port)
  await server.app.chat.send({ room: 'lobby', username: 'eve', text: WORDS, key: 'secret-key' })
  await server.app.chat.send({ room: 'lobby', username: 'eve', text: WORDS, key: 'secret-key' })
  await until(
    () => watcher.facts.some(({ kind }) => kind === 'repeated'),
    (isSo) => isSo,
  )
  expect(watcher.text).toContain('"name":"eve"')
  expect(watcher.text).not.toContain(WORDS)
  expect(watcher.text).not.toContain('secret-key')
})

test('a stream, a reader that was overrun and one that hangs up are told', async () => {
  const server = await startServer({ inside: true, ring: 4 })
  const stream = new RawClient(server.port)
  stream.write(head({ path: '/events?room=lobby&since=now' }))
  await until(
    () => server.app.chat.feeds.size,
    (size) => size === 1,
  )
  const watcher = await watch(server.port)
  expect(watcher.scene?.readers).toMatchObject([{ way: 'sse', room: 'lobby', parked: true }])
  for (let i = 0; i < 9; i++) await server.app.chat.send({ room: 'lobby', username: 'eve', text: WORDS })
  const epoch = server.app.chat.rooms.get('lobby')?.epoch ?? ''
  await ask(server.port, { path: `/poll?room=lobby&since=${epoch}.2` })
  stream.destroy()
  const facts = await until(
    () => watcher.facts,
    (all) => kinds(all, 'gone').length > 0 && all.some((fact) => fact.kind === 'told' && fact.gap !== undefined),
  )
  const gap = facts.flatMap((fact) => (fact.kind === 'told' && fact.gap !== undefined ? [fact.gap] : []))
  expect(gap).toContainEqual({ reason: 'overflow', missed: 3 })
})

test('of a crowd the flow is told, and a batch is bounded', async () => {
  const server = await startServer({ inside: true })
  const { chat } = server.app
  const watcher = await watch(server.port)
  const readers = CROWD + 100
  for (let i = 0; i < readers; i++) await startPoller(server.port)
  await until(
    () => chat.rooms.get('lobby')?.waiting,
    (waiting) => waiting === readers,
    8000,
  )
  await chat.send({ room: 'lobby', username: 'eve', text: WORDS })
  await until(
    () => watcher.facts.reduce((sum, fact) => sum + (fact.kind === 'flow' ? fact.told : 0), 0),
    (told) => told === readers,
    8000,
  )
  for (const { facts } of watcher.batches) expect(facts.length).toBeLessThanOrEqual(3 * MOST_FACTS)
  const scene = await until(
    () => watcher.scene,
    (one) => one?.crowds[0]?.parked === readers,
    8000,
  )
  expect(scene?.readers).toEqual([])
}, 30_000)

test('nothing is left behind when the last watcher leaves, and nobody is looked at before', async () => {
  const server = await startServer({ inside: true })
  const { watch: field, feeds } = server.app.chat
  expect(field.observer).toBeUndefined()
  const [one, two] = [await watch(server.port), await watch(server.port)]
  one.leave()
  two.leave()
  await until(
    () => field.observer,
    (observer) => observer === undefined,
  )
  expect(feeds.size).toBe(0)
})

test('only so many watch at one time', async () => {
  const { port } = await startServer({ inside: true })
  for (let i = 0; i < MOST_WATCHERS; i++) await watch(port)
  const answer = await ask(port, { path: '/inside/events' })
  expect(answer.status).toBe(503)
  expect(answer.headers.get('retry-after')).toBe('5')
})

test('where there is an admin key it is shown first, and the cookie is for /inside alone', async () => {
  const { port } = await startServer({ inside: true, adminKey: 'the key' })
  expect((await ask(port, { path: '/inside/events' })).status).toBe(401)
  expect((await ask(port, post('/inside/open', { key: 'another' }))).status).toBe(401)
  const opened = await ask(port, post('/inside/open', { key: 'the key' }))
  const cookie = opened.headers.get('set-cookie') ?? ''
  expect(cookie).toMatch(/; Path=\/inside; HttpOnly; SameSite=Strict$/)
  await watch(port, { Cookie: `other=1; ${cookie.split(';', 1)[0] ?? ''}` })
  expect((await ask(port, { path: '/inside/events', headers: { Cookie: 'mini_chat_inside=x' } })).status).toBe(401)
})

test('a password is asked for here too', async () => {
  const { port } = await startServer({ inside: true, password: 'sesame' })
  expect((await ask(port, { path: '/inside/events' })).status).toBe(401)
  await watch(port, { Authorization: `Basic ${Buffer.from(':sesame').toString('base64')}` })
})
