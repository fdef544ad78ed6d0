// Lesson 8: journal. The message is on the disk before the sender is told that it was sent.
//
//     POST /send ──> write the line ──> fsync ──> ring ──> 201
//                                                  └────> the parked polls
//
//     {"epoch":"k3f9","message":{"id":1,"text":"one","key":"c_9f2k"}}
//     {"epoch":"k3f9","message":{"id":2,"te      the power went: no line end, no 201
//
// A 201 is a promise. `write` gives the bytes to the operating system, which survives a
// kill -9 of the server. `fsync` waits for the disk, which survives a power cut as well.
// The epoch is kept with the log, so readers go on after a restart as if nothing had happened.
// The reader and the sender are those of lesson 7, unchanged.
//
// The price: every send waits for the disk. And one file has one server.

import { randomBytes, randomUUID } from 'node:crypto'
import { fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs'
import { createServer } from 'node:http'
import { basename } from 'node:path'
import { text } from 'node:stream/consumers'

export { read, send } from './7-herd.mjs'

const JOURNAL = process.env.JOURNAL ?? 'lesson.ndjson'
const COALESCE_MS = 100
const RING = 100

function serve(port) {
  const ring = []
  let last = 0
  let wokeAt = 0
  let isWakingDue = false
  const journal = openSync(JOURNAL, 'a+')
  const epoch = load() ?? randomBytes(4).toString('hex')
  const parked = new Set()

  async function answer(request, response) {
    const [path, search] = request.url.split('?')
    const query = new URLSearchParams(search)
    if (path === '/send') {
      const said = await text(request)
      const key = query.get('key') ?? randomUUID()
      const before = ring.find((message) => message?.key === key)
      if (before !== undefined) return reply(response, 201, before)
      const message = { id: last + 1, text: said, key }
      save(message)
      put(message)
      reply(response, 201, message)
      wakeSoon()
    } else {
      const [log, id] = (query.get('since') ?? '').split('.')
      const restarted = log !== '' && log !== epoch
      const since = log === epoch ? Number(id) : 0
      const poll = { since, restarted, response }
      // Looking and parking are one step: no message can slip in between.
      if ((last > since && !isWakingDue) || restarted) return tell(poll)
      parked.add(poll)
      // A reader that hangs up is not kept.
      response.on('close', () => parked.delete(poll))
    }
  }

  /** Wakes all parked polls: at once in a quiet room, after a rest in a busy one. */
  function wakeSoon() {
    if (isWakingDue) return
    isWakingDue = true
    const rest = Math.max(0, wokeAt + COALESCE_MS - Date.now())
    setTimeout(() => {
      isWakingDue = false
      wokeAt = Date.now()
      for (const poll of parked) tell(poll)
    }, rest)
  }

  function save(message) {
    writeSync(journal, `${JSON.stringify({ epoch, message })}\n`)
    fsyncSync(journal)
  }

  /** Puts the kept messages into the ring. Answers the epoch of the log, if there is one. */
  function load() {
    const kept = readFileSync(JOURNAL, 'utf8')
    const whole = kept.slice(0, kept.lastIndexOf('\n') + 1)
    ftruncateSync(journal, Buffer.byteLength(whole))
    const lines = whole.split('\n').slice(0, -1)
    const entries = lines.map((line) => JSON.parse(line))
    for (const { message } of entries) put(message)
    return entries[0]?.epoch
  }

  function put(message) {
    ring[message.id % RING] = message
    last = message.id
  }

  function tell(poll) {
    parked.delete(poll)
    const { since, restarted, response } = poll
    const first = Math.max(1, last - RING + 1)
    // A reader that comes for the first time has missed nothing.
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
}

function reply(response, status, value) {
  response.writeHead(status, { 'Content-Type': 'application/json' })
  response.end(`${JSON.stringify(value)}\n`)
}

// node lessons/8-journal.mjs   the server, on port 8000 or on PORT
// node lessons/7-herd.mjs read, node lessons/7-herd.mjs send hello   the reader and the sender
const [, program = ''] = process.argv
if (program.endsWith(basename(import.meta.filename))) serve(Number(process.env.PORT ?? 8000))
