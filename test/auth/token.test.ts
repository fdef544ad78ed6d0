// A session's token: its form, and the places where it must never be.

import { expect, test } from 'vitest'
import { createLogger } from '../../src/log.js'
import { createApp } from '../../src/app.js'
import { defaults } from '../../src/command.js'
import { bearer, join, post } from '../support/http.js'
import { ask } from '../support/raw.js'
import { startServer } from '../support/server.js'

test('a session’s token is nowhere but in the answer to its owner: 128 random bits, in no list, metric or log', async () => {
  const logged: string[] = []
  const write = process.stdout.write.bind(process.stdout)
  process.stdout.write = (chunk) => logged.push(String(chunk)) > 0
  try {
    const app = await createApp(
      defaults({ port: 0, host: '127.0.0.1', quiet: false }),
      createLogger({ format: 'json', quiet: false }),
    )
    const port = await app.listen()
    const token = await join(port, 'lobby', 'ada')
    expect(Buffer.from(token, 'base64url')).toHaveLength(16)
    await ask(port, post('/send', { room: 'lobby', text: 'hi' }, bearer(token)))
    for (const path of [
      '/rooms',
      '/members?room=lobby',
      '/stats',
      '/metrics',
      '/poll?room=lobby&presence=1',
      '/history?room=lobby',
    ])
      expect((await ask(port, { path })).body).not.toContain(token)
    await app.stop()
    expect(logged.join('')).not.toContain(token)
  } finally {
    process.stdout.write = write
  }
})

test('a token in an address counts for nothing', async () => {
  const { port } = await startServer()
  const token = await join(port, 'lobby', 'ada')
  for (const name of ['token', 'access_token', 'authorization']) {
    const sent = await ask(port, post(`/typing?${name}=${token}`, { room: 'lobby', typing: true }))
    expect(sent.status).toBe(401)
    expect((await ask(port, post(`/leave?${name}=${token}`, {}))).status).toBe(401)
  }
})
