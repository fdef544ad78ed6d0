// Edits, deletes, reactions and replies as each way in says them.

import { expect, test } from 'vitest'
import { bearer, join, parse, poll, post, send } from '../support/http.js'
import { ask, type RawAnswer } from '../support/raw.js'
import { startServer } from '../support/server.js'

type Ask = (path: string, value: object) => Promise<RawAnswer>

/** A server where ada has said `helo`, with the id 2, and asks what a test likes. */
async function start(config: object = {}): Promise<{ port: number; ask: Ask; tcpPort: number | undefined }> {
  const server = await startServer(config)
  const { port } = server
  const token = await join(port, 'lobby', 'ada')
  const asked: Ask = (path, value) => ask(port, post(path, { room: 'lobby', ...value }, bearer(token)))
  expect((await asked('/send', { text: 'helo' })).status).toBe(201)
  return { port, ask: asked, tcpPort: server.app.tcpPort }
}

test('HTTP: a message is edited, reacted to, answered and deleted, and each is told', async () => {
  const { port, ask: asked } = await start()
  const edited = await asked('/edit', { of: 2, text: 'hello' })
  expect([edited.status, parse(edited)]).toEqual([
    201,
    {
      message: expect.objectContaining({ id: 3, type: 'edit', of: 2, text: 'hello' }),
      next: expect.stringMatching(/\.3$/),
    },
  ])
  expect((await asked('/react', { of: 2, text: '👍' })).status).toBe(201)
  expect((await asked('/react', { of: 2, text: '👍' })).status).toBe(204)
  expect((await asked('/send', { text: 'yes', of: 2 })).status).toBe(201)
  const { messages } = await poll(port, 'room=lobby&since=0')
  expect(messages.map(({ type }) => type)).toEqual(['join', 'chat', 'edit', 'reaction', 'chat'])
  expect(messages[1]).toMatchObject({
    text: 'hello',
    edited: expect.any(Number),
    reactions: [{ text: '👍', by: ['ada'] }],
  })
  expect(messages[4]).toMatchObject({ of: 2 })
  expect((await asked('/remove', { id: 2 })).status).toBe(201)
  expect((await asked('/edit', { of: 2, text: 'x' })).status).toBe(404)
})

test('HTTP: a repeated edit with its key adds nothing and says so', async () => {
  const { ask: asked } = await start()
  const first = await asked('/edit', { of: 2, text: 'hello', key: 'k1' })
  const again = await asked('/edit', { of: 2, text: 'hello', key: 'k1' })
  expect([again.status, parse(again), again.headers.get('idempotency-replayed')]).toEqual([201, parse(first), 'true'])
})

test('HTTP: others, and those without a session, may not; with --edit 0 nobody', async () => {
  const { port } = await start()
  expect((await ask(port, post('/edit', { room: 'lobby', of: 2, text: 'x' }))).status).toBe(401)
  const bob = bearer(await join(port, 'lobby', 'bob'))
  expect((await ask(port, post('/edit', { room: 'lobby', of: 2, text: 'x' }, bob))).status).toBe(403)
  expect((await ask(port, post('/remove', { room: 'lobby', id: 2 }, bob))).status).toBe(403)
  const { ask: never } = await start({ editMs: 0 })
  for (const answer of [await never('/edit', { of: 2, text: 'x' }), await never('/remove', { id: 2 })])
    expect(answer.status).toBe(403)
})

test('a journal gives the message as it is now after a restart', async () => {
  const { temporaryFolder } = await import('../support/journal.js')
  const data = temporaryFolder()
  const first = await startServer({ data })
  const token = bearer(await join(first.port, 'lobby', 'ada'))
  await ask(first.port, post('/send', { room: 'lobby', text: 'helo' }, token))
  await ask(first.port, post('/edit', { room: 'lobby', of: 2, text: 'hello' }, token))
  await ask(first.port, post('/react', { room: 'lobby', of: 2, text: '🎉' }, token))
  await first.app.stop()
  const { port } = await startServer({ data })
  const { messages } = await poll(port, 'room=lobby&since=0')
  expect(messages[1]).toMatchObject({ text: 'hello', reactions: [{ text: '🎉', by: ['ada'] }] })
})

test('sends that nobody edits are what they were', async () => {
  const { port } = await start()
  await send(port, 'lobby', 'carl', 'plain')
  const { messages } = await poll(port, 'room=lobby&since=0')
  expect(Object.keys(messages[2] ?? {})).toEqual(['id', 'room', 'type', 'username', 'text', 'timestamp'])
})
