// A server of Socket.IO, the usual way to a chat on Node, with long polling as its only transport: its readers join a
// room, and what is sent goes to all of them. It comes with `npm ci`.
//
// usage: node dist/bench/socketio.js PORT

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Server } from 'socket.io'

const BACKLOG = 4096
/** Nobody is asked whether it still lives while it is measured. */
const PING_MS = 300_000

const http = createServer((request, response) => void send(request, response))
const io = new Server(http, {
  transports: ['polling'],
  httpCompression: false,
  serveClient: false,
  pingInterval: PING_MS,
  pingTimeout: PING_MS,
})

io.on('connection', (socket) => {
  socket.on('join', (room: string) => void socket.join(room))
})

/** `POST /send`, a JSON object with `room`, `username` and `text`, as the reference has it. */
async function send(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk))
  const { room, username, text } = JSON.parse(Buffer.concat(chunks).toString())
  io.to(room).emit('message', { username, text, timestamp: Date.now() })
  response.writeHead(202, { 'Content-Length': 0 }).end()
}

http.listen({ port: Number(process.argv[2] ?? 8002), host: '127.0.0.1', backlog: BACKLOG })
