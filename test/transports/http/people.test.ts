// People over HTTP: /join, /leave, /typing and /hand.

import { describe, expect, test } from 'vitest'
import { bearer, join, parse, poll, post } from '../../support/http.js'
import { ask } from '../../support/raw.js'
import { startServer } from '../../support/server.js'

const lines = async (port: number, room = 'lobby'): Promise<string[]> =>
  (await poll(port, `room=${room}&since=0&wait=0`)).messages.map(
    ({ type, username, text }) => `${type} ${username} ${text}`,
  )

describe('joining', () => {
  test('answers the session, who is there, and the cursor to go on from', async () => {
    const { port } = await startServer()
    await join(port, 'lobby', 'bob')
    const answer = await ask(port, post('/join', { room: 'lobby', username: ' ada ' }))
    expect(answer.status).toBe(201)
    expect(parse(answer)).toEqual({
      token: expect.stringMatching(/^[\w-]{22}$/),
      room: 'lobby',
      username: 'ada',
      members: ['bob', 'ada'],
      next: expect.stringMatching(/^[a-z0-9]{8}\.2$/),
    })
    expect(await lines(port)).toEqual(['join bob joined', 'join ada joined'])
    expect((await poll(port, `room=lobby&wait=0&since=${String(parse(answer)['next'])}`)).messages).toEqual([])
  })

  test('takes a form, JSON without a type, and fields in the query', async () => {
    const { port } = await startServer()
    const form = { 'Content-Type': 'application/x-www-form-urlencoded' }
    expect(
      (await ask(port, { method: 'POST', path: '/join', headers: form, body: 'room=lobby&username=a' })).status,
    ).toBe(201)
    expect((await ask(port, { method: 'POST', path: '/join', body: '{"room":"lobby","username":"b"}' })).status).toBe(
      201,
    )
    expect((await ask(port, { method: 'POST', path: '/join?room=lobby&username=c', body: '' })).status).toBe(201)
  })

  test('with a token adds a room to the session, under the same name', async () => {
    const { port } = await startServer()
    const token = await join(port, 'lobby', 'ada')
    const answer = await ask(port, post('/join', { room: 'den' }, bearer(token)))
    expect(parse(answer)).toMatchObject({ token, room: 'den', username: 'ada' })
    expect(parse(await ask(port, post('/join', { room: 'lobby', username: 'ada' }, bearer(token))))).toMatchObject({
      token,
    })
    expect(await lines(port)).toEqual(['join ada joined'])
  })

  test.each(['Ada', 'ＡＤＡ', 'ada'])('under a held name is a 409, written %s', async (username) => {
    const { port } = await startServer()
    await join(port, 'lobby', 'ada')
    expect(parse(await ask(port, post('/join', { room: 'lobby', username })))).toMatchObject({
      status: 409,
      code: 'name_taken',
      type: '/errors/name-taken',
    })
    expect((await ask(port, post('/join', { room: 'den', username }))).status).toBe(201)
  })

  test.each([
    {},
    { room: 'lobby' },
    { username: 'ada' },
    { room: 'lobby', username: '' },
    { room: 'lobby', username: '\u0430dmin' },
    { room: 'lobby', username: 'a[b]' },
  ])('%j is a 400', async (body) => {
    const { port, app } = await startServer()
    expect((await ask(port, post('/join', body))).status).toBe(400)
    expect([...app.chat.rooms.all()]).toEqual([])
  })

  test('a full house says when to come again', async () => {
    const { port } = await startServer({ sessions: 1 })
    await join(port, 'lobby', 'ada')
    const answer = await ask(port, post('/join', { room: 'lobby', username: 'bob' }))
    expect([answer.status, parse(answer)['code'], answer.headers.get('retry-after')]).toEqual([
      503,
      'unavailable',
      '60',
    ])
  })

  test('a server with no place for one more room is a 507', async () => {
    const { port } = await startServer({ rooms: 1 })
    await join(port, 'lobby', 'ada')
    expect(parse(await ask(port, post('/join', { room: 'den', username: 'bob' })))).toMatchObject({
      status: 507,
      code: 'full',
    })
  })
})

describe('leaving', () => {
  test('one room frees the name there at once', async () => {
    const { port } = await startServer()
    const token = await join(port, 'lobby', 'ada')
    await ask(port, post('/join', { room: 'den' }, bearer(token)))
    const answer = await ask(port, post('/leave', { room: 'lobby' }, bearer(token)))
    expect([answer.status, answer.body]).toEqual([204, ''])
    expect(await lines(port)).toEqual(['join ada joined', 'leave ada left'])
    expect((await ask(port, post('/join', { room: 'lobby', username: 'ada' }))).status).toBe(201)
    expect((await ask(port, post('/join', { room: 'den', username: 'ada' }))).status).toBe(409)
  })

  test('without a room leaves all of them', async () => {
    const { port } = await startServer()
    const token = await join(port, 'lobby', 'ada')
    await ask(port, post('/join', { room: 'den' }, bearer(token)))
    expect((await ask(port, { method: 'POST', path: '/leave', headers: bearer(token) })).status).toBe(204)
    for (const room of ['lobby', 'den']) expect(await lines(port, room)).toEqual(['join ada joined', 'leave ada left'])
  })

  test.each([['application/json'], ['text/plain;charset=UTF-8'], [undefined]])(
    'takes the token in a body of %s, as a closing page sends it',
    async (type) => {
      const { port } = await startServer()
      const token = await join(port, 'lobby', 'ada')
      const answer = await ask(port, {
        method: 'POST',
        path: '/leave',
        headers: { 'Content-Type': type },
        body: JSON.stringify({ token }),
      })
      expect([answer.status, await lines(port)]).toEqual([204, ['join ada joined', 'leave ada left']])
    },
  )

  test('takes no token in an address, and nowhere else one in a body', async () => {
    const { port } = await startServer()
    const token = await join(port, 'lobby', 'ada')
    expect((await ask(port, { method: 'POST', path: `/leave?token=${token}` })).status).toBe(401)
    expect((await ask(port, post('/send', { room: 'lobby', username: 'ada', text: 'hi', token }))).status).toBe(409)
    expect((await ask(port, post('/typing', { room: 'lobby', typing: true, token }))).status).toBe(401)
  })

  test('is refused to nobody, and for a room that was not joined', async () => {
    const { port } = await startServer()
    const token = await join(port, 'lobby', 'ada')
    expect((await ask(port, post('/leave', {}))).status).toBe(401)
    expect((await ask(port, post('/leave', { token: 'x' }))).status).toBe(401)
    expect((await ask(port, post('/leave', { token: 7 }))).status).toBe(400)
    expect((await ask(port, post('/leave', { room: 'den' }, bearer(token)))).status).toBe(403)
    expect((await ask(port, post('/leave', { room: 'a b' }, bearer(token)))).status).toBe(400)
  })
})

describe('typing', () => {
  test('is told to those who ask for presence, and ends with the next message', async () => {
    const { port } = await startServer()
    const token = await join(port, 'lobby', 'ada')
    expect((await ask(port, post('/typing', { room: 'lobby', typing: true }, bearer(token)))).status).toBe(204)
    expect((await poll(port, 'room=lobby&presence=1')).rooms).toEqual({
      lobby: { members: ['ada'], typing: ['ada'] },
    })
    await ask(port, post('/send', { room: 'lobby', text: 'hi' }, bearer(token)))
    expect((await poll(port, 'room=lobby&presence=1')).rooms).toEqual({
      lobby: { members: ['ada'], typing: [] },
    })
  })

  test('is refused without a token, in a room that was not joined, and when it is neither true nor false', async () => {
    const { port } = await startServer()
    const token = await join(port, 'lobby', 'ada')
    expect((await ask(port, post('/typing', { room: 'lobby', typing: true }))).status).toBe(401)
    expect((await ask(port, post('/typing', { room: 'den', typing: true }, bearer(token)))).status).toBe(403)
    expect((await ask(port, post('/typing', { room: 'lobby', typing: 'maybe' }, bearer(token)))).status).toBe(400)
    expect((await ask(port, post('/typing', { room: 'lobby' }, bearer(token)))).status).toBe(400)
  })
})

describe('a hand', () => {
  const hand = (port: number, token: string, fields: object) =>
    ask(port, post('/hand', { room: 'lobby', ...fields }, bearer(token)))
  const hands = async (port: number) =>
    (await poll(port, 'room=lobby&since=now&presence=1')).rooms?.['lobby'] as { hands?: readonly string[] } | undefined

  test('goes up in its turn, is in no log, and wakes who asks for presence', async () => {
    const { port } = await startServer()
    const [ada, bob] = [await join(port, 'lobby', 'ada'), await join(port, 'lobby', 'bob')]
    const { next } = await poll(port, 'room=lobby&presence=1&since=now')
    const waiting = poll(port, `room=lobby&presence=1&since=${next}`)
    for (const token of [bob, ada, bob]) expect((await hand(port, token, { up: true })).status).toBe(204)
    expect((await waiting).rooms?.['lobby']).toMatchObject({ hands: expect.arrayContaining(['bob']) })
    expect((await hands(port))?.hands).toEqual(['bob', 'ada'])
    expect(parse(await ask(port, { path: '/members?room=lobby' }))).toEqual({
      room: 'lobby',
      members: ['ada', 'bob'],
      hands: ['bob', 'ada'],
    })
    expect((await hand(port, bob, { up: false })).status).toBe(204)
    expect((await hands(port))?.hands).toEqual(['ada'])
    await ask(port, post('/leave', { room: 'lobby' }, bearer(ada)))
    expect(await hands(port)).toEqual({ members: ['bob'], typing: [] })
    expect((await lines(port)).length).toBe(3)
  })

  test('of another is put down by a moderator alone, and up by nobody; in a closed room one’s own still goes up', async () => {
    const { port, app } = await startServer({ adminKey: 'key' })
    const [ada, bob] = [await join(port, 'lobby', 'ada'), await join(port, 'lobby', 'bob')]
    await hand(port, bob, { up: true })
    expect((await hand(port, ada, { up: false, username: 'bob' })).status).toBe(403)
    expect((await ask(port, post('/admin', { key: 'key' }, bearer(ada)))).status).toBe(204)
    expect((await hand(port, ada, { up: true, username: 'bob' })).status).toBe(400)
    expect((await hand(port, ada, { up: false, username: 'nobody' })).status).toBe(204)
    await app.chat.moderation.close(app.chat.sessions.get(ada), 'lobby')
    expect((await hand(port, ada, { up: true })).status).toBe(204)
    expect((await hand(port, ada, { up: false, username: 'BOB' })).status).toBe(204)
    expect((await hands(port))?.hands).toEqual(['ada'])
    await app.chat.moderation.mute(app.chat.sessions.get(ada), 'lobby', 'bob', 60)
    expect((await hand(port, bob, { up: true })).status).toBe(403)
  })

  test('is refused without a token, in a room that was not joined, and when it is neither up nor down', async () => {
    const { port } = await startServer()
    const ada = await join(port, 'lobby', 'ada')
    expect((await ask(port, post('/hand', { room: 'lobby', up: true }))).status).toBe(401)
    expect((await hand(port, ada, { room: 'den', up: true })).status).toBe(403)
    for (const up of ['maybe', undefined]) expect((await hand(port, ada, { up })).status).toBe(400)
  })
})

test('rooms and names that JavaScript knows otherwise are just rooms and names', async () => {
  const { port } = await startServer()
  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    const token = await join(port, name, name)
    expect((await ask(port, post('/send', { room: name, text: name, key: name }, bearer(token)))).status).toBe(201)
    expect(await lines(port, name)).toEqual([`join ${name} joined`, `chat ${name} ${name}`])
    expect((await poll(port, `room=${name}&room=lobby&presence=1`)).messages).toHaveLength(2)
    expect(parse(await ask(port, { path: `/members?room=${name}` }))).toEqual({ room: name, members: [name] })
    expect(parse(await ask(port, { path: `/history?room=${name}` }))).toMatchObject({ first: 1, last: 2 })
    expect((await ask(port, post('/leave', {}, bearer(token)))).status).toBe(204)
  }
})
