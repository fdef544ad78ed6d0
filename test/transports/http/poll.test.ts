import { describe, expect, test } from 'vitest'
import { SESSION_MS } from '../../../src/core/people/sessions.js'
import { bearer, join, parse, poll, type Polled, send } from '../../support/http.js'
import { ask, head, RawClient } from '../../support/raw.js'
import { MEASURES } from '../../support/retried.js'
import { startServer, until } from '../../support/server.js'

const ids = ({ messages }: Polled): number[] => messages.map((message) => message.id)

/** A poll that is known to be parked. */
async function park(
  server: Awaited<ReturnType<typeof startServer>>,
  query: string,
  headers: Record<string, string> = {},
): Promise<RawClient> {
  const { parking } = parked(server)
  const before = await parking()
  const client = new RawClient(server.port)
  client.write(head({ path: `/poll?${query}`, headers }))
  for (let i = 0; (await parking()) !== before + 1; i++) if (i > 500) throw new Error('it was not parked')
  return client
}

function parked({ port }: { port: number }) {
  return {
    parking: async (): Promise<number> => Number(parse(await ask(port, { path: '/stats' }))['parked']),
  }
}

const polled = async (client: RawClient): Promise<Polled> => JSON.parse((await client.answer())?.body ?? 'null')

describe('a poll is answered at once', () => {
  test('with the newest messages when it has no cursor, and never more to come', async () => {
    const { port } = await startServer()
    for (let i = 1; i <= 5; i++) await send(port, 'lobby', 'ada', `text ${i}`)
    const answer = await poll(port, 'room=lobby&limit=2')
    expect([ids(answer), answer.more, answer.gaps]).toEqual([[4, 5], false, []])
    expect(answer.next).toMatch(/^[a-z0-9]{8}\.5$/)
    expect(Math.abs(answer.now - Date.now())).toBeLessThan(2000)
  })

  test('in a room without a log, with nothing and the cursor of nothing', async () => {
    const { port } = await startServer()
    expect(await poll(port, 'room=lobby')).toMatchObject({
      messages: [],
      next: '00000000.0',
      more: false,
      gaps: [],
    })
    expect(parse(await ask(port, { path: '/rooms' }))).toEqual({ rooms: [] })
  })

  test('with what is newer than its cursor, cut by the limit, and more says so', async () => {
    const { port } = await startServer()
    for (let i = 1; i <= 5; i++) await send(port, 'lobby', 'ada', `text ${i}`)
    const first = await poll(port, 'room=lobby&since=0&limit=3')
    const second = await poll(port, `room=lobby&since=${first.next}&limit=3`)
    expect([ids(first), first.more, ids(second), second.more]).toEqual([[1, 2, 3], true, [4, 5], false])
    expect(ids(await poll(port, 'room=lobby&since=4'))).toEqual([5])
  })

  test('with wait=0, whatever there is', async () => {
    const { port } = await startServer()
    await send(port, 'lobby', 'ada', 'hi')
    const { next } = await poll(port, 'room=lobby')
    expect(await poll(port, `room=lobby&since=${next}&wait=0`)).toMatchObject({
      messages: [],
      next,
      gaps: [],
      more: false,
    })
    expect((await poll(port, 'room=lobby&since=now&wait=0')).next).toBe(next)
  })

  test('with a message as it was sent, in the order of the contract', async () => {
    const { port } = await startServer()
    await send(port, 'lobby', 'ada', 'hi "you" \n <b>😀', { key: 'c_9f2k' })
    const { body } = await ask(port, { path: '/poll?room=lobby' })
    expect(body).toMatch(
      /^\{"messages":\[\{"id":1,"room":"lobby","type":"chat","username":"ada","text":"hi \\"you\\" \\n <b>😀","timestamp":\d{13},"key":"c_9f2k"\}\],"next":"[a-z0-9]{8}\.1","more":false,"gaps":\[\],"now":\d{13}\}$/,
    )
  })
})

describe('gaps are told at once, never parked, with a good cursor', () => {
  test('overflow', async () => {
    const { port } = await startServer({ ring: 4 })
    for (let i = 1; i <= 9; i++) await send(port, 'lobby', 'ada', `text ${i}`)
    const { next } = await poll(port, 'room=lobby')
    const epoch = next.slice(0, 8)
    const answer = await poll(port, `room=lobby&since=${epoch}.1&limit=2`)
    expect(answer).toMatchObject({
      gaps: [{ room: 'lobby', reason: 'overflow', missed: 4, first: 6 }],
      next: `${epoch}.7`,
      more: true,
    })
    expect((await poll(port, 'room=lobby&since=0')).gaps).toEqual([])
    expect((await poll(port, 'room=lobby&since=1')).gaps).toMatchObject([{ reason: 'overflow', missed: 4 }])
    expect((await poll(port, `room=lobby&since=${epoch}.5`)).gaps).toEqual([])
  })

  test('restart', async () => {
    const { port } = await startServer()
    expect((await poll(port, 'room=den&since=zzzzzzzz.7')).gaps).toEqual([
      { room: 'den', reason: 'restart', missed: null, first: 0 },
    ])
    await send(port, 'lobby', 'ada', 'hi')
    const answer = await poll(port, 'room=lobby&since=zzzzzzzz.7')
    expect([answer.gaps, ids(answer)]).toEqual([[{ room: 'lobby', reason: 'restart', missed: null, first: 1 }], [1]])
    expect((await poll(port, 'room=lobby&since=zzzzzzzz.0')).gaps).toEqual([])
    expect((await poll(port, 'room=lobby&since=zzzzzzzz.1')).gaps[0]?.reason).toBe('restart')
  })

  test('rewind', async () => {
    const { port } = await startServer()
    expect((await poll(port, 'room=den&since=1')).gaps).toEqual([
      { room: 'den', reason: 'rewind', missed: null, first: 0 },
    ])
    await send(port, 'lobby', 'ada', 'hi')
    const { next } = await poll(port, 'room=lobby')
    for (const since of ['2', '9007199254740991', next.replace('.1', '.2')]) {
      const answer = await poll(port, `room=lobby&since=${since}`)
      expect([answer.gaps[0]?.reason, answer.next, ids(answer)]).toEqual(['rewind', next, [1]])
    }
  })
})

describe('several rooms', () => {
  test('are grouped, and one cursor goes on in all of them', async () => {
    const { port } = await startServer()
    for (const room of ['a', 'b', 'a']) await send(port, room, 'ada', 'hi')
    const answer = await poll(port, 'room=b&room=a')
    expect(answer.messages.map(({ room, id }) => `${room}${id}`)).toEqual(['b1', 'a1', 'a2'])
    expect(answer.next).toMatch(/^b\.[a-z0-9]{8}\.1~a\.[a-z0-9]{8}\.2$/)
    await send(port, 'a', 'ada', 'ho')
    expect(
      (await poll(port, `since=${answer.next}&room=a&room=b`)).messages.map(({ room, id }) => `${room}${id}`),
    ).toEqual(['a3'])
  })

  test('one that the cursor lacks is read from its newest, one too many is ignored', async () => {
    const { port } = await startServer()
    for (const room of ['a', 'b', 'c']) await send(port, room, 'ada', 'hi')
    const { next } = await poll(port, 'room=a&room=b')
    expect((await poll(port, `room=a&room=c&since=${next}`)).messages.map(({ room }) => room)).toEqual(['c'])
    expect((await poll(port, `room=a&since=${next}&wait=0`)).messages).toEqual([])
  })

  test('are 16 at the most, each counted once', async () => {
    const { port } = await startServer()
    const rooms = Array.from({ length: 16 }, (_, i) => `room=r${i}`)
    expect((await poll(port, [...rooms, 'room=r0'].join('&'))).next.split('~')).toHaveLength(16)
    const answer = await ask(port, { path: `/poll?${[...rooms, 'room=r16'].join('&')}` })
    expect([answer.status, parse(answer)['detail']]).toEqual([400, expect.stringMatching(/room.*16/)])
  })

  test('of which each wakes the poll', async () => {
    const server = await startServer()
    const { next } = await poll(server.port, 'room=a&room=b')
    const client = await park(server, `room=a&room=b&since=${next}`)
    await send(server.port, 'b', 'ada', 'hi')
    expect((await polled(client)).messages.map(({ room }) => room)).toEqual(['b'])
    client.destroy()
  })
})

describe('parameters', () => {
  const wrong = [
    'wait=-1',
    'wait=1.5',
    'wait=x',
    'wait=1e1',
    'wait=NaN',
    'limit=x',
    'limit=-1',
    'limit=1.0',
    'since=-1',
    'since=1e999',
    'since=NaN',
  ]
  const more = [
    'since=9007199254740993',
    'since=%zz',
    'since=a.b.c',
    'since=1&since=2',
    'wait=1&wait=1',
    'limit=1&limit=1',
    'presence=yes',
    'room=a+b',
    'room=%00',
  ]
  test.each([...wrong, ...more])('%s is a 400 that names it', async (query) => {
    const { port } = await startServer()
    const answer = await ask(port, { path: `/poll?room=lobby&${query}` })
    expect([answer.status, parse(answer)['code']]).toEqual([400, 'bad_request'])
    expect(parse(answer)['detail']).toMatch(new RegExp(`\\b${query.split('=')[0]}\\b`))
  })

  test.each(['/poll', '/poll?', '/poll?room=', '/poll?room', '/poll?=lobby', '/poll?Room=lobby'])(
    '%s lacks its room',
    async (path) => {
      const { port } = await startServer()
      const answer = await ask(port, { path })
      expect([answer.status, parse(answer)['detail']]).toEqual([400, expect.stringMatching(/^room/)])
    },
  )

  test('come in any order; empty ones are absent, unknown ones ignored, large ones clamped', async () => {
    const { port } = await startServer()
    await send(port, 'lobby', 'ada', 'hi')
    const queries = [
      'wait=0&limit=&since=&room=lobby&room=',
      'x=1&x=2&__proto__=1&room=lobby&toString=',
      '&&room=lobby&',
      'limit=0&room=lobby',
      'limit=99999999999999999999&room=%6cobby',
    ]
    for (const query of [...queries, 'room=lobby&since=0&wait=999', 'room=lobby&presence=0'])
      expect(ids(await poll(port, query))).toEqual([1])
  })

  test('limit=0 is a limit of 1', async () => {
    const { port } = await startServer()
    for (const text of ['a', 'b']) await send(port, 'lobby', 'ada', text)
    expect(await poll(port, 'room=lobby&since=0&limit=0')).toMatchObject({
      messages: [{ id: 1 }],
      more: true,
    })
  })
})

describe('a parked poll', () => {
  test('is answered by the next message, and a poll in an unknown room by its first', async () => {
    const server = await startServer()
    const client = await park(server, 'room=lobby&since=00000000.0')
    await send(server.port, 'lobby', 'ada', 'hi')
    expect(ids(await polled(client))).toEqual([1])
    client.destroy()
  })

  test('waits for a random 85 to 100 % of its wait, and is answered with nothing', MEASURES, async () => {
    const { port } = await startServer()
    const times = await Promise.all(
      Array.from({ length: 12 }, async () => {
        const start = performance.now()
        expect((await poll(port, 'room=lobby&since=0&wait=1')).messages).toEqual([])
        return performance.now() - start
      }),
    )
    expect(Math.min(...times)).toBeGreaterThanOrEqual(849)
    // What is beyond the second is a busy machine's.
    expect(Math.max(...times)).toBeLessThan(1250)
    expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(5)
  })

  test('is released by the next request on its socket, and the answers come in order', async () => {
    const server = await startServer()
    const client = await park(server, 'room=lobby&since=0')
    client.write(head({ path: '/health' }))
    expect((await polled(client)).messages).toEqual([])
    expect(JSON.parse((await client.answer())?.body ?? '')).toEqual({ status: 'ok' })
    expect(server.app.http.server.listening).toBe(true)
    client.destroy()
  })

  test.each(['lobby', 'never-opened'])(
    'of several pipelined in %s all but the last are answered, in order',
    async (room) => {
      const server = await startServer()
      await send(server.port, 'lobby', 'ada', 'hi')
      const client = new RawClient(server.port)
      const { next } = await poll(server.port, `room=${room}`)
      client.write(head({ path: `/poll?room=${room}&since=${next}` }).repeat(20))
      for (let i = 0; i < 19; i++) expect(await polled(client)).toMatchObject({ messages: [], next })
      expect(await parked(server).parking()).toBe(1)
      client.destroy()
      await until(
        () => server.app.chat.rooms.get(room)?.waiting ?? 0,
        (waiting) => waiting === 0,
      )
      expect(await parked(server).parking()).toBe(0)
    },
  )

  test('whose socket is gone is gone, and so is the room that was there for it alone', async () => {
    const server = await startServer()
    const client = await park(server, 'room=lobby&since=0')
    client.destroy()
    await until(
      () => [...server.app.chat.rooms.all()].length,
      (rooms) => rooms === 0,
    )
    expect([await parked(server).parking(), server.app.chat.timers.size]).toEqual([0, 0])
  })

  test('whose client says that it will send no more is let go', async () => {
    const server = await startServer()
    const client = await park(server, 'room=lobby&since=0')
    client.socket.end()
    await client.end()
    expect(await parked(server).parking()).toBe(0)
  })

  test('is contact for its session as long as it lasts', async () => {
    const server = await startServer()
    const token = await join(server.port, 'lobby', 'ada')
    const session = server.app.chat.sessions.get(token)
    const client = await park(server, 'room=lobby&since=now', bearer(token))
    // While something is connected all of the minute is left.
    expect(session.left).toBe(SESSION_MS)
    client.destroy()
    await until(
      () => session.left,
      (left) => left < SESSION_MS,
    )
  })

  test('beyond the house’s places is told to come back later', async () => {
    const server = await startServer({ polls: 1 })
    const client = await park(server, 'room=lobby&since=0')
    const answer = await poll(server.port, 'room=lobby&since=0')
    expect(answer.messages).toEqual([])
    expect(answer.retry).toBeGreaterThanOrEqual(500)
    client.destroy()
  })

  test('of hundreds in one room each gets the message', async () => {
    const server = await startServer()
    const clients = Array.from({ length: 300 }, () => new RawClient(server.port))
    for (const client of clients) client.write(head({ path: '/poll?room=lobby&since=00000000.0' }))
    await until(
      () => server.app.chat.rooms.get('lobby')?.waiting ?? 0,
      (waiting) => waiting === 300,
    )
    await send(server.port, 'lobby', 'ada', 'hi')
    const answers = await Promise.all(clients.map(polled))
    expect(answers.map(ids)).toEqual(Array.from({ length: 300 }, () => [1]))
    for (const client of clients) client.destroy()
  })
})

describe('presence', () => {
  test('is told whole, at once to who was told none, and one part more of the cursor says what was told', async () => {
    const { port } = await startServer()
    await join(port, 'lobby', 'ada')
    const answer = await poll(port, 'room=lobby&since=now&presence=1')
    expect([answer.rooms, answer.messages]).toEqual([{ lobby: { members: ['ada'], typing: [] } }, []])
    expect(answer.next).toMatch(/^[a-z0-9]{8}\.1~p[a-z0-9]+$/)
    expect((await poll(port, 'room=lobby')).rooms).toBeUndefined()
  })

  test('that changes wakes who was told another, with the message or without', async () => {
    const server = await startServer()
    const token = await join(server.port, 'lobby', 'ada')
    const { next } = await poll(server.port, 'room=lobby&presence=1')
    const client = await park(server, `room=lobby&presence=1&since=${next}`)
    const plain = await park(server, `room=lobby&since=${next}`)
    const typing = {
      method: 'POST',
      path: '/typing',
      headers: { ...bearer(token), 'Content-Type': 'application/json' },
    }
    expect((await ask(server.port, { ...typing, body: '{"room":"lobby","typing":true}' })).status).toBe(204)
    expect(await polled(client)).toMatchObject({
      messages: [],
      rooms: { lobby: { members: ['ada'], typing: ['ada'] } },
    })
    expect(await parked(server).parking()).toBe(1)
    expect(plain.rest).toBe('')
    client.destroy()
    plain.destroy()
  })
})

test('HEAD is GET that does not wait and has no body', MEASURES, async () => {
  const { port } = await startServer()
  const start = performance.now()
  const { status, headers, body } = await ask(port, { method: 'HEAD', path: '/poll?room=lobby&since=0' })
  expect([status, headers.get('content-type'), body]).toEqual([200, 'application/json', ''])
  expect(Number(headers.get('content-length'))).toBeGreaterThan(20)
  expect(performance.now() - start).toBeLessThan(1000)
})
