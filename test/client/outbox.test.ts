// The outbox against a real server: each message arrives once, in order, whatever happens on the way.

import { expect, onTestFinished, test } from 'vitest'
import { Outbox, type OutboxOptions, type OutboxStorage, type Pending } from '../../src/client/outbox.js'
import { startDropper } from '../support/dropper.js'
import { fakePlatform } from '../support/platform.js'
import { startServer, type TestServer, until } from '../support/server.js'

test('messages go out one after the other, in order, and are gone when they arrived', async () => {
  const server = await startServer()
  const outbox = open({ url: server.url })
  for (const text of ['a', 'b', 'c']) outbox.add({ room: 'lobby', username: 'ada', text })
  await until(
    () => outbox.pending.length,
    (count) => count === 0,
  )
  expect(texts(server)).toEqual(['a', 'b', 'c'])
})

test('an answer that is lost on its way is asked for again under the same key: it arrives once', async () => {
  const server = await startServer()
  const dropper = await startDropper(server.port)
  const platform = fakePlatform()
  const outbox = open({ url: dropper.url, platform })
  dropper.drop = 2
  outbox.add({ room: 'lobby', username: 'ada', text: 'once' })
  for (const dropped of [1, 2]) {
    await until(() => dropper.dropped === dropped && outbox.pending[0]?.state === 'waiting', Boolean)
    platform.advance(20_000)
  }
  await until(
    () => outbox.pending.length,
    (count) => count === 0,
  )
  expect(texts(server)).toEqual(['once'])
})

test('without a connection it waits, with a sentence, and hurry sends it', async () => {
  const server = await startServer()
  const dropper = await startDropper(server.port)
  dropper.cut()
  const outbox = open({ url: dropper.url, platform: fakePlatform() })
  outbox.add({ room: 'lobby', username: 'ada', text: 'patience' })
  await until(
    () => outbox.pending[0],
    (pending) => pending?.state === 'waiting' && pending.error === 'no connection to the server',
  )
  dropper.down = false
  outbox.hurry()
  await until(
    () => texts(server),
    (list) => list.length === 1,
  )
})

test('why a message waits is told while it is tried again, until it has arrived', async () => {
  const server = await startServer()
  const dropper = await startDropper(server.port)
  dropper.cut()
  const platform = fakePlatform()
  const outbox = open({ url: dropper.url, platform })
  const seen: unknown[] = []
  outbox.onChange(() => {
    const [pending] = outbox.pending
    seen.push([pending?.state, pending?.error])
  })
  outbox.add({ room: 'lobby', username: 'ada', text: 'patience' })
  await until(
    () => outbox.pending[0]?.state,
    (state) => state === 'waiting',
  )
  dropper.down = false
  seen.length = 0
  platform.advance(20_000)
  await until(
    () => outbox.pending.length,
    (count) => count === 0,
  )
  expect(seen).toEqual([
    ['sending', 'no connection to the server'],
    [undefined, undefined],
  ])
})

test('what is refused fails with the reason, holds nothing up, and is retried or removed', async () => {
  const server = await startServer()
  const outbox = open({ url: server.url })
  const bad = outbox.add({ room: 'lobby', username: 'ada', text: 'bad \u202e' })
  outbox.add({ room: 'lobby', username: 'ada', text: 'good' })
  await until(
    () => outbox.pending.length,
    (count) => count === 1,
  )
  expect(texts(server)).toEqual(['good'])
  expect(outbox.pending).toMatchObject([{ key: bad.key, state: 'failed', error: expect.stringContaining('bidi') }])
  outbox.retry(bad.key)
  await until(
    () => outbox.pending[0]?.state,
    (state) => state === 'failed',
  )
  outbox.remove(bad.key)
  expect(outbox.pending).toEqual([])
})

test('what was not sent is kept, and the next one sends it under the same key', async () => {
  const server = await startServer()
  const dropper = await startDropper(server.port)
  dropper.cut()
  const storage = memory()
  const first = open({ url: dropper.url, storage, platform: fakePlatform() })
  const { key } = first.add({ room: 'lobby', username: 'ada', text: 'later' })
  await until(
    () => first.pending[0]?.state,
    (state) => state === 'waiting',
  )
  first.close()
  dropper.down = false
  open({ url: dropper.url, storage })
  await until(
    () => texts(server),
    (list) => list.length === 1,
  )
  expect(server.app.chat.rooms.get('lobby')?.entry(1)?.message.key).toBe(key)
  await until(
    () => storage.load().length,
    (count) => count === 0,
  )
})

test('a session that is over is joined again, once, and the message goes out', async () => {
  const server = await startServer()
  let token = 'gone'
  let joined = 0
  const onUnauthorized = async (room: string): Promise<void> => {
    joined++
    token = (await server.app.chat.join({ room, username: 'ada' })).session.token
  }
  const outbox = open({ url: server.url, token: () => token, onUnauthorized })
  outbox.add({ room: 'lobby', username: 'ada', text: 'here again' })
  await until(
    () => outbox.pending.length,
    (count) => count === 0,
  )
  expect([texts(server), joined]).toEqual([['here again'], 1])
})

test('a name that somebody took meanwhile is why it fails', async () => {
  const server = await startServer()
  await server.app.chat.join({ room: 'lobby', username: 'ada' })
  const outbox = open({ url: server.url })
  outbox.add({ room: 'lobby', username: 'Ada', text: 'I am Ada' })
  await until(
    () => outbox.pending[0]?.state,
    (state) => state === 'failed',
  )
  expect(outbox.pending[0]?.error).toContain('somebody in this room has that name')
})

test('the answer is handed over before the message is gone', async () => {
  const server = await startServer()
  const outbox = open({ url: server.url })
  const order: string[] = []
  outbox.onSent(({ message }) => void order.push(`sent ${message.text}`))
  const undo = outbox.onChange(() => void order.push(`pending ${outbox.pending.length}`))
  outbox.add({ room: 'lobby', username: 'ada', text: 'x' })
  await until(
    () => order.at(-1),
    (last) => last === 'pending 0',
  )
  expect(order.slice(-2)).toEqual(['sent x', 'pending 0'])
  undo()
  outbox.add({ room: 'lobby', username: 'ada', text: 'y' })
  expect(order.at(-1)).toBe('pending 0')
})

test('rooms do not wait for each other', async () => {
  const server = await startServer()
  await server.app.chat.join({ room: 'taken', username: 'ada' })
  const outbox = open({ url: server.url })
  outbox.add({ room: 'taken', username: 'ada', text: 'no' })
  outbox.add({ room: 'lobby', username: 'ada', text: 'yes' })
  await until(
    () => texts(server),
    (list) => list.length === 1,
  )
})

function open(options: OutboxOptions): Outbox {
  const outbox = new Outbox(options)
  onTestFinished(() => outbox.close())
  return outbox
}

function memory(): OutboxStorage {
  let kept: readonly Pending[] = []
  return { load: () => kept, save: (pending) => void (kept = pending) }
}

function texts({ app }: TestServer): string[] {
  const entries = app.chat.rooms.get('lobby')?.slice(1, 100) ?? []
  return entries.flatMap(({ message }) => (message.type === 'chat' ? [message.text] : []))
}
