// Lesson 5: epoch. The cursor names the log, so a reader notices that the server began anew.
//
//     before the restart   log k3f9   1 one   2 two   3 three
//     after the restart    log p0c1   1 four  2 five
//
//     GET /poll?since=3         parked: 3 is more than 2, so four and five are never told
//     GET /poll?since=k3f9.3    four, five, restarted: 3 was a place in another log
//
// A number says where a reader is, and not in which log. The epoch is a random name that the
// server gives to its log when it starts. The cursor is both: EPOCH.ID. To the reader it is only a text
// that it passes back.
//
// The price: the messages themselves are still gone after a restart.

import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { basename } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'

const RETRY_MS = 500
const RING = 100

function serve(port) {
  const epoch = randomBytes(4).toString('hex')
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
      const [log, id] = (new URLSearchParams(query).get('since') ?? '').split('.')
      const restarted = log !== '' && log !== epoch
      const since = log === epoch ? Number(id) : 0
      const poll = { since, restarted, response }
      // Looking and parking are one step: no message can slip in between.
      if (last > since || restarted) return tell(poll)
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

/** A reader: gives each new message, one after the other, and each gap. */
export async function* read(url) {
  let cursor = ''
  for (;;) {
    const answer = await ask(`${url}/poll?since=${cursor}`)
    const { messages, next, missed, restarted } = answer
    if (restarted) yield { restarted }
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

// node lessons/5-epoch.mjs              the server, on port 8000 or on PORT
// node lessons/5-epoch.mjs read         a reader
// node lessons/5-epoch.mjs send hello   a sender
const [, program = '', command = 'serve', ...words] = process.argv
if (program.endsWith(basename(import.meta.filename))) {
  const port = Number(process.env.PORT ?? 8000)
  const url = `http://127.0.0.1:${port}`
  if (command === 'read') for await (const event of read(url)) console.log(event)
  else if (command === 'send') console.log(await send(url, words.join(' ')))
  else serve(port)
}
