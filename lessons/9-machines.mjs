// Lesson 9: many machines. All servers read one log, so all readers get the same messages.
//
//     sender ──> server A ── XADD ──> Redis, the log
//                                       │ XREAD BLOCK
//                     ┌─────────────────┴───────────────┐
//                     v                                 v
//                 server A: ring ──> readers        server B: ring ──> readers
//
// Redis carries the messages. A server is to Redis what a reader is to a server: it has a
// cursor, and its question is parked (XREAD BLOCK). A message enters a ring by this way
// alone, also on the server that was asked to send it. The place in the log decides the id,
// and which of two equal keys is the first. So all servers decide alike.
//
// The price: one more program to run. And its log grows for ever, since ids are counted.
// To keep the file short, the rest between two wakings (lesson 7) is left out here.

import { randomBytes, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { createConnection } from 'node:net'
import { basename } from 'node:path'
import { text } from 'node:stream/consumers'

export { read, send } from './7-herd.mjs'

const REDIS_PORT = Number(process.env.REDIS_PORT ?? 6379)
const RING = 100

async function serve(port) {
  const ring = []
  let last = 0
  const senders = new Map()
  const redis = connect()
  // The first server names the log.
  await redis('SET', 'lesson:epoch', randomBytes(4).toString('hex'), 'NX')
  const epoch = await redis('GET', 'lesson:epoch')
  const parked = new Set()

  async function answer(request, response) {
    const [path, search] = request.url.split('?')
    const query = new URLSearchParams(search)
    if (path === '/send') {
      const said = await text(request)
      const key = query.get('key') ?? randomUUID()
      // Two sends under one key wait for the same message.
      senders.set(key, [...(senders.get(key) ?? []), response])
      await redis('XADD', 'lesson:log', '*', 'json', JSON.stringify({ text: said, key }))
    } else {
      const [log, id] = (query.get('since') ?? '').split('.')
      const restarted = log !== '' && log !== epoch
      const since = log === epoch ? Number(id) : 0
      const poll = { since, restarted, response }
      if (last > since || restarted) return tell(poll)
      parked.add(poll)
      response.on('close', () => parked.delete(poll))
    }
  }

  /** What a reader does, with Redis as the server. */
  async function follow() {
    const log = connect()
    let cursor = '0'
    for (;;) {
      const news = await log('XREAD', 'BLOCK', '0', 'STREAMS', 'lesson:log', cursor)
      for (const [place, [, json]] of news[0][1]) {
        deliver(JSON.parse(json))
        cursor = place
      }
      for (const poll of parked) tell(poll)
    }
  }

  function deliver({ text, key }) {
    const message = ring.find((one) => one?.key === key) ?? { id: ++last, text, key }
    ring[message.id % RING] = message
    for (const response of senders.get(key) ?? []) reply(response, 201, message)
    senders.delete(key)
  }

  function tell(poll) {
    parked.delete(poll)
    const { since, restarted, response } = poll
    const first = Math.max(1, last - RING + 1)
    const missed = since === 0 ? 0 : Math.max(0, first - since - 1)
    const messages = []
    for (let id = Math.max(since + 1, first); id <= last; id++) messages.push(ring[id % RING])
    reply(response, 200, { messages, next: `${epoch}.${last}`, missed, restarted })
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  server.on('error', (error) => console.error(error.message))
  server.listen(port, '127.0.0.1', () => {
    console.log(`listening on http://127.0.0.1:${server.address().port}`)
  })
  await follow()
}

function reply(response, status, value) {
  response.writeHead(status, { 'Content-Type': 'application/json' })
  response.end(`${JSON.stringify(value)}\n`)
}

/** A connection to Redis: called with the words of a command, it gives the answer. */
function connect() {
  const asked = []
  let bytes = ''
  const socket = createConnection(REDIS_PORT, '127.0.0.1').setEncoding('latin1')
  socket.on('error', ({ message }) => {
    console.error(`lesson 9 needs Redis: ${message}`)
    process.exit(1)
  })
  socket.on('data', (chunk) => {
    bytes += chunk
    for (let one = parse(bytes); one !== undefined; one = parse(bytes)) {
      bytes = one.rest
      asked.shift()(one.value)
    }
  })
  const bulk = (word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`
  return (...words) => {
    socket.write(`*${words.length}\r\n${words.map(bulk).join('')}`)
    return new Promise((resolve) => asked.push(resolve))
  }
}

/** The first answer in the bytes: +OK, $5 hello, *2 …; undefined until it is whole. */
function parse(bytes) {
  const end = bytes.indexOf('\r\n')
  if (end < 0) return undefined
  const [kind, value, size] = [bytes[0], bytes.slice(1, end), Number(bytes.slice(1, end))]
  let rest = bytes.slice(end + 2)
  if (kind === '$' && size >= 0) {
    const said = Buffer.from(rest.slice(0, size), 'latin1').toString()
    return rest.length < size + 2 ? undefined : { value: said, rest: rest.slice(size + 2) }
  }
  const list = []
  while (kind === '*' && list.length < size) {
    const one = parse(rest)
    if (one === undefined) return undefined
    list.push(one.value)
    rest = one.rest
  }
  return { value: kind === '*' ? list : value, rest }
}

// node lessons/9-machines.mjs   the server, on port 8000 or on PORT
// node lessons/7-herd.mjs read, node lessons/7-herd.mjs send hello   the reader and the sender
const [, program = ''] = process.argv
if (program.endsWith(basename(import.meta.filename))) await serve(Number(process.env.PORT ?? 8000))
