// Moderation: who may do it, what each order does, and what other people see of it.

import { describe, expect, test } from 'vitest'
import { bearer, join, parse, poll, post, send } from '../support/http.js'
import { ask, type RawAnswer } from '../support/raw.js'
import { startServer, type TestServer, until } from '../support/server.js'
import { talk } from '../support/talker.js'
import { temporaryFolder } from '../support/journal.js'

const KEY = 'the teacher’s key'
const CONFIG = { adminKey: KEY }

type Class = TestServer & {
  readonly token: string
  /** The teacher orders something. */
  readonly order: (path: string, value: object) => Promise<RawAnswer>
}

/** A server where the teacher moderates, and bob has said something in the lobby. */
async function startClass(config: object = CONFIG): Promise<Class> {
  const server = await startServer({ ...CONFIG, ...config })
  const { port } = server
  const token = await join(port, 'staff', 'teacher')
  expect((await ask(port, post('/admin', { key: KEY }, bearer(token)))).status).toBe(204)
  await send(port, 'lobby', 'bob', 'a rude word', { key: 'k1' })
  return { ...server, token, order: (path, value) => ask(port, post(path, value, bearer(token))) }
}

const ORDERS: [string, object][] = [
  ['/mute', { room: 'lobby', username: 'bob' }],
  ['/remove', { room: 'lobby', id: 1 }],
  ['/close', { room: 'lobby' }],
  ['/slow', { room: 'lobby', seconds: 10 }],
  ['/clear', { room: 'lobby' }],
]

describe('the right', () => {
  test.each(ORDERS)('to %s is a moderator’s alone', async (path, value) => {
    const { port } = await startClass()
    const bob = await join(port, 'lobby', 'bob')
    expect((await ask(port, post(path, value))).status).toBe(401)
    expect((await ask(port, post(path, value, bearer(bob)))).status).toBe(403)
    expect((await poll(port, 'room=lobby&since=0')).messages[0]?.text).toBe('a rude word')
  })

  test('comes with the key alone, from the body alone, and after five wrong ones it waits', async () => {
    const { port } = await startServer(CONFIG)
    const token = await join(port, 'lobby', 'bob')
    const ask_ = (path: string, value: object): Promise<RawAnswer> => ask(port, post(path, value, bearer(token)))
    expect((await ask_(`/admin?key=${encodeURIComponent(KEY)}`, {})).status).toBe(400)
    expect((await ask(port, post('/admin', { key: KEY }))).status).toBe(401)
    for (let i = 0; i < 5; i++) expect((await ask_('/admin', { key: 'guess' })).status).toBe(401)
    expect((await ask_('/admin', { key: KEY })).status).toBe(429)
  })

  test('is nobody’s where no key was set', async () => {
    const { port } = await startServer()
    const token = await join(port, 'lobby', 'bob')
    expect((await ask(port, post('/admin', { key: '' }, bearer(token)))).status).toBe(403)
  })
})

describe('a muted name', () => {
  test('says nothing there, in any spelling, until its time is over or taken back', async () => {
    const { port, order } = await startClass()
    expect((await order('/mute', { room: 'lobby', username: 'Bob', seconds: 60 })).status).toBe(204)
    const refused = await send(port, 'lobby', 'BOB', 'again')
    expect([refused.status, parse(refused)['code']]).toEqual([403, 'forbidden'])
    expect((await send(port, 'lobby', 'eve', 'hi')).status).toBe(201)
    expect((await send(port, 'den', 'bob', 'hi')).status).toBe(201)
    await order('/mute', { room: 'lobby', username: 'bob', seconds: 0 })
    expect((await send(port, 'lobby', 'bob', 'sorry')).status).toBe(201)
  })

  test('is muted over TCP too, and does not type', async () => {
    const { app, port, order } = await startClass({ tcp: 0 })
    const bob = talk(app.tcpPort ?? 0)
    bob.say('JOIN lobby bob')
    await bob.hear('INFO joined room lobby')
    await order('/mute', { room: 'lobby', username: 'bob' })
    bob.say('MSG lobby hi', 'WHO lobby')
    const heard = await bob.hear('INFO lobby: bob')
    expect(heard.filter((line) => line.startsWith('ERROR this name is muted'))).toHaveLength(1)
    const carl = await join(port, 'lobby', 'carl')
    await order('/mute', { room: 'lobby', username: 'carl' })
    expect((await ask(port, post('/typing', { room: 'lobby', typing: true }, bearer(carl)))).status).toBe(403)
  })

  test.each([-1, 1.5, 86_401, 'soon', null, true])('is not muted for %s seconds', async (seconds) => {
    const { order } = await startClass()
    const expected = seconds === null ? 204 : 400
    expect((await order('/mute', { room: 'lobby', username: 'bob', seconds })).status).toBe(expected)
  })
})

describe('a removed message', () => {
  test('is told to readers, and its text can be had nowhere', async () => {
    const { port, order } = await startClass()
    const before = await poll(port, 'room=lobby&since=0')
    const answer = await order('/remove', { room: 'lobby', id: 1 })
    expect([answer.status, parse(answer)]).toMatchObject([
      201,
      { message: { id: 2, type: 'delete', of: 1, text: 'removed', username: 'teacher' } },
    ])
    const after = await poll(port, `room=lobby&since=${before.next}`)
    expect(after.messages).toMatchObject([{ id: 2, type: 'delete', of: 1 }])
    expect((await poll(port, 'room=lobby&since=0')).messages[0]).toMatchObject({
      id: 1,
      type: 'removed',
      username: 'bob',
      text: 'removed',
      key: 'k1',
    })
    for (const path of ['/history?room=lobby', '/poll?room=lobby', '/poll?room=lobby&since=0'])
      expect((await ask(port, { path })).body).not.toContain('rude')
  })

  test('is gone from the journal’s history too, also after a restart', async () => {
    const data = temporaryFolder()
    const first = await startClass({ data, ring: 2 })
    await first.order('/remove', { room: 'lobby', id: 1 })
    for (const text of ['a', 'b', 'c']) await send(first.port, 'lobby', 'eve', text)
    const path = '/history?room=lobby&after=0'
    const told = parse(await ask(first.port, { path }))
    expect(told).toMatchObject({ messages: [{ id: 1, type: 'removed' }, { type: 'delete' }, {}, {}, {}] })
    await first.stop()
    const second = await startServer({ data, ring: 2 })
    expect(parse(await ask(second.port, { path }))).toEqual(told)
  })

  test('that is not there, was no chat or was removed already is a 404', async () => {
    const { order } = await startClass()
    expect((await order('/remove', { room: 'lobby', id: 1 })).status).toBe(201)
    for (const [room, id] of [
      ['lobby', 1],
      ['lobby', 2],
      ['lobby', 3],
      ['lobby', 0],
      ['staff', 1],
      ['nowhere', 1],
    ])
      expect([room, id, (await order('/remove', { room, id })).status]).toEqual([room, id, 404])
    expect((await order('/remove', { room: 'lobby', id: 'first' })).status).toBe(400)
  })
})

describe('a closed room', () => {
  test('is told with its presence, at once to whoever waits, as long as it is closed', async () => {
    const { app, port, order } = await startClass()
    const first = await poll(port, 'room=lobby&presence=1&since=now')
    expect(first.rooms?.['lobby']).toEqual({ members: [], typing: [] })
    const waiting = poll(port, `room=lobby&presence=1&since=${first.next}&wait=20`)
    await until(
      () => app.chat.rooms.get('lobby')?.waiting,
      (parked) => parked === 1,
    )
    await order('/close', { room: 'lobby' })
    const closed = await waiting
    expect(closed.rooms?.['lobby']).toEqual({ members: [], typing: [], closed: true })
    await order('/close', { room: 'lobby', closed: false })
    const open = await poll(port, `room=lobby&presence=1&since=${closed.next}&wait=20`)
    expect(open.rooms?.['lobby']).toEqual({ members: [], typing: [] })
  })

  test('takes nobody’s messages or joins but the moderator’s, and is read as before', async () => {
    const { port, order } = await startClass()
    const bob = await join(port, 'lobby', 'bob')
    expect((await order('/close', { room: 'lobby' })).status).toBe(204)
    expect((await ask(port, post('/send', { room: 'lobby', text: 'hi' }, bearer(bob)))).status).toBe(403)
    expect((await send(port, 'lobby', 'eve', 'hi')).status).toBe(403)
    expect((await ask(port, post('/join', { room: 'lobby', username: 'eve' }))).status).toBe(403)
    expect((await order('/join', { room: 'lobby' })).status).toBe(201)
    expect((await order('/send', { room: 'lobby', text: 'listen' })).status).toBe(201)
    expect((await poll(port, 'room=lobby&since=0')).messages.at(-1)?.text).toBe('listen')
  })

  test('is as before once it is opened', async () => {
    const { port, order } = await startClass()
    await order('/close', { room: 'lobby', closed: true })
    expect((await order('/close', { room: 'lobby', closed: 'maybe' })).status).toBe(400)
    await order('/close', { room: 'lobby', closed: false })
    expect((await send(port, 'lobby', 'eve', 'hi')).status).toBe(201)
  })
})

describe('a slow room', () => {
  test('is told with its presence, as long as it is slow', async () => {
    const { port, order } = await startClass()
    expect((await order('/slow', { room: 'lobby', seconds: 10 })).status).toBe(204)
    const state = async () => (await poll(port, 'room=lobby&presence=1&since=now')).rooms?.['lobby']
    expect(await state()).toEqual({ members: [], typing: [], slow: 10 })
    await order('/close', { room: 'lobby' })
    expect(await state()).toEqual({ members: [], typing: [], closed: true, slow: 10 })
    await order('/close', { room: 'lobby', closed: false })
    await order('/slow', { room: 'lobby', seconds: 0 })
    expect(await state()).toEqual({ members: [], typing: [] })
    for (const seconds of [301, -1, 1.5, 'soon', undefined])
      expect((await order('/slow', { room: 'lobby', seconds })).status).toBe(400)
  })

  test('takes one message of a name in its time, and as many as they like of a moderator', async () => {
    const { port, order } = await startClass()
    const bob = await join(port, 'lobby', 'bob')
    await order('/slow', { room: 'lobby', seconds: 10 })
    const refused = await ask(port, post('/send', { room: 'lobby', text: 'so soon' }, bearer(bob)))
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(7)
    expect(parse(refused)['detail']).toContain('this room is slow')
    expect((await send(port, 'lobby', 'Eve', 'hi', { key: 'k1' })).status).toBe(201)
    expect((await send(port, 'lobby', 'Eve', 'hi', { key: 'k1' })).headers.get('idempotency-replayed')).toBe('true')
    expect((await send(port, 'lobby', 'eve', 'again', { key: 'k2' })).status).toBe(429)
    await order('/join', { room: 'lobby' })
    for (const text of ['one', 'two']) expect((await order('/send', { room: 'lobby', text })).status).toBe(201)
    expect((await ask(port, post('/react', { room: 'lobby', of: 1, text: '👍' }, bearer(bob)))).status).toBe(201)
    await order('/slow', { room: 'lobby', seconds: 0 })
    expect((await send(port, 'lobby', 'eve', 'again', { key: 'k2' })).status).toBe(201)
  })
})

describe('a cleared room', () => {
  test.each(['memory', 'journal'])('is told as a restart to whoever waits, and has no past, in %s', async (store) => {
    const { port, order } = await startClass(store === 'journal' ? { data: temporaryFolder() } : {})
    const { next } = await poll(port, 'room=lobby&since=0')
    const waiting = poll(port, `room=lobby&since=${next}&wait=5`)
    const answer = await order('/clear', { room: 'lobby' })
    expect([answer.status, parse(answer)]).toMatchObject([201, { message: { id: 1, type: 'clear' } }])
    expect(await waiting).toMatchObject({
      gaps: [{ room: 'lobby', reason: 'restart', missed: null, first: 1 }],
      messages: [{ id: 1, type: 'clear' }],
    })
    expect(parse(await ask(port, { path: '/history?room=lobby' }))).toMatchObject({
      first: 1,
      last: 1,
      messages: [{ type: 'clear' }],
    })
    expect((await ask(port, { path: '/history?room=lobby&after=0' })).body).not.toContain('rude')
  })

  // In memory no request comes between what a send keeps and its answer.
  test('answers each send beside it with its own message and log', async () => {
    const { port, order } = await startClass({ data: temporaryFolder() })
    const cursors: unknown[] = []
    for (let round = 0; round < 20; round++) {
      const sends = (at: string) =>
        Array.from({ length: 4 }, async (_, i) => {
          const text = `${round} ${at} ${i}`
          const answer = parse(await send(port, 'lobby', `person ${i}`, text))
          expect(answer).toMatchObject({ message: { username: `person ${i}`, text } })
          return answer['next']
        })
      const clear = async () => parse(await order('/clear', { room: 'lobby' }))['next']
      cursors.push(...(await Promise.all([...sends('before'), clear(), ...sends('after')])))
    }
    // A place that two answers name is of one of them alone.
    expect(new Set(cursors).size).toBe(cursors.length)
  })

  test('stays cleared after a restart, and goes on from there', async () => {
    const data = temporaryFolder()
    const first = await startClass({ data })
    await first.order('/clear', { room: 'lobby' })
    await send(first.port, 'lobby', 'bob', 'a new page')
    await first.stop()
    const { port } = await startServer({ data })
    expect((await poll(port, 'room=lobby&since=0')).messages.map(({ text }) => text)).toEqual(['cleared', 'a new page'])
  })

  test('that never was is a 404', async () => {
    const { app, order } = await startClass()
    expect((await order('/clear', { room: 'nowhere' })).status).toBe(404)
    expect(app.chat.rooms.get('nowhere')).toBeUndefined()
  })
})
