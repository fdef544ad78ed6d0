// Looking: /history, /rooms, /members, /health, /ready, /stats, /metrics and the page's files.

import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { join, parse, poll, send } from '../../support/http.js'
import { needs } from '../../support/needs.js'
import { ask, head, RawClient } from '../../support/raw.js'
import { startServer, until } from '../../support/server.js'

describe('history', () => {
  async function withMessages(count: number, ring = 500): Promise<(query: string) => Promise<unknown[]>> {
    const { port } = await startServer({ ring })
    for (let i = 1; i <= count; i++) await send(port, 'lobby', 'ada', `text ${i}`)
    return async (query) => {
      const page = parse<{ messages: { id: number }[]; first: number; last: number; more: boolean }>(
        await ask(port, { path: `/history?room=lobby&${query}` }),
      )
      return [page.messages.map(({ id }) => id), page.first, page.last, page.more]
    }
  }

  test('from a time on begins with what was said then or later, and excludes the other bounds', async () => {
    const { port } = await startServer()
    const times: number[] = []
    for (let i = 1; i <= 4; i++) {
      const { message } = parse<{ message: { timestamp: number } }>(await send(port, 'lobby', 'ada', `text ${i}`))
      times.push(message.timestamp)
      await until(Date.now, (now) => now > message.timestamp)
    }
    const page = async (query: string): Promise<number[]> =>
      parse<{ messages: { id: number }[] }>(await ask(port, { path: `/history?room=lobby&${query}` })).messages.map(
        ({ id }) => id,
      )
    expect(await page(`from=${times[2]}`)).toEqual([3, 4])
    expect(await page(`from=${(times[1] ?? 0) + 1}&limit=1`)).toEqual([3])
    expect([await page('from=0'), await page(`from=${Date.now() + 1000}`)]).toEqual([[1, 2, 3, 4], []])
    expect((await ask(port, { path: '/history?room=lobby&from=1&after=1' })).status).toBe(400)
  })

  test('with words has what was said with them, and says how far it has looked', async () => {
    const { port } = await startServer()
    for (const text of ['the exam', 'no', 'Exam in Café', 'bye']) await send(port, 'lobby', 'ada', text)
    const find = (query: string) => ask(port, { path: `/history?room=lobby&${query}` })
    const page = async (query: string): Promise<unknown[]> => {
      const { messages, more, searched } = parse<{ messages: { id: number }[]; more: boolean; searched: number }>(
        await find(query),
      )
      return [messages.map(({ id }) => id), more, searched]
    }
    expect(await page('q=EXAM')).toEqual([[1, 3], false, 1])
    expect(await page('q=exam&limit=1')).toEqual([[3], true, 3])
    expect(await page('q=exam&before=3')).toEqual([[1], false, 1])
    expect(await page('q=exam&after=1')).toEqual([[3], false, 4])
    expect(await page('q=cafe%20exam%20ada')).toEqual([[3], false, 1])
    expect(await page('q=exam&from=0&limit=1')).toEqual([[1], true, 1])
    for (const wrong of ['q=%20', `q=${'x'.repeat(201)}`, 'q=a+b+c+d+e+f+g+h+i', 'q=a&q=b'])
      expect((await find(wrong)).status).toBe(400)
    expect((await find('q=')).body).not.toContain('searched')
  })

  test('is the newest, or what is before or after an id, without that id', async () => {
    const page = await withMessages(9, 8)
    expect(await page('limit=3')).toEqual([[7, 8, 9], 2, 9, true])
    expect(await page('before=5&limit=2')).toEqual([[3, 4], 2, 9, true])
    expect(await page('before=5')).toEqual([[2, 3, 4], 2, 9, false])
    expect(await page('after=5&limit=2')).toEqual([[6, 7], 2, 9, true])
    expect(await page('after=5')).toEqual([[6, 7, 8, 9], 2, 9, false])
    expect(await page('after=0&limit=1')).toEqual([[2], 2, 9, true])
    for (const nothing of ['before=2', 'before=0', 'after=9', 'after=99999999999999999999'])
      expect(await page(nothing)).toEqual([[], 2, 9, false])
  })

  test('has 50 messages where it does not say, 500 at the most', async () => {
    const page = await withMessages(60)
    expect((await page(''))[0]).toHaveLength(50)
    expect((await page('limit=9999'))[0]).toHaveLength(60)
    expect((await page('limit=0'))[0]).toEqual([60])
  })

  test('of an unknown room is empty, and makes none', async () => {
    const { port, app } = await startServer()
    expect(parse(await ask(port, { path: '/history?room=lobby' }))).toEqual({
      messages: [],
      epoch: '00000000',
      first: 0,
      last: 0,
      more: false,
    })
    expect([...app.chat.rooms.all()]).toEqual([])
  })

  test('has the epoch of the log, and messages as a poll has them', async () => {
    const { port } = await startServer()
    await send(port, 'lobby', 'ada', 'hi', { key: 'k' })
    const { next, messages } = await poll(port, 'room=lobby')
    expect(parse(await ask(port, { path: '/history?room=lobby' }))).toMatchObject({
      epoch: next.split('.')[0],
      messages,
    })
  })

  test.each(['before=x', 'after=-1', 'limit=1.5', 'before=1&after=2', 'before=1&before=2'])(
    '%s is a 400 that names it',
    async (query) => {
      const { port } = await startServer()
      const answer = await ask(port, { path: `/history?room=lobby&${query}` })
      expect([answer.status, parse(answer)['detail']]).toEqual([
        400,
        expect.stringMatching(new RegExp(`^${query.split('=')[0]}`)),
      ])
    },
  )
})

describe('rooms and members', () => {
  test('are counted: those who are there, those who wait, and the ids', async () => {
    const { port, app } = await startServer()
    await join(port, 'lobby', 'ada')
    await send(port, 'lobby', 'bob', 'hi')
    const client = new RawClient(port)
    client.write(head({ path: '/poll?room=lobby&since=now' }))
    await until(
      () => app.chat.rooms.get('lobby')?.waiting,
      (waiting) => waiting === 1,
    )
    expect(parse(await ask(port, { path: '/rooms' }))).toEqual({
      rooms: [{ room: 'lobby', members: 1, parked: 1, first: 1, last: 2 }],
    })
    expect(parse(await ask(port, { path: '/members?room=lobby' }))).toEqual({
      room: 'lobby',
      members: ['ada'],
    })
    expect(parse(await ask(port, { path: '/members?room=den' }))).toEqual({ room: 'den', members: [] })
    expect((await ask(port, { path: '/members' })).status).toBe(400)
    client.destroy()
  })
})

describe('health', () => {
  test('lives, and is ready until it is told to stop; then it still serves', async () => {
    const { port, app } = await startServer()
    expect(parse(await ask(port, { path: '/health' }))).toEqual({ status: 'ok' })
    expect((await ask(port, { path: '/ready' })).status).toBe(200)
    app.drain()
    const answer = await ask(port, { path: '/ready' })
    expect([answer.status, parse(answer)['code']]).toEqual([503, 'unavailable'])
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await ask(port, { path: '/health' })).status).toBe(200)
    expect((await send(port, 'lobby', 'ada', 'hi')).status).toBe(201)
  })
})

describe('numbers', () => {
  test('for people', async () => {
    const { port } = await startServer()
    await join(port, 'lobby', 'ada')
    await send(port, 'lobby', 'bob', 'hi')
    await poll(port, 'room=lobby')
    const stats = parse(await ask(port, { path: '/stats' }))
    expect(stats).toMatchObject({
      rooms: 1,
      parked: 0,
      sessions: 1,
      ring: { size: 500, held: 2 },
      messages: { published: 2, delivered: 2 },
    })
    expect(stats).toMatchObject({ memory: { rss: expect.any(Number) }, version: expect.any(String) })
  })

  test('for Prometheus, without a room or a name in them', async () => {
    const { port } = await startServer()
    await join(port, 'secretroom', 'secretname')
    await poll(port, 'room=secretroom')
    await ask(port, { path: '/nothing' })
    const { body, headers } = await ask(port, { path: '/metrics' })
    expect(headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
    const names = [
      'waiting_polls',
      'messages_published_total',
      'messages_delivered_total',
      'polls_total',
      'poll_wait_seconds',
      'delivery_seconds',
      'rooms',
      'rejected_total',
      'build_info',
    ]
    for (const name of names)
      expect(body).toMatch(
        new RegExp(
          `^# HELP minichat_${name} .+\n# TYPE minichat_${name} (counter|gauge|histogram)\nminichat_${name}`,
          'm',
        ),
      )
    expect(body).toMatch(/^minichat_messages_delivered_total\{transport="poll"\} 1$/m)
    expect(body).toMatch(/^minichat_rejected_total\{reason="not_found"\} 1$/m)
    expect(body).toMatch(/^process_resident_memory_bytes \d+$/m)
    expect(body).not.toMatch(/secret/)
  })

  test.skipIf(!needs('promtool', 'prometheus'))('pass promtool’s check, from the start and in use', async () => {
    const { port } = await startServer()
    const check = async (): Promise<unknown[]> => {
      const { body } = await ask(port, { path: '/metrics' })
      const { status, stderr, stdout } = spawnSync('promtool', ['check', 'metrics'], {
        input: body,
        encoding: 'utf8',
        timeout: 10_000,
      })
      return [status, stderr, stdout]
    }
    expect(await check()).toEqual([0, '', ''])
    await send(port, 'lobby', 'ada', 'hi')
    await poll(port, 'room=lobby&since=0')
    expect(await check()).toEqual([0, '', ''])
  })
})

describe('the page', () => {
  test('is at /, says what it may load, and is checked each time', async () => {
    const { port } = await startServer()
    const answer = await ask(port, { path: '/' })
    expect([answer.status, answer.headers.get('content-type'), answer.headers.get('cache-control')]).toEqual([
      200,
      'text/html; charset=utf-8',
      'no-cache',
    ])
    expect(answer.headers.get('content-security-policy')).toMatch(/default-src 'none'/)
    const again = await ask(port, { path: '/', headers: { 'If-None-Match': answer.headers.get('etag') } })
    expect([again.status, again.body]).toEqual([304, ''])
  })

  test('is packed for who takes it packed', async () => {
    const { port } = await startServer()
    const { body } = await ask(port, { path: '/' })
    const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { 'Accept-Encoding': 'gzip' } })
    expect([response.headers.get('content-encoding'), await response.text()]).toEqual(['gzip', body])
  })

  test('shows a debugger its sources', async () => {
    const { port } = await startServer()
    const script = await ask(port, { path: '/static/page.js' })
    expect(script.body).toContain('//# sourceMappingURL=page.js.map')
    const map = await ask(port, { path: '/static/page.js.map' })
    expect([map.status, map.headers.get('content-type')]).toEqual([200, 'application/json'])
    expect(JSON.parse(map.body).sources).toContain('../../static/page.ts')
  })

  test.each([
    '/static/../package.json',
    '/static/%2e%2e/package.json',
    '/..%2fpackage.json',
    '/package.json',
    '/static/',
    '/static',
    '/lib/main.js',
    '/src/main.js',
  ])('%s leads nowhere', async (path) => {
    const { port } = await startServer()
    expect((await ask(port, { path })).status).toBe(404)
  })
})
