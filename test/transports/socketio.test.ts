import { expect, onTestFinished, test } from 'vitest'
import { io, type Socket } from 'socket.io-client'
import { send } from '../support/http.js'
import { ask } from '../support/raw.js'
import { startServer, type TestServer, until } from '../support/server.js'
import { SOCKETIO_FULL, SOCKETIO_SHORT } from '../support/sockets.js'
import { nothingIsHeld, transportContract } from './contract.js'

for (const way of [SOCKETIO_FULL, SOCKETIO_SHORT]) transportContract(way)

type Told = readonly [event: string, value: unknown]
type Opened = { readonly client: Socket; readonly told: Told[] }

async function open({ url }: TestServer, options: Parameters<typeof io>[1] = {}): Promise<Opened> {
  const client = io(url, { forceNew: true, reconnection: false, ...options })
  const told: Told[] = []
  onTestFinished(() => void client.disconnect())
  client.onAny((event: string, value: unknown) => told.push([event, value]))
  await new Promise<void>((resolve, reject) => client.on('connect', resolve).on('connect_error', reject))
  return { client, told }
}

async function full(server: TestServer, userId: string | number, username: string): Promise<Opened> {
  const opened = await open(server)
  opened.client.emit('authenticate', { userId, username })
  expect(await opened.client.emitWithAck('join_room', { roomId: 'lobby' })).toEqual({ ok: true })
  return opened
}

const hears = ({ told }: Opened, event: string, value: unknown): Promise<Told[]> =>
  until(
    () => told,
    (all) => all.some(([name, what]) => name === event && JSON.stringify(what) === JSON.stringify(value)),
  )

const start = (): Promise<TestServer> => startServer({ socketio: true })

test('the full dialect: history, users, messages, typing, coming and going', { timeout: 20_000 }, async () => {
  const server = await start()
  await send(server.port, 'lobby', 'carl', 'before')
  const ada = await full(server, 'u1', 'ada')
  expect(ada.told[0]).toEqual([
    'message_history',
    [
      {
        roomId: 'lobby',
        userId: 'carl',
        username: 'carl',
        message: 'before',
        timestamp: expect.any(Number),
      },
    ],
  ])
  await hears(ada, 'room_users', [{ userId: 'u1', username: 'ada' }])
  const bob = await full(server, 2, 'bob')
  await hears(ada, 'user_joined', { userId: 2, username: 'bob' })
  await hears(ada, 'room_users', [
    { userId: 'u1', username: 'ada' },
    { userId: 2, username: 'bob' },
  ])
  bob.client.emit('typing', { roomId: 'lobby', isTyping: true })
  await hears(ada, 'user_typing', { userId: 2, username: 'bob', isTyping: true })
  bob.client.emit('send_message', { roomId: 'lobby', message: 'hello' })
  await hears(ada, 'user_typing', { userId: 2, username: 'bob', isTyping: false })
  expect(ada.told.find(([event]) => event === 'message')?.[1]).toEqual({
    roomId: 'lobby',
    userId: 2,
    username: 'bob',
    message: 'hello',
    timestamp: expect.any(Number),
  })
  bob.client.emit('leave_room', { roomId: 'lobby' })
  await hears(ada, 'user_left', { userId: 2, username: 'bob' })
  expect(bob.told.some(([event]) => event === 'user_typing')).toBe(false)
  expect(ada.told.filter(([event]) => event === 'user_typing')).toHaveLength(2)
})

test('the short dialect, beside the full one in one room', async () => {
  const server = await start()
  const ada = await full(server, 'u1', 'ada')
  const bob = await open(server)
  bob.client.emit('join', { room: 'lobby', username: 'bob' })
  await hears(bob, 'room_history', { room: 'lobby', messages: [] })
  await hears(ada, 'user_joined', { userId: 'bob', username: 'bob' })
  ada.client.emit('send_message', { roomId: 'lobby', message: 'hi bob' })
  await until(
    () => bob.told.find(([event]) => event === 'message')?.[1],
    (value) => value !== undefined,
  )
  expect(bob.told.find(([event]) => event === 'message')).toEqual([
    'message',
    { room: 'lobby', username: 'ada', message: 'hi bob', timestamp: expect.any(Number) },
  ])
  ada.client.disconnect()
  await hears(bob, 'user_left', { username: 'ada' })
  bob.client.emit('message', { room: 'lobby', username: 'bob', message: 'alone' })
  bob.client.emit('leave', { room: 'lobby' })
  await until(
    () => server.app.chat.sessions.size,
    (size) => size === 0,
  )
})

test('a hand goes up and down in the full dialect', async () => {
  const server = await start()
  const [ada, bob] = [await full(server, 'u1', 'ada'), await full(server, 2, 'bob')]
  expect(await bob.client.emitWithAck('raise_hand', { roomId: 'lobby', up: true })).toEqual({ ok: true })
  await hears(ada, 'raised_hands', [{ userId: 2, username: 'bob' }])
  expect(await bob.client.emitWithAck('raise_hand', { roomId: 'lobby', up: false })).toEqual({ ok: true })
  await hears(ada, 'raised_hands', [])
})

test('a client of an older server joins by join_success and hears new_message', async () => {
  const server = await start()
  await send(server.port, 'lobby', 'carl', 'before')
  const [ada, bob] = [await full(server, 'u1', 'ada'), await open(server)]
  bob.client.emit('join', { room: 'lobby', username: 'bob' })
  await hears(bob, 'join_success', { room: 'lobby', username: 'bob' })
  expect(await bob.client.emitWithAck('send_message', { room: 'lobby', message: 'hello' })).toEqual({ ok: true })
  await until(
    () => bob.told.find(([event]) => event === 'new_message')?.[1],
    (value) => value !== undefined,
  )
  expect(bob.told.filter(([event]) => event === 'new_message')).toEqual([
    ['new_message', { room: 'lobby', sender: 'bob', message: 'hello', timestamp: expect.any(Number) }],
  ])
  expect(bob.told.filter(([event]) => event === 'message')).toHaveLength(1)
  expect(ada.told.map(([event]) => event)).not.toContain('new_message')
  bob.client.emit('join', { room: 'den', username: '[bob]' })
  await until(
    () => bob.told,
    (told) => told.some(([event]) => event === 'error'),
  )
  expect(bob.told.filter(([event]) => event === 'join_success')).toHaveLength(1)
})

test('an acknowledgement says whether it was done; an error is told as error too', async () => {
  const server = await start()
  const { client, told } = await open(server)
  const refused = async (event: string, value: unknown, code: string): Promise<void> => {
    const before = told.length
    expect(await client.emitWithAck(event, value)).toMatchObject({ ok: false, error: { code } })
    // The two are packets of their own.
    await until(
      () => told.length,
      (length) => length > before,
    )
    expect(told.at(-1)).toEqual([
      'error',
      expect.objectContaining({ code, message: expect.any(String), detail: expect.any(String) }),
    ])
  }
  await refused('join_room', { roomId: 'lobby' }, 'unauthorized')
  await refused('authenticate', { userId: {}, username: 'ada' }, 'bad_request')
  await refused('authenticate', { userId: 1, username: '[ada]' }, 'bad_request')
  await refused('authenticate', 'ada', 'bad_request')
  await refused('send_message', { roomId: 'lobby', message: 'hi' }, 'not_joined')
  await refused('join', { room: 'no room', username: 'ada' }, 'bad_request')
  expect(await client.emitWithAck('join', { room: 'lobby', username: 'ada' })).toEqual({ ok: true })
  await refused('join', { room: 'lobby', username: 'ada' }, 'bad_request')
  await refused('message', { room: 'lobby', username: 'bob', message: 'not me' }, 'bad_request')
  await refused('message', { room: 'lobby', message: '' }, 'bad_request')
  await refused('typing', { roomId: 'lobby', isTyping: 'yes' }, 'bad_request')
})

test('a client as it comes begins with polling and goes over to WebSocket', async () => {
  const server = await start()
  const { client } = await open(server)
  await until(
    () => client.io.engine.transport.name,
    (name) => name === 'websocket',
  )
  client.emit('join', { room: 'lobby', username: 'ada' })
  await until(
    () => server.app.chat.rooms.get('lobby')?.presence.size,
    (size) => size === 1,
  )
  client.disconnect()
  await nothingIsHeld(server)
})

test('one socket is in several rooms, and in one room nobody has somebody else’s userId', async () => {
  const server = await start()
  const [ada, eve] = [await full(server, 'u1', 'ada'), await open(server)]
  expect(await ada.client.emitWithAck('join_room', { roomId: 'den' })).toEqual({ ok: true })
  expect(server.app.chat.sessions.size).toBe(1)
  eve.client.emit('authenticate', { userId: 'u1', username: 'eve' })
  expect(await eve.client.emitWithAck('join_room', { roomId: 'lobby' })).toMatchObject({
    ok: false,
    error: { code: 'name_taken' },
  })
})

test('pages of other sites and requests to other hosts are kept out, over either transport', async () => {
  const server = await startServer({ socketio: true, allowOrigin: ['https://school.example'] })
  const path = '/socket.io/?EIO=4&transport=polling'
  const statusOf = async (headers: Record<string, string>): Promise<number> =>
    (await ask(server.port, { path, headers: { Connection: 'close', ...headers } })).status
  expect(await statusOf({ Origin: 'https://evil.example' })).toBe(403)
  expect(await statusOf({ Host: 'evil.example' })).toBe(403)
  const allowed = await ask(server.port, { path, headers: { Origin: 'https://school.example' } })
  expect([allowed.status, allowed.headers.get('access-control-allow-origin')]).toEqual([200, 'https://school.example'])
  expect([allowed.headers.get('cache-control'), allowed.headers.get('x-content-type-options')]).toEqual([
    'no-store',
    'nosniff',
  ])
  await expect(
    open(server, { transports: ['websocket'], extraHeaders: { Origin: 'https://evil.example' } }),
  ).rejects.toThrow('websocket error')
  await expect(
    open(server, { transports: ['polling'], extraHeaders: { Origin: 'https://evil.example' } }),
  ).rejects.toThrow('xhr poll error')
})

test('without the flag there is nothing at its address', async () => {
  const { port } = await startServer()
  expect((await ask(port, { path: '/socket.io/?EIO=4&transport=polling' })).status).toBe(404)
})
