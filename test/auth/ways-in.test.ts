// Every way in, where there is a password: only a client that has shown it comes in.

import { io } from 'socket.io-client'
import { describe, expect, onTestFinished, test } from 'vitest'
import WebSocket from 'ws'
import type { Config } from '../../src/config.js'
import { ask } from '../support/raw.js'
import { startServer } from '../support/server.js'
import { talk } from '../support/talker.js'

const CONFIG: Partial<Config> = { password: 'sesame', tcp: 0, websocket: true, socketio: true }
const RIGHT = { Authorization: `Basic ${Buffer.from(':sesame').toString('base64')}` }

type Ports = { readonly port: number; readonly tcp: number }
type Enter = (ports: Ports, isRight: boolean) => Promise<string>

function webSocket({ port }: Ports, isRight: boolean): Promise<string> {
  const client = new WebSocket(`ws://127.0.0.1:${port}/ws/lobby/ada`, { headers: isRight ? RIGHT : {} })
  onTestFinished(() => client.terminate())
  return new Promise((resolve) => {
    client.on('error', () => undefined) // The refusal below is the test.
    client.on('open', () => resolve('in'))
    client.on('unexpected-response', (_request, { statusCode }) => resolve(String(statusCode)))
  })
}

function socketIo(transport: 'polling' | 'websocket'): Enter {
  return ({ port }, isRight) => {
    const extraHeaders = isRight ? RIGHT : {}
    const client = io(`http://127.0.0.1:${port}`, {
      forceNew: true,
      reconnection: false,
      transports: [transport],
      extraHeaders,
    })
    onTestFinished(() => void client.disconnect())
    return new Promise((resolve) => {
      client.on('connect', () => resolve('in'))
      client.on('connect_error', () => resolve('401'))
    })
  }
}

async function lines({ tcp }: Ports, isRight: boolean): Promise<string> {
  const client = talk(tcp)
  client.say(...(isRight ? ['PASS sesame'] : []), 'JOIN lobby ada')
  if (!isRight) {
    await client.hear('ERROR this chat has a password: say PASS and the password first')
    return '401'
  }
  await client.hear('INFO joined room lobby')
  return 'in'
}

async function http({ port }: Ports, isRight: boolean): Promise<string> {
  const { status } = await ask(port, { path: '/poll?room=lobby', headers: isRight ? RIGHT : {} })
  return status === 200 ? 'in' : String(status)
}

const WAYS_IN: [string, Enter][] = [
  ['HTTP', http],
  ['WebSocket', webSocket],
  ['Socket.IO by polling', socketIo('polling')],
  ['Socket.IO by WebSocket', socketIo('websocket')],
  ['lines over TCP', lines],
]

describe.each(WAYS_IN)('%s', (_name, enter) => {
  test('is shut without the password, and nobody has been there', async () => {
    const { app, port } = await startServer(CONFIG)
    expect(await enter({ port, tcp: app.tcpPort ?? 0 }, false)).toBe('401')
    expect(app.chat.sessions.size).toBe(0)
  })

  test('opens to whoever shows it', async () => {
    const { app, port } = await startServer(CONFIG)
    expect(await enter({ port, tcp: app.tcpPort ?? 0 }, true)).toBe('in')
  })
})
