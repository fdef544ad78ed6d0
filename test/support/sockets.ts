// Visitors by WebSocket and by Socket.IO, through the usual clients.

import { io } from 'socket.io-client'
import WebSocket from 'ws'
import { type WayIn, hear, parseTold, type Told, visit } from './visits.js'

export const WEBSOCKET: WayIn = {
  name: 'WebSocket',
  transport: 'websocket',
  config: { websocket: true },
  joins: true,
  isLobby: false,
  resumes: true,
  open: (port, room, username, since) =>
    new Promise((resolve, reject) => {
      const query = since === undefined || since === '' ? '' : `?since=${since}`
      const client = new WebSocket(`ws://127.0.0.1:${port}/ws/${room}/${username}${query}`)
      let last = since ?? ''
      const opened = visit({
        say: (text) => client.send(text),
        close: () => client.terminate(),
        last: () => last,
      })
      client.on('error', reject)
      client.on('unexpected-response', (_request, response) => reject(new Error(String(response.statusCode))))
      client.on('close', () => (opened.isClosed = true))
      client.on('open', () => resolve(opened))
      client.on('message', (data) => {
        const frame = Buffer.isBuffer(data) ? data.toString('utf8') : ''
        opened.raw.push(frame)
        const told = parseTold(frame)
        if (told.type === 'gap') opened.missed += told.missed ?? NaN
        if (told.id !== undefined) last = String(told.id)
        if (told.type === 'chat') hear(opened, told.text ?? '')
      })
    }),
}

type Dialect = {
  readonly hello: readonly (readonly [string, object])[]
  readonly history: string
  readonly say: (room: string, text: string) => [string, object]
}

function dialects(room: string, username: string): { full: Dialect; short: Dialect } {
  const full: Dialect = {
    hello: [
      ['authenticate', { userId: `id-${username}`, username }],
      ['join_room', { roomId: room }],
    ],
    history: 'message_history',
    say: (roomId, message) => ['send_message', { roomId, message }],
  }
  const short: Dialect = {
    hello: [['join', { room, username }]],
    history: 'room_history',
    say: (name, message) => ['message', { room: name, username, message }],
  }
  return { full, short }
}

function socketIo(dialect: 'full' | 'short', transport: 'websocket' | 'polling'): WayIn {
  return {
    name: `Socket.IO, ${dialect} dialect over ${transport}`,
    transport: 'socketio',
    config: { socketio: true },
    joins: true,
    isLobby: false,
    resumes: false,
    open: (port, room, username) =>
      new Promise((resolve, reject) => {
        const { hello, history, say } = dialects(room, username)[dialect]
        const client = io(`http://127.0.0.1:${port}`, {
          forceNew: true,
          reconnection: false,
          transports: [transport],
        })
        const opened = visit({
          say: (text) => void client.emit(...say(room, text)),
          close: () => void client.io.engine.close(),
        })
        client.on('connect_error', reject)
        client.on('disconnect', (why) => {
          opened.isClosed = true
          reject(new Error(why))
        })
        let isInside = false
        client.on('error', (problem: Told) => {
          reject(new Error(problem.detail ?? 'refused'))
          if (!isInside) client.disconnect()
        })
        client.on('gap', (gap: Told) => (opened.missed += gap.missed ?? NaN))
        client.on('message', ({ message }: { message: string }) => hear(opened, message))
        client.on(history, (told: readonly { message: string }[] | { messages: readonly { message: string }[] }) => {
          for (const { message } of 'messages' in told ? told.messages : told) hear(opened, message)
          isInside = true
          resolve(opened)
        })
        client.onAny((event: string, value: unknown) => opened.raw.push(`${event} ${JSON.stringify(value)}`))
        for (const [event, value] of hello) client.emit(event, value)
      }),
  }
}

export const SOCKETIO_FULL = socketIo('full', 'websocket')
export const SOCKETIO_SHORT = socketIo('short', 'polling')
