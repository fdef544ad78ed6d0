import { expect, test } from 'vitest'
import { startServer, type TestServer, until } from '../support/server.js'
import { Program, run } from './program.js'

const SOON = 15_000

async function joined(server: TestServer, name: string, ...args: string[]): Promise<Program> {
  const program = new Program(['join', server.url, ...args, '--as', name])
  await until(
    () => program.out,
    (out) => out.includes(`* ${name} joined`),
    SOON,
  )
  return program
}

/** Waits until a program has said something beside what it heard. */
async function told(program: Program, text: string): Promise<void> {
  await until(
    () => program.err,
    (err) => err.includes(text),
    SOON,
  )
}

function membersOf(server: TestServer, room = 'lobby'): readonly string[] {
  return server.app.chat.rooms.get(room)?.presence.state.presence.members ?? []
}

test('through pipes, the lines of the input are said and the end of it leaves', async () => {
  const server = await startServer()
  const { code, out, err } = await run(['join', server.url, 'den', '--as', 'ada'], 'hello\n/me waves\n')
  expect({ code, err }).toEqual({ code: 0, err: '' })
  const lines = out
    .split('\n')
    .slice(0, -1)
    .map((line) => line.replace(/^\S+ \S+ /, ''))
  expect(lines).toEqual(['#den * ada joined', '#den ada: hello', '#den * ada waves', '#den * ada left'])
  expect(out).not.toContain('\x1b')
})

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s leaves: the name is free at once', async (signal) => {
  const server = await startServer()
  const ada = await joined(server, 'ada')
  expect(membersOf(server)).toEqual(['ada'])
  ada.signal(signal)
  expect(await ada.ended).toBe(0)
  expect(membersOf(server)).toEqual([])
  expect(ada.out).toContain('* ada left')
})

test('a reader that goes away ends it, and it leaves', async () => {
  const server = await startServer()
  const ada = await joined(server, 'ada')
  ada.stopReading()
  await server.app.chat.send({ room: 'lobby', username: 'bob', text: 'hi' })
  expect(await ada.ended).toBe(0)
  expect(membersOf(server)).toEqual([])
})

test('/search prints what was said with some words, each line with its date', async () => {
  const server = await startServer()
  for (const text of ['the exam is on Friday', 'no', 'Exam:\troom 5'])
    await server.app.chat.send({ room: 'lobby', username: 'bob', text })
  const { err } = await run(['join', server.url, '--as', 'ada'], '/search exam\n/search nobody said this\n')
  const lines = err.replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, 'DATE').split('\n')
  expect(lines).toEqual([
    'mini-chat: 2 messages with “exam”:',
    'mini-chat: DATE bob: the exam is on Friday',
    'mini-chat: DATE bob: Exam:    room 5',
    'mini-chat: nothing with “nobody said this”',
    '',
  ])
})

test('/hand puts a hand up and down again, and /who shows whose are up', async () => {
  const server = await startServer()
  const { session } = await server.app.chat.join({ room: 'lobby', username: 'bob' })
  const disconnect = session.connect()
  await server.app.chat.hand(session, 'lobby', true)
  const { err } = await run(['join', server.url, '--as', 'ada'], '/hand\n/who\n/hand\n/who\n')
  disconnect()
  expect(err.split('\n')).toEqual([
    'mini-chat: your hand is up: /hand puts it down',
    'mini-chat: lobby: bob ✋1, ada ✋2',
    'mini-chat: your hand is down',
    'mini-chat: lobby: bob ✋1, ada',
    '',
  ])
})

test('several rooms: what is typed goes to the one joined last, and /leave goes back', async () => {
  const server = await startServer()
  const ada = await joined(server, 'ada')
  ada.type('/join den\nin the den\n/leave\nin the lobby\n/who\n/rooms\n')
  await until(
    () => ada.out,
    (out) => out.includes('#lobby ada: in the lobby'),
    SOON,
  )
  await until(
    () => ada.err,
    (err) => err.includes('lobby  1 person, 2 messages'),
    SOON,
  )
  await until(
    () => ada.out,
    (out) => /#den ada: in the den\n.*#den \* ada left\n/.test(out),
    SOON,
  )
  await told(ada, 'lobby: ada\n')
  expect(membersOf(server, 'den')).toEqual([])
})

test('a message is edited, answered, reacted to and taken back, and the other one reads what was done', async () => {
  const server = await startServer()
  const ada = await joined(server, 'ada')
  const bob = await joined(server, 'bob')
  const heard = (program: Program, text: string): Promise<unknown> =>
    until(
      () => program.out,
      (out) => out.includes(text),
      SOON,
    )
  ada.type('shall we?\nhelo\n')
  // Who polls later is given the message as it is by then.
  await heard(bob, 'ada: helo\n')
  ada.type('/edit hello\n')
  await heard(bob, '* ada changed “helo” to: hello\n')
  bob.type('/reply yes\n/react 👍\n')
  await heard(ada, 'bob (to ada: “hello”): yes\n')
  await heard(ada, '* bob gave 👍 to ada: “hello”\n')
  bob.type('/react @ada 👍\n/react @ada nonsense\n')
  await heard(ada, '* bob took back 👍 from ada: “hello”\n')
  ada.type('/react @eve 👍\n/delete\n')
  await heard(bob, '* ada removed a message\n')
  await told(bob, 'text is exactly one emoji')
  await told(ada, 'eve has said nothing here lately')
  const { messages } = await server.app.chat.history('lobby', { limit: 20 })
  expect(messages.filter(({ type }) => type === 'chat').map(({ text, of }) => [text, of])).toEqual([
    ['shall we?', undefined],
    ['yes', 4],
  ])
  expect(messages.find(({ id }) => id === 4)?.type).toBe('removed')
})

test('leaving the last room ends it', async () => {
  const server = await startServer()
  const ada = await joined(server, 'ada')
  ada.type('/leave\n')
  expect(await ada.ended).toBe(0)
})

test('a restart of the server is survived: joined again, and what was typed meanwhile arrives once', async () => {
  const first = await startServer()
  const ada = await joined(first, 'ada')
  await first.stop()
  ada.type('while it is away\n')
  await until(
    () => ada.err,
    (err) => err.includes('not sent yet'),
    SOON,
  )
  const second = await startServer({ port: first.port })
  await until(
    () => ada.out,
    (out) => out.includes('while it is away'),
    SOON,
  )
  expect(membersOf(second)).toEqual(['ada'])
  await told(ada, 'you have joined again as ada')
  ada.endInput()
  expect(await ada.ended).toBe(0)
  expect(ada.out.match(/while it is away/g)).toHaveLength(1)
})

test(
  'a name that somebody took during the restart ends a pipe with 1',
  async () => {
    const first = await startServer()
    const ada = await joined(first, 'ada')
    await first.stop()
    ada.signal('SIGSTOP')
    const second = await startServer({ port: first.port })
    await second.app.chat.join({ room: 'lobby', username: 'Ada' })
    ada.signal('SIGCONT')
    expect(await ada.ended).toBe(1)
    expect(ada.err).toContain('somebody in this room has that name')
    expect(membersOf(second)).toEqual(['Ada'])
  },
  2 * SOON,
)

test('a message that the server will not have is told, with the reason, and counts as a failure in a pipe', async () => {
  const server = await startServer()
  const { code, err } = await run(['join', server.url, '--as', 'ada'], `${'x'.repeat(4001)}\n`)
  expect(code).toBe(1)
  expect(err).toMatch(/^mini-chat: not sent: “x{40}…”: text is too long/)
})

test('what was missed while away is told with its number', async () => {
  const server = await startServer({ ring: 5 })
  const ada = await joined(server, 'ada')
  ada.signal('SIGSTOP')
  for (let i = 0; i < 10; i++) await server.app.chat.send({ room: 'lobby', username: 'bob', text: `message ${i}` })
  server.app.http.server.closeAllConnections()
  ada.signal('SIGCONT')
  await until(
    () => ada.err,
    (err) => /\d+ messages missed in lobby/.test(err),
    SOON,
  )
  await until(
    () => ada.out,
    (out) => out.includes('message 9'),
    SOON,
  )
})

test('a held name is refused in a pipe, with what to do', async () => {
  const server = await startServer()
  await server.app.chat.join({ room: 'lobby', username: 'ada' })
  const { code, err } = await run(['join', server.url, '--as', 'ada'])
  expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('choose another') })
})
