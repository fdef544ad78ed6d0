// A room that is not in a token: every way in answers the same, whether the room exists or not, and with people in it or
// without.

import { io } from 'socket.io-client'
import { expect, onTestFinished, test } from 'vitest'
import WebSocket from 'ws'
import { bearer, parse, post } from '../support/http.js'
import { JWT, sign } from '../support/jwt.js'
import { ask } from '../support/raw.js'
import { startServer, type TestServer } from '../support/server.js'
import { talk } from '../support/talker.js'

const HERE = { rooms: ['lobby'], sub: 'u1', name: 'eve' }
const THERE = { rooms: ['staff'], sub: 'u9', name: 'boss' }

/** A chat with the boss in `staff`, by Socket.IO; no one has ever been in `empty`. */
async function start(): Promise<TestServer> {
  const server = await startServer({ ...JWT, socketio: true, websocket: true, tcp: 0 })
  const emit = await visit(server, await sign(THERE))
  await emit('authenticate', { userId: 'u9', username: 'boss' })
  expect(await emit('join_room', { roomId: 'staff' })).toEqual({ ok: true })
  await emit('typing', { roomId: 'staff', isTyping: true })
  return server
}

async function visit({ url }: TestServer, jwt: string): Promise<(event: string, value: object) => Promise<unknown>> {
  const client = io(url, { forceNew: true, reconnection: false, extraHeaders: bearer(jwt) })
  onTestFinished(() => void client.disconnect())
  await new Promise<void>((resolve, reject) => client.on('connect', resolve).on('connect_error', reject))
  return (event, value) => client.emitWithAck(event, value)
}

/** What is told of a room, with its name left out. */
async function told(ask_: (room: string) => Promise<unknown>): Promise<[staff: string, empty: string]> {
  const of = async (room: string): Promise<string> => JSON.stringify(await ask_(room)).replaceAll(room, 'ROOM')
  return [await of('staff'), await of('empty')]
}

test.each(['eve', 'boss'])('Socket.IO tells nothing to somebody who says to be %s', async (username) => {
  const server = await start()
  const emit = await visit(server, await sign({ ...HERE, name: username }))
  await emit('authenticate', { userId: 'u9', username })
  for (const [event, field] of [
    ['join_room', 'roomId'],
    ['join', 'room'],
    ['typing', 'roomId'],
    ['send_message', 'roomId'],
    ['leave_room', 'roomId'],
  ] as const) {
    const body = { username, isTyping: true, message: 'hi' }
    const [staff, empty] = await told((room) => emit(event, { ...body, [field]: room }))
    expect(staff).toBe(empty)
    expect(staff).toContain(event.startsWith('join') ? '"code":"forbidden"' : '"code":"not_joined"')
  }
})

test('HTTP', async () => {
  const { port } = await start()
  const joined = await ask(port, post('/join', { room: 'lobby' }, bearer(await sign(HERE))))
  const token = bearer(String(parse(joined)['token']))
  const answer = async (request: Parameters<typeof ask>[1]): Promise<unknown> => {
    const { status, body } = await ask(port, request)
    return { status, body: body.toString() }
  }
  for (const path of ['/poll?wait=0&', '/poll?presence=1&since=0&', '/history?', '/members?', '/events?']) {
    const [staff, empty] = await told((room) => answer({ path: `${path}room=${room}`, headers: token }))
    expect(staff).toBe(empty)
    expect(staff).toContain('"status":403')
  }
  for (const path of ['/join', '/send', '/typing', '/leave', '/mute', '/remove', '/clear', '/close']) {
    const body = { username: 'boss', text: 'hi', typing: true, id: 1, seconds: 1 }
    const own = path === '/join' || path === '/send' ? { ...body, username: 'eve' } : body
    const [staff, empty] = await told((room) => answer(post(path, { ...own, room }, token)))
    expect([path, staff]).toEqual([path, empty])
    expect(staff).toContain('"status":403')
  }
})

test('lines', async () => {
  const { app } = await start()
  const eve = talk(app.tcpPort ?? 0)
  eve.say(`PASS ${await sign(HERE)}`)
  await eve.hear('INFO welcome')
  const lines = async (room: string): Promise<string[]> => {
    eve.say(`JOIN ${room} eve`, `JOIN ${room} boss`, `WHO ${room}`, `MSG ${room} hi`, `LEAVE ${room}`, 'ROOMS', 'HELP')
    return eve.hear('ERROR unknown command or wrong args')
  }
  const [staff, empty] = await told(lines)
  expect(staff).toBe(empty)
})

test('WebSocket', async () => {
  const { port } = await start()
  const token = bearer(await sign(HERE))
  const answer = (room: string): Promise<unknown> =>
    new Promise((resolve) => {
      const client = new WebSocket(`ws://127.0.0.1:${port}/ws/${room}/eve?since=0`, { headers: token })
      client
        .on('error', () => undefined)
        .on('unexpected-response', (_request, response) => {
          let body = ''
          response.on('data', (chunk) => (body += String(chunk))).on('end', () => resolve([response.statusCode, body]))
        })
    })
  const [staff, empty] = await told(answer)
  expect(staff).toBe(empty)
  expect(staff).toContain('403')
})
