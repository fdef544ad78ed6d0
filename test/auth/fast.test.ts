// The fast path with sessions and authentication: a repeated poll is not authenticated again, and ends when the
// session or the identity that let it in ends.

import { describe, expect, onTestFinished, test } from 'vitest'
import type { Config } from '../../src/config.js'
import { bearer, parse, post } from '../support/http.js'
import { inSeconds, JWT, sign } from '../support/jwt.js'
import { ask, head, RawClient } from '../support/raw.js'
import { startServer, until } from '../support/server.js'

const PASSWORD = 'open sesame'
const basic = (password: string) => ({ Authorization: `Basic ${Buffer.from(`:${password}`).toString('base64')}` })

/** A server, a session of ada in the lobby, and a connection that polls there with her token. */
async function polling(config: Partial<Config>, credentials: Record<string, string>, username?: string) {
  const server = await startServer(config)
  const { chat } = server.app
  const { token } = parse(await ask(server.port, post('/join', { room: 'lobby', username }, credentials)))
  const session = chat.sessions.peek(String(token))
  const room = chat.rooms.get('lobby')
  if (session === undefined || room === undefined) throw new Error('she has not joined')
  const client = new RawClient(server.port)
  onTestFinished(() => client.destroy())
  return {
    ...server,
    chat,
    session,
    client,
    poll: (id: number) =>
      client.write(head({ path: `/poll?room=lobby&since=${room.epoch}.${id}`, headers: bearer(token) })),
    parked: (count: number) =>
      until(
        () => room.waiting,
        (waiting) => waiting === count,
      ),
    say: (text: string) => chat.send({ room: 'lobby', username: 'bob', text }),
  }
}

describe.each([
  ['nothing is asked', async () => polling({}, {}, 'ada')],
  ['there is a password', async () => polling({ password: PASSWORD }, basic(PASSWORD), 'ada')],
  ['there are tokens of a school', async () => polling(JWT, bearer(await sign({ name: 'ada' })))],
])('where %s', (_name, start) => {
  test('a session polls again and again, and is heard from as long as its poll waits', async () => {
    const { poll, parked, say, client, session } = await start()
    for (const [i, text] of ['one', 'two', 'three'].entries()) {
      poll(i + 1)
      await parked(1)
      expect(session.left).toBe(60_000)
      await say(text)
      expect((await client.answer())?.body).toContain(`"text":"${text}"`)
      await parked(0)
    }
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(session.left).toBeLessThan(60_000)
  })

  test('a poll that comes again when its session is over is refused', async () => {
    const { poll, parked, say, client, chat, session } = await start()
    poll(1)
    await parked(1)
    await say('one')
    expect((await client.answer())?.status).toBe(200)
    await chat.end(session)
    poll(2)
    expect((await client.answer())?.status).toBe(401)
    await parked(0)
  })
})

test('a poll that comes again when the time of its token is over is refused', async () => {
  const { poll, parked, say, client, session } = await polling(
    JWT,
    bearer(await sign({ name: 'ada' }, inSeconds(3600))),
  )
  poll(1)
  await parked(1)
  await say('one')
  expect((await client.answer())?.status).toBe(200)
  if (session.identity !== undefined) session.identity = { ...session.identity, until: Date.now() - 1 }
  poll(2)
  expect((await client.answer())?.status).toBe(401)
})

test('with a password each way to show it and to lack it has the same answer as from node:http', async () => {
  const { port, app } = await startServer({ password: PASSWORD })
  await app.chat.send({ room: 'lobby', username: 'bob', text: 'one' })
  const { token } = parse(await ask(port, post('/join', { room: 'lobby', username: 'ada' }, basic(PASSWORD))))
  const login = await ask(port, post('/login', { password: PASSWORD }))
  const cookie = login.headers.get('set-cookie')?.split(';', 1)[0] ?? ''
  const answerTo = async (path: string, headers: Record<string, string>) => {
    const { status, body, headers: given } = await ask(port, { path, headers })
    const names = [...given].map(([name, value]) => `${name}: ${name === 'date' ? '' : value}`).toSorted()
    return [status, names, body.replace(/"now":\d+/, '')]
  }
  const paths = ['/poll?room=lobby', '/poll?room=lobby&limit=x', '/poll?room=lobby&since=0&limit=1']
  const same = async (path: string, headers: Record<string, string>): Promise<void> => {
    const fast = await answerTo(path, headers)
    expect(fast).toEqual(await answerTo(path, { ...headers, Te: 'trailers' }))
  }
  for (const headers of [
    {},
    basic(PASSWORD),
    bearer(token),
    { Cookie: cookie },
    { Cookie: cookie, ...bearer(token) },
    { Cookie: cookie, ...basic('not looked at') },
    { Cookie: cookie, ...bearer('A'.repeat(22)) },
    { Cookie: `${cookie}x` },
  ])
    for (const path of paths) await same(path, headers)
  // Five wrong tries are too many.
  for (const headers of [basic('wrong'), bearer('wrong')]) await same('/poll?room=lobby', headers)
})
