// Lesson 2: park. The server does not answer a poll until there is something to say.
//
//     reader                  server                 sender
//       ├──── GET /poll ────────>│ parked               │
//       │                        │                      │
//       │     (any time)         │<──── POST /send ─────┤
//       │<─── "hello" ───────────┤       "hello"        │
//       ├──── GET /poll ────────>│ parked again         │
//
// A parked poll is a response that the server keeps in a set. It costs a little memory and
// no work. A message ends all the polls that are parked, and each reader asks again.
//
// The price: a reader that is not parked at this moment misses the message.

import { createServer } from 'node:http'
import { basename } from 'node:path'
import { text } from 'node:stream/consumers'

function serve(port) {
  let newest = { id: 0, text: '' }
  const parked = new Set()

  async function answer(request, response) {
    const [path] = request.url.split('?')
    if (path === '/send') {
      const said = await text(request)
      newest = { id: newest.id + 1, text: said }
      reply(response, 201, newest)
      for (const poll of parked) tell(poll)
    } else {
      parked.add(response)
      // A reader that hangs up is not kept.
      response.on('close', () => parked.delete(response))
    }
  }

  function tell(poll) {
    parked.delete(poll)
    reply(poll, 200, newest)
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
  for (;;) {
    yield await ask(`${url}/poll`)
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

// node lessons/2-park.mjs              the server, on port 8000 or on PORT
// node lessons/2-park.mjs read         a reader
// node lessons/2-park.mjs send hello   a sender
const [, program = '', command = 'serve', ...words] = process.argv
if (program.endsWith(basename(import.meta.filename))) {
  const port = Number(process.env.PORT ?? 8000)
  const url = `http://127.0.0.1:${port}`
  if (command === 'read') for await (const event of read(url)) console.log(event)
  else if (command === 'send') console.log(await send(url, words.join(' ')))
  else serve(port)
}
