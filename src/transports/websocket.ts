// WebSocket (RFC 6455), spoken by the package `ws`. This file decides what goes over it.
//
//     GET /ws/lobby/ada?since=801, Upgrade: websocket
//        origins ── join ── 101 ──>  {"id":802,"room":"lobby",…   each message a text frame, the ring's first
//                        <──────  {"text":"hi","key":"c_9f2k"}, or plain text
//
// A refusal is an HTTP answer before the upgrade: 400, 403 or 409. A client that is in holds its name as long as the
// connection lasts.

import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Chat } from '../core/chat.js'
import { parseSince } from '../core/rooms/cursor.js'
import { ChatError } from '../core/errors.js'
import type { Identity } from '../core/people/identity.js'
import { ConnectionMember } from '../core/connection-member.js'
import { parseRoom, parseUsername } from '../core/rooms/message.js'
import type { Metrics } from '../core/metrics.js'
import type { Room } from '../core/rooms/room.js'
import { Frames, startOf } from '../core/rooms/stream.js'
import type { Logger } from '../log.js'
import { loadPeer } from '../peer.js'
import { parseQuery } from './http/query.js'
import type { Http } from './http/server.js'
import type { Transport } from './transport.js'
import { textFrames } from './websocket/text-frames.js'
import { WebSocketConnection } from './websocket/websocket-connection.js'

const PREFIX = '/ws/'
const FRAME_BYTES = 64 * 1024

export type WebSocketParts = {
  readonly chat: Chat
  readonly metrics: Metrics
  readonly log: Logger
  readonly http: Http
}

/** Throws `UsageError` where the package `ws` is missing. */
export async function createWebSocket({ chat, metrics, log, http }: WebSocketParts): Promise<Transport> {
  const { WebSocketServer } = await loadPeer('ws', '--websocket', () => import('ws'))
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: FRAME_BYTES,
  })
  const frames = new Frames(({ gap, entries }) =>
    textFrames([
      ...(gap === undefined ? [] : [JSON.stringify({ type: 'gap', ...gap })]),
      ...entries.map(({ json }) => json),
    ]),
  )
  const talks = new Map<WebSocketConnection, Promise<void>>()
  let isStopping = false

  async function upgrade(
    incoming: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    identity: Identity | undefined,
  ): Promise<void> {
    if (isStopping) throw new ChatError('unavailable', 'the server is stopping: try again in a moment', 2)
    requireHandshake(incoming)
    const { room, username, since } = parseTarget(incoming.url ?? '')
    const member = new ConnectionMember(chat, { address: http.addressOf(incoming), identity })
    const joined = await member.join(room, username)
    try {
      await chat.rooms.reach([joined.room], parseSince(since, [room]))
    } catch (error) {
      await member.end()
      throw error
    }
    // A client that went away meanwhile, or whose handshake `ws` refuses, leaves again at once.
    let talk: WebSocketConnection | undefined
    if (!socket.destroyed && !isStopping) {
      server.handleUpgrade(
        incoming,
        socket,
        head,
        (client) => (talk = new WebSocketConnection({ client, socket, chat, metrics, log, joined })),
      )
    }
    if (talk === undefined) return leave(member, socket)
    talks.set(talk, run(talk, member, joined.room, since))
  }

  async function run(
    talk: WebSocketConnection,
    member: ConnectionMember,
    room: Room,
    since: string | undefined,
  ): Promise<void> {
    await talk.run(startOf(room, parseSince(since ?? '0', [room.name]), chat.ringSize), frames)
    await member.end()
    talks.delete(talk)
  }

  async function leave(member: ConnectionMember, socket: Duplex): Promise<void> {
    socket.destroy()
    await member.end()
  }

  const unmount = http.mount({ prefix: PREFIX, upgrade })
  return {
    get connections() {
      return talks.size
    },
    start: async () => undefined,
    async stop() {
      isStopping = true
      unmount()
      for (const talk of talks.keys()) talk.stop()
      await Promise.all(talks.values())
    },
  }
}

/** Refuses a handshake that `ws` would refuse, before the room is told that a person joined. */
function requireHandshake({ method, headers }: IncomingMessage): void {
  const isWebSocket = method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket'
  const key = headers['sec-websocket-key'] ?? ''
  if (isWebSocket && headers['sec-websocket-version'] === '13' && /^[\w+/]{22}==$/.test(key)) return
  throw new ChatError('bad_request', 'this is no WebSocket handshake of version 13: use a WebSocket client')
}

/** `/ws/{room}/{username}?since=…`, checked. */
function parseTarget(url: string): { room: string; username: string; since: string | undefined } {
  const [path = '', ...query] = url.split('?')
  const [room, username, ...rest] = path.slice(PREFIX.length).split('/')
  if (username === undefined || rest.length > 0) throw new ChatError('not_found', 'connect to /ws/ROOM/NAME')
  const since = parseQuery(query.join('?')).one('since')
  const target = { room: parseRoom(decode(room ?? '')), username: parseUsername(decode(username)), since }
  parseSince(since, [target.room])
  return target
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    // Not swallowed: decodeURIComponent throws for a wrong escape, and for nothing else.
    throw new ChatError(
      'bad_request',
      'a % in the address is not followed by two hexadecimal digits of UTF-8: write %25 for a percent sign',
    )
  }
}
