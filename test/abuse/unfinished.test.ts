// A client that begins a request and does not go on is cut: a head has ten seconds, a whole request twenty.

import { expect, test } from 'vitest'
import { RawClient } from '../support/raw.js'
import { MEASURES } from '../support/retried.js'
import { startServer } from '../support/server.js'

async function closesAfter(bytes: string, drip: string): Promise<number> {
  const { port } = await startServer()
  const client = new RawClient(port)
  const started = performance.now()
  client.write(bytes)
  const timer = setInterval(() => client.write(drip), 900)
  await client.end(30_000).finally(() => clearInterval(timer))
  return (performance.now() - started) / 1000
}

test.concurrent.for([
  ['a head', 'GET /poll?room=lobby HTTP/1.1\r\nHost: localhost\r\n', 'X-A: b\r\n', 9, 13],
  ['nothing at all but a letter', 'G', '', 9, 13],
  [
    'a body',
    'POST /send?room=lobby&username=u HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n',
    'x',
    19,
    23,
  ],
  [
    'a body in chunks',
    'POST /send?room=lobby&username=u HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n',
    '1\r\nx\r\n',
    19,
    23,
  ],
] as const)('is cut: %s', { ...MEASURES, timeout: 40_000 }, async ([, bytes, drip, least, most]) => {
  const seconds = await closesAfter(bytes, drip)
  expect(seconds).toBeGreaterThan(least)
  expect(seconds).toBeLessThan(most)
})
