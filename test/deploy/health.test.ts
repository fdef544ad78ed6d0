// `mini-chat health`, which a container's HEALTHCHECK and scripts run, against servers that are well and not.

import { createServer } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { startServer } from '../support/server.js'
import { run } from '../terminal/program.js'

test('a server that lives is well and ready, also below a path', async () => {
  const { url } = await startServer({ base: '/chat' })
  expect(await run(['health', `${url}/chat`])).toEqual({ code: 0, out: `${url}/chat is well\n`, err: '' })
  expect(await run(['health', `${url}/chat`, '--ready'])).toEqual({ code: 0, out: `${url}/chat is ready\n`, err: '' })
})

test('without an address it asks the server that the environment describes', async () => {
  const { port } = await startServer({ base: '/chat' })
  const env = { PORT: String(port), HOST: '', MINI_CHAT_BASE: '/chat' }
  expect(await run(['health'], '', env)).toEqual({ code: 0, out: `http://127.0.0.1:${port}/chat is well\n`, err: '' })
})

test('a server that is told to stop is well and not ready', async () => {
  const { app, url } = await startServer()
  app.drain()
  expect((await run(['health', url])).code).toBe(0)
  const { code, out, err } = await run(['health', url, '--ready'])
  expect([code, out]).toEqual([1, ''])
  expect(err).toBe('mini-chat: this server is stopping, or its store is away: ask another\n')
})

test('where nobody answers, and where another program does, it says so and ends with 1', async () => {
  const other = createServer((_request, response) => response.end('hello')).listen(0, '127.0.0.1')
  onTestFinished(() => void other.close())
  await new Promise((resolve) => other.once('listening', resolve))
  const address = other.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
  expect(await run(['health', url])).toMatchObject({ code: 1, err: expect.stringContaining('is no mini-chat') })
  expect(await run(['health', 'http://127.0.0.1:1'])).toMatchObject({
    code: 1,
    err: expect.stringMatching(/^mini-chat: nobody answers at .+\n$/),
  })
})

test('an address that is none, and one too many, are wrong usage', async () => {
  expect((await run(['health', 'ftp://x'])).code).toBe(2)
  expect((await run(['health', 'localhost:1', 'localhost:2'])).code).toBe(2)
})
