import { expect, test } from 'vitest'
import { startServer, type TestServer, until } from '../support/server.js'
import { Program, run } from './program.js'

const SOON = 15_000

function say(server: TestServer, text: string, room = 'lobby'): Promise<unknown> {
  return server.app.chat.send({ room, username: 'ada', text })
}

async function textsOf(server: TestServer, room = 'lobby'): Promise<string[]> {
  const { messages } = await server.app.chat.history(room, { limit: 500 })
  return messages.map(({ type, username, text }) =>
    type === 'chat' ? `${username}: ${text}` : `* ${username} ${text}`,
  )
}

test('send says each line of its input as a message, and leaves empty ones out', async () => {
  const server = await startServer()
  const { code, out, err } = await run(
    ['send', 'lobby', '--as', 'bot', '--url', server.url],
    'one\n\ntwo\r\nlast without an end',
  )
  expect({ code, out, err }).toEqual({ code: 0, out: '', err: '' })
  expect(await textsOf(server)).toEqual(['bot: one', 'bot: two', 'bot: last without an end'])
})

test('send says its arguments as one message, with its newlines', async () => {
  const server = await startServer()
  expect((await run(['send', 'den', 'two', 'words', '--as', 'bot', '--url', server.url])).code).toBe(0)
  expect((await run(['send', 'den', 'a\nb', '--as', 'bot', '--url', server.url])).code).toBe(0)
  expect(await textsOf(server, 'den')).toEqual(['bot: two words', 'bot: a\nb'])
})

test('send tells what the server refused, goes on with the rest, and ends with 1', async () => {
  const server = await startServer()
  const { code, err } = await run(['send', '--as', 'bot', '--url', server.url], `${'x'.repeat(4001)}\nshort\n`)
  expect(code).toBe(1)
  expect(err).toContain('text is too long: at most 4000 characters')
  expect(await textsOf(server)).toEqual(['bot: short'])
})

test('send under a name that somebody holds ends with 1 and says so', async () => {
  const server = await startServer()
  await server.app.chat.join({ room: 'lobby', username: 'ada' })
  const { code, err } = await run(['send', 'lobby', 'hi', '--as', 'ada', '--url', server.url])
  expect({ code, err }).toEqual({
    code: 1,
    err: expect.stringContaining('somebody in this room has that name'),
  })
})

test('send gives up on a server that is not there, after its patience', async () => {
  const server = await startServer()
  await server.stop()
  const { code, err } = await run(['send', 'lobby', 'hi', '--as', 'bot', '--url', server.url, '--patience', '1'])
  expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('nobody answers at') })
})

test('send outlives a restart of the server, and every line arrives once', async () => {
  const first = await startServer()
  const program = new Program(['send', '--as', 'bot', '--url', first.url])
  program.type('before\n')
  await until(
    () => first.app.metrics.published.sum,
    (sum) => sum === 1,
    SOON,
  )
  await first.stop()
  program.type('while it is away\n')
  const second = await startServer({ port: first.port })
  program.endInput()
  expect(await program.ended).toBe(0)
  expect(await textsOf(second)).toEqual(['bot: while it is away'])
})

test('tail begins with the newest messages and follows, a line each', async () => {
  const server = await startServer()
  for (const text of ['a', 'b', 'c\nd', 'e\u0301\u200b']) await say(server, text).catch(() => undefined)
  const tail = new Program(['tail', 'lobby', '-n', '3', '--url', server.url])
  await until(
    () => tail.lines.length,
    (count) => count === 3,
    SOON,
  )
  await say(server, 'later')
  await until(
    () => tail.lines.length,
    (count) => count === 4,
    SOON,
  )
  expect(tail.lines.map((line) => line.replace(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d /, ''))).toEqual([
    'ada: b',
    String.raw`ada: c\nd`,
    String.raw`ada: é\u200b`,
    'ada: later',
  ])
  tail.signal('SIGINT')
  expect(await tail.ended).toBe(130)
})

test('tail of several rooms names the room', async () => {
  const server = await startServer()
  await say(server, 'here')
  await say(server, 'there', 'den')
  const tail = new Program(['tail', 'lobby', 'den', '--url', server.url])
  await until(
    () => tail.lines.length,
    (count) => count === 2,
    SOON,
  )
  expect(tail.out).toMatch(/#lobby ada: here\n.*#den ada: there\n/)
})

test('tail --json writes NDJSON, gaps included', async () => {
  const server = await startServer({ ring: 3 })
  for (const text of ['1', '2', '3', '4', '5\u200b']) await say(server, text)
  const epoch = server.app.chat.rooms.get('lobby')?.epoch
  const tail = new Program(['tail', '--json', '--since', `${epoch}.1`, '--url', server.url])
  await until(
    () => tail.lines.length,
    (count) => count === 4,
    SOON,
  )
  expect(tail.out).not.toContain('\u200b')
  const [gap, ...messages] = tail.lines.map((line): unknown => JSON.parse(line))
  expect(gap).toEqual({ type: 'gap', room: 'lobby', reason: 'overflow', missed: 1, first: 3 })
  expect(messages).toMatchObject([{ id: 3, text: '3' }, { id: 4 }, { id: 5, text: '5\u200b' }])
})

test('tail --lines 0 begins with what comes next', async () => {
  const server = await startServer()
  await say(server, 'old')
  const tail = new Program(['tail', '-n', '0', '--url', server.url])
  await until(
    () => server.app.chat.rooms.get('lobby')?.waiting,
    (waiting) => waiting === 1,
    SOON,
  )
  await say(server, 'new')
  await until(
    () => tail.lines.length,
    (count) => count > 0,
    SOON,
  )
  expect(tail.out).toMatch(/^\S+ \S+ ada: new\n$/)
})

test('tail ends quietly when nobody reads its output any more', async () => {
  const server = await startServer()
  const tail = new Program(['tail', '--url', server.url])
  await until(
    () => server.app.chat.rooms.get('lobby')?.waiting,
    (waiting) => waiting === 1,
    SOON,
  )
  tail.stopReading()
  await say(server, 'to nobody')
  expect(await tail.ended).toBe(0)
  expect(tail.err).toBe('')
})

test('tail waits for a server that went away, and says so once', async () => {
  const first = await startServer()
  await say(first, 'one')
  const tail = new Program(['tail', '--url', first.url])
  await until(
    () => tail.lines.length,
    (count) => count === 1,
    SOON,
  )
  await first.stop()
  await until(
    () => tail.err,
    (err) => err.includes('trying again in'),
    SOON,
  )
  const second = await startServer({ port: first.port })
  await say(second, 'two')
  await until(
    () => tail.lines.length,
    (count) => count === 2,
    SOON,
  )
  // What is written to two pipes arrives in any order.
  await until(
    () => tail.err,
    (err) => err.includes('lobby began anew'),
    SOON,
  )
  expect(tail.err.match(/trying again/g)).toHaveLength(1)
})

test('what is wrong usage ends with 2 and one sentence', async () => {
  const wrong = [
    ['tail', 'no room'],
    ['tail', '--lines', '501'],
    ['send', 'hi'],
    ['send', '--as', 'a[b]'],
    ['join'],
    ['join', 'ftp://x', '--as', 'a'],
    ['tail', '--nonsense'],
    ['join', 'a.b', 'c', 'd', '--as', 'x'],
  ]
  const ends = await Promise.all(wrong.map((args) => run(args)))
  for (const [index, { code, out, err }] of ends.entries()) {
    expect({ args: wrong[index], code, out }).toEqual({ args: wrong[index], code: 2, out: '' })
    expect(err).toMatch(/^mini-chat: .+\n$/)
  }
})

test('a cursor that is none is wrong usage, and a server that is not there a failure', async () => {
  const server = await startServer()
  expect(await run(['tail', '--since', 'x', '--url', server.url])).toMatchObject({
    code: 2,
    err: expect.stringContaining('since is a cursor'),
  })
  await server.stop()
  for (const args of [['tail'], ['join', '--as', 'ada']]) {
    expect(await run([...args, '--url', server.url])).toMatchObject({
      code: 1,
      err: expect.stringContaining('nobody answers at'),
    })
  }
})

test('--help of each command says how to use it, and the program’s own lists them', async () => {
  for (const name of ['join', 'send', 'tail']) {
    expect(await run([name, '--help'])).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringMatching(new RegExp(`^usage: mini-chat ${name} `)),
    })
  }
  expect((await run(['--help'])).out).toMatch(/^ {2}join .*\n {2}send .*\n {2}tail /m)
})
