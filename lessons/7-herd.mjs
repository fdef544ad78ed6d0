// Lesson 7: herd. A thousand readers do not come back in the same instant.
//
//     a server that is gone          ask, 500 ms, ask, 500 ms, ask        all together
//                                    ask, 0-1 s, ask, 0-2 s, ask, 0-4 s   one here, one there
//
//     a busy room                    message, message, message   3 wakings
//                                    message, message, message   1 waking, 100 ms later
//
// Backoff: each failure doubles the pause, so a server that is in trouble is asked less.
// Jitter: the pause is random, so the readers do not march in step.
// Coalescing: after a waking the room rests. The messages of the rest are told together,
// so the work follows the number of readers, not readers times messages.
//
// The price: in a busy room a message is up to COALESCE_MS late.

import { randomBytes, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { basename } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'

const RETRY_MS = 500
const RETRY_MOST_MS = 16_000
const COALESCE_MS = 100
const RING = 100

function serve(port) {
  const epoch = randomBytes(4).toString('hex')
  const ring = []
  let last = 0
  let wokeAt = 0
  let isWakingDue = false
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
  const key = randomUUID()
  return ask(`${url}/send?key=${key}`, { method: 'POST', body: said })
}

/** Asks until there is an answer. */
async function ask(url, options) {
  for (let failures = 1; ; failures++) {
    try {
      return await (await fetch(url, options)).json()
    } catch {
      const longest = Math.min(RETRY_MS * 2 ** failures, RETRY_MOST_MS)
      await sleep(Math.random() * longest)
    }
  }
}

function reply(response, status, value) {
  response.writeHead(status, { 'Content-Type': 'application/json' })
  response.end(`${JSON.stringify(value)}\n`)
}

// node lessons/7-herd.mjs              the server, on port 8000 or on PORT
// node lessons/7-herd.mjs read         a reader
// node lessons/7-herd.mjs send hello   a sender
const [, program = '', command = 'serve', ...words] = process.argv
if (program.endsWith(basename(import.meta.filename))) {
  const port = Number(process.env.PORT ?? 8000)
  const url = `http://127.0.0.1:${port}`
  if (command === 'read') for await (const event of read(url)) console.log(event)
  else if (command === 'send') console.log(await send(url, words.join(' ')))
  else serve(port)
}
