// Lesson 1: short poll. The reader asks again and again whether there is something new.
//
//     reader                  server                 sender
//       ├──── GET /poll ────────>│                      │
//       │<─── nothing new ───────┤                      │
//       │     (a pause)          │<──── POST /send ─────┤
//       ├──── GET /poll ────────>│       "hello"        │
//       │<─── "hello" ───────────┤                      │
//
// In HTTP the client asks and the server answers. The server cannot speak first, so a
// reader that wants to hear a message has to ask.
//
// The price: most answers say nothing, and a message waits until the next question.

import { createServer } from 'node:http'
import { basename } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'

const ASK_EVERY_MS = 250

function serve(port) {
  let newest = { id: 0, text: '' }

  async function answer(request, response) {
    const [path] = request.url.split('?')
    if (path === '/send') {
      const said = await text(request)
      newest = { id: newest.id + 1, text: said }
      reply(response, 201, newest)
    } else {
      reply(response, 200, newest)
    }
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
  let seen = 0
  for (;;) {
    const message = await ask(`${url}/poll`)
    if (message.id > seen) yield message
    seen = message.id
    await sleep(ASK_EVERY_MS)
  }
}

/** A sender: says something, and gets the message with its id. */
export async function send(url, said) {
  return ask(`${url}/send`, { method: 'POST', body: said })
}

async function ask(url, options) {
  return (await fetch(url, options)).json()
}

function reply(response, status, value) {
  response.writeHead(status, { 'Content-Type': 'application/json' })
  response.end(`${JSON.stringify(value)}\n`)
}

// node lessons/1-short-poll.mjs              the server, on port 8000 or on PORT
// node lessons/1-short-poll.mjs read         a reader
// node lessons/1-short-poll.mjs send hello   a sender
const [, program = '', command = 'serve', ...words] = process.argv
if (program.endsWith(basename(import.meta.filename))) {
  const port = Number(process.env.PORT ?? 8000)
  const url = `http://127.0.0.1:${port}`
  if (command === 'read') for await (const event of read(url)) console.log(event)
  else if (command === 'send') console.log(await send(url, words.join(' ')))
  else serve(port)
}
