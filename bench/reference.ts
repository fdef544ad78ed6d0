// The server that ours is measured against: what a good engineer writes in an hour on `node:http`.
//
//     rooms: name ─> { messages: [ … ], waiting: Set of responses }
//
// An array for each room, a Set of the responses that wait, a timer for each poll, one `JSON.stringify` for each
// message, `writeHead` and `end`. It speaks the part of the protocol that the benchmark uses: /poll, /send and
// /events. It is neither crippled nor tuned, and it is no chat: it trusts its clients and never forgets a room.
//
// usage: node dist/bench/reference.js PORT

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

type Message = {
  readonly id: number
  readonly room: string
  readonly type: 'chat'
  readonly username: string
  readonly text: string
  readonly timestamp: number
}

type Waiting = { readonly response: ServerResponse; readonly timer: NodeJS.Timeout }

type Room = {
  last: number
  readonly messages: Message[]
  waiting: Set<Waiting>
  readonly streams: Set<ServerResponse>
}

const KEPT = 500
const WAIT_MS = 25_000
const BACKLOG = 4096

const rooms = new Map<string, Room>()

function roomOf(name: string): Room {
  let room = rooms.get(name)
  if (room === undefined) {
    room = { last: 0, messages: [], waiting: new Set(), streams: new Set() }
    rooms.set(name, room)
  }
  return room
}

function answer(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
  })
  response.end(body)
}

function pageOf(messages: string, next: number): string {
  return `{"messages":[${messages}],"next":${next}}`
}

function poll(url: URL, response: ServerResponse): void {
  const name = url.searchParams.get('room')
  const since = Number(url.searchParams.get('since') ?? 0)
  if (name === null || !Number.isInteger(since)) return answer(response, 400, '{"error":"bad request"}')
  const room = roomOf(name)
  if (since < room.last) {
    const newer = room.messages.filter((message) => message.id > since)
    return answer(response, 200, pageOf(newer.map((message) => JSON.stringify(message)).join(','), room.last))
  }
  const timer = setTimeout(() => {
    room.waiting.delete(waiting)
    answer(response, 200, pageOf('', room.last))
  }, WAIT_MS)
  const waiting: Waiting = { response, timer }
  room.waiting.add(waiting)
  response.on('close', () => {
    clearTimeout(timer)
    room.waiting.delete(waiting)
  })
}

function events(url: URL, response: ServerResponse): void {
  const room = roomOf(url.searchParams.get('room') ?? 'lobby')
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
  response.write(': welcome\n\n')
  room.streams.add(response)
  response.on('close', () => room.streams.delete(response))
}

async function send(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const draft = parseDraft(await readBody(request))
  if (draft === undefined) return answer(response, 400, '{"error":"bad message"}')
  const room = roomOf(draft.room)
  const message: Message = { id: ++room.last, type: 'chat', ...draft, timestamp: Date.now() }
  room.messages.push(message)
  if (room.messages.length > KEPT) room.messages.shift()
  const json = JSON.stringify(message)
  const page = pageOf(json, room.last)
  const { waiting } = room
  room.waiting = new Set()
  for (const { response: parked, timer } of waiting) {
    clearTimeout(timer)
    answer(parked, 200, page)
  }
  for (const stream of room.streams) stream.write(`id: ${message.id}\ndata: ${json}\n\n`)
  answer(response, 201, `{"message":${json},"next":${room.last}}`)
}

function readBody(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => resolve(Buffer.concat(chunks).toString()))
    request.on('error', reject)
  })
}

function parseDraft(body: string): Pick<Message, 'room' | 'username' | 'text'> | undefined {
  const value: unknown = JSON.parse(body)
  if (typeof value !== 'object' || value === null) return undefined
  if (!('room' in value && 'username' in value && 'text' in value)) return undefined
  const { room, username, text } = value
  if (typeof room !== 'string' || typeof username !== 'string' || typeof text !== 'string') return undefined
  return { room, username, text }
}

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://localhost')
  if (request.method === 'GET' && url.pathname === '/poll') return poll(url, response)
  if (request.method === 'GET' && url.pathname === '/events') return events(url, response)
  if (request.method === 'POST' && url.pathname === '/send') {
    return void send(request, response).catch(() => answer(response, 400, '{"error":"bad request"}'))
  }
  answer(response, 404, '{"error":"not found"}')
})

server.listen({ port: Number(process.argv[2] ?? 8001), host: '127.0.0.1', backlog: BACKLOG })
