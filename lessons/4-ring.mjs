// Lesson 4: ring. The server keeps the newest messages only, and tells what is missing.
//
// A message with the id n lies in slot n % RING. With 4 slots, after seven messages:
//
//     slot    0   1   2   3
//     id      4   5   6   7        first 4, last 7
//
//     GET /poll?since=5    6, 7            missed 0
//     GET /poll?since=1    4, 5, 6, 7      missed 2: the ids 2 and 3 are overwritten
//
// Memory has a bound, whatever the senders do. A reader that was away for too long loses
// messages. The server says how many: a reader that knows of a gap can do something about it.
//
// The price: the ids live in memory. A server that starts again counts from 1.

import { createServer } from 'node:http'
import { basename } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'

const RETRY_MS = 500
const RING = 100

function serve(port) {
  const ring = []
  let last = 0
  const parked = new Set()

  async function answer(request, response) {
    const [path, query] = request.url.split('?')
    if (path === '/send') {
      const said = await text(request)
      const message = { id: last + 1, text: said }
      put(message)
      reply(response, 201, message)
      for (const poll of parked) tell(poll)
    } else {
      const since = Number(new URLSearchParams(query).get('since'))
      const poll = { since, response }
      // Looking and parking are one step: no message can slip in between.
      if (last > since) return tell(poll)
      parked.add(poll)
      // A reader that hangs up is not kept.
      response.on('close', () => parked.delete(poll))
    }
  }

  function put(message) {
    ring[message.id % RING] = message
    last = message.id
  }

  function tell(poll) {
    parked.delete(poll)
    const { since, response } = poll
    const first = Math.max(1, last - RING + 1)
    // A reader that comes for the first time has missed nothing.
    const missed = since === 0 ? 0 : Math.max(0, first - since - 1)
    const messages = []
    for (let id = Math.max(since + 1, first); id <= last; id++) messages.push(ring[id % RING])
    reply(response, 200, { messages, next: last, missed })
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  server.on('error', (error) => console.error(error.message))
  server.listen(port, '127.0.0.1', () => {
    console.log(`listening on http://127.0.0.1:${server.address().port}`)
  })
}

/** A reader: gives each new message, one after the other, and each gap. */
export async function* read(url) {
  let cursor = 0
  for (;;) {
    const { messages, next, missed } = await ask(`${url}/poll?since=${cursor}`)
    if (missed > 0) yield { missed }
    yield* messages
    cursor = next
  }
}

/** A sender: says something, and gets the message with its id. */
export async function send(url, said) {
  return ask(`${url}/send`, { method: 'POST', body: said })
}

/** Asks until there is an answer. */
async function ask(url, options) {
  for (;;) {
    try {
      return await (await fetch(url, options)).json()
    } catch {
      await sleep(RETRY_MS)
    }
  }
}

function reply(response, status, value) {
  response.writeHead(status, { 'Content-Type': 'application/json' })
  response.end(`${JSON.stringify(value)}\n`)
}

// node lessons/4-ring.mjs              the server, on port 8000 or on PORT
// node lessons/4-ring.mjs read         a reader
// node lessons/4-ring.mjs send hello   a sender
const [, program = '', command = 'serve', ...words] = process.argv
if (program.endsWith(basename(import.meta.filename))) {
  const port = Number(process.env.PORT ?? 8000)
  const url = `http://127.0.0.1:${port}`
  if (command === 'read') for await (const event of read(url)) console.log(event)
  else if (command === 'send') console.log(await send(url, words.join(' ')))
  else serve(port)
}
