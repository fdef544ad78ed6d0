// Visitors by every way in, all with one interface: what a visitor was told, and what it says. Each is written from
// the contract alone, on a plain socket where there is one.

import { request } from 'node:http'
import { connect } from 'node:net'
import type { Config } from '../../src/config.js'

export type Visit = {
  /** The texts of the chat messages that it was told, in the order in which they came. */
  readonly texts: string[]
  /** All that came, as text. */
  readonly raw: string[]
  /** How many messages it was told that it missed. */
  missed: number
  isClosed: boolean
  /** Is called with each text as it comes. */
  onText: (text: string) => void
  say(text: string): void
  close(): void
}

export type WayIn = {
  readonly name: string
  /** As it is called in the metrics and among the app's transports. */
  readonly transport: 'sse' | 'lines' | 'websocket' | 'socketio'
  readonly config: Partial<Config>
  /** Can a visitor speak by this way, and does it become a member? */
  readonly joins: boolean
  /** Is there only the lobby? */
  readonly isLobby: boolean
  /** Does it take up where an earlier visit ended? */
  readonly resumes: boolean
  /** Rejects with what the server said when it was not let in. `since`: the id of the last message that it had. */
  open(port: number, room: string, username: string, since?: string): Promise<Visit & { readonly last: () => string }>
}

export type Opened = Visit & { readonly last: () => string }

export function visit(parts: { say(text: string): void; close(): void; last?: () => string }): Opened {
  return { texts: [], raw: [], missed: 0, isClosed: false, onText: () => undefined, last: () => '', ...parts }
}

export function hear(opened: Visit, text: string): void {
  opened.texts.push(text)
  opened.onText(text)
}

/** Calls back with each line, without its end. */
function lines(call: (line: string) => void): (chunk: Buffer) => void {
  let rest = ''
  const decoder = new TextDecoder()
  return (chunk) => {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = parts.pop() ?? ''
    for (const line of parts) call(line)
  }
}

export type Told = {
  readonly id?: number
  readonly type?: string
  readonly text?: string
  readonly missed?: number | null
  readonly detail?: string
}

export function parseTold(data: string): Told {
  return JSON.parse(data)
}

export const SSE: WayIn = {
  name: 'Server-Sent Events',
  transport: 'sse',
  config: {},
  joins: false,
  isLobby: false,
  resumes: true,
  open: (port, room, _username, since) =>
    new Promise((resolve, reject) => {
      let cursor = since ?? ''
      const headers = since === undefined ? {} : { 'Last-Event-ID': since }
      const asked = request(
        { port, host: '127.0.0.1', path: `/events?room=${room}`, agent: false, headers },
        (response) => {
          if (response.statusCode !== 200) return reject(new Error(String(response.statusCode)))
          const opened = visit({
            say: () => undefined,
            close: () => void asked.destroy(),
            last: () => cursor,
          })
          let event = 'message'
          response.on('error', () => undefined)
          response.on('close', () => (opened.isClosed = true))
          response.on(
            'data',
            lines((line) => {
              opened.raw.push(line)
              if (line === '') event = 'message'
              if (line.startsWith('event: ')) event = line.slice(7)
              if (line.startsWith('id: ')) cursor = line.slice(4)
              if (!line.startsWith('data: ') || event === 'presence') return
              const told = parseTold(line.slice(6))
              if (event === 'gap') opened.missed += told.missed ?? NaN
              else if (told.type === 'chat') hear(opened, told.text ?? '')
            }),
          )
          resolve(opened)
        },
      )
      asked.on('error', reject)
      asked.end()
    }),
}

/** Both modes of the lines; `read` takes one line. */
function lineVisit(
  port: number,
  hello: string,
  isIn: (line: string) => boolean,
  read: (line: string, opened: Opened) => void,
  says: (text: string) => string,
): Promise<Opened> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' })
    const opened = visit({
      say: (text) => void socket.write(`${says(text)}\n`),
      close: () => void socket.destroy(),
    })
    let isInside = false
    const refuse = (why: string): void => {
      socket.destroy()
      reject(new Error(why))
    }
    socket.on('error', reject)
    socket.on('close', () => {
      opened.isClosed = true
      reject(new Error('closed'))
    })
    socket.on(
      'data',
      lines((line) => {
        opened.raw.push(line)
        if (line.startsWith('ERROR ') && !isInside) refuse(line)
        read(line, opened)
        if (!isIn(line)) return
        isInside = true
        resolve(opened)
      }),
    )
    socket.write(`${hello}\n`)
  })
}

export const LINES: WayIn = {
  name: 'lines over TCP',
  transport: 'lines',
  config: { tcp: 0 },
  joins: true,
  isLobby: false,
  resumes: false,
  open: (port, room, username) =>
    lineVisit(
      port,
      `JOIN ${room} ${username}`,
      (line) => line === `INFO joined room ${room}`,
      (line, opened) => {
        const said = /^MSG \S+ \S+ (.*)$/.exec(line)
        if (said !== null) hear(opened, said[1] ?? '')
        opened.missed += Number(/^INFO missed (\d+) messages in \S+$/.exec(line)?.[1] ?? 0)
      },
      (text) => `MSG ${room} ${text}`,
    ),
}

/** It knows one room: the lobby. */
export const PLAIN: WayIn = {
  name: 'plain lines',
  transport: 'lines',
  config: { tcp: 0 },
  joins: true,
  isLobby: true,
  resumes: false,
  open: (port, _room, username) =>
    lineVisit(
      port,
      username,
      (line) => line === 'HISTORY_END',
      (line, opened) => {
        const said = /^\[[^\]]+\]: (.*)$/.exec(line)?.[1]
        if (said !== undefined && said !== 'joined' && said !== 'left') hear(opened, said)
        opened.missed += Number(/^\* missed (\d+) messages$/.exec(line)?.[1] ?? 0)
      },
      (text) => text,
    ),
}
