// Lesson 3: cursor. The reader says where it is, so nothing is lost between two polls.
//
//     log of the server    1 one    2 two    3 three
//
//     GET /poll?since=1    two, three, next 3      at once
//     GET /poll?since=3    parked until there is a message 4
//
// The server keeps the messages, and numbers them. The reader keeps one number, its cursor:
// the id of the newest message that it has. The server remembers nothing about the reader.
// Now a broken connection does no harm either: the reader asks again from the same place.
//
// The price: the server keeps every message for ever.

import { createServer } from 'node:http'
import { basename } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'

const RETRY_MS = 500

function serve(port) {
  const messages = []
  const parked = new Set()

  async function answer(request, response) {
    const [path, query] = request.url.split('?')
    if (path === '/send') {
      const said = await text(request)
      const message = { id: messages.length + 1, text: said }
      messages.push(message)
      reply(response, 201, message)
      for (const poll of parked) tell(poll)
    } else {
      const since = Number(new URLSearchParams(query).get('since'))
      const poll = { since, response }
      // Looking and parking are one step: no message can slip in between.
      if (messages.length > since) return tell(poll)
      parked.add(poll)
      // A reader that hangs up is not kept.
      response.on('close', () => parked.delete(poll))
    }
  }

  function tell(poll) {
    parked.delete(poll)
    const news = messages.slice(poll.since)
    reply(poll.response, 200, { messages: news, next: messages.length })
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  server.on('error', (error) => console.error(error.message))
  server.listen(port, '127.0.0.1', () => {
    console.log(`listening on http://127.0.0.1:${server.address().port}`)
  })
}

/** A reader: gives each new message, one after the other. */
export async function* read(url) {
  let cursor = 0
  for (;;) {
    const { messages, next } = await ask(`${url}/poll?since=${cursor}`)
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

// node lessons/3-cursor.mjs              the server, on port 8000 or on PORT
// node lessons/3-cursor.mjs read         a reader
// node lessons/3-cursor.mjs send hello   a sender
const [, program = '', command = 'serve', ...words] = process.argv
if (program.endsWith(basename(import.meta.filename))) {
  const port = Number(process.env.PORT ?? 8000)
  const url = `http://127.0.0.1:${port}`
  if (command === 'read') for await (const event of read(url)) console.log(event)
  else if (command === 'send') console.log(await send(url, words.join(' ')))
  else serve(port)
}
