// The oldest clients of the plain mode, which send no line feed at all.

import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { poll, send } from '../support/http.js'
import { startHeld } from '../support/held.js'
import { startServer, type TestServer, until } from '../support/server.js'
import { talk, type Talker } from '../support/talker.js'
import { nothingIsHeld, UNLIMITED } from './contract.js'

const WELCOME = 'INFO welcome to mini-chat'

/** Longer than the server waits for a line feed. */
const QUIET_MS = 600

async function start(): Promise<{ server: TestServer; open: () => Promise<Talker> }> {
  const server = await startServer({ ...UNLIMITED, tcp: 0 })
  const open = async (): Promise<Talker> => {
    const talker = talk(server.app.tcpPort ?? 0)
    talker.socket.setNoDelay(true)
    await talker.hear(WELCOME)
    return talker
  }
  return { server, open }
}

/** A client in the lobby that sends pieces. */
async function joined(open: () => Promise<Talker>, name: string): Promise<Talker> {
  const talker = await open()
  talker.socket.write(name)
  await talker.hear('HISTORY_END')
  return talker
}

async function textsOf({ port }: TestServer): Promise<string[]> {
  return (await poll(port, 'room=lobby&since=0&wait=0')).messages
    .filter(({ type }) => type === 'chat')
    .map(({ text }) => text)
}

test('a name without a line feed is a name, and each piece after it is a message', async () => {
  const { server, open } = await start()
  await send(server.port, 'lobby', 'bob', 'before')
  const ada = await open()
  ada.socket.write('Ada Byron')
  expect(await ada.hear('HISTORY_END')).toEqual(['[bob]: before', 'HISTORY_END'])
  for (const text of ['hello', 'JOIN lobby eve', 'two\nlines\n', 'größe \u{1f600}']) {
    ada.socket.write(text)
    await ada.hear(`[Ada_Byron]: ${text.trim().split('\n').at(-1)}`)
  }
  expect(await textsOf(server)).toEqual(['before', 'hello', 'JOIN lobby eve', 'two', 'lines', 'größe \u{1f600}'])
  ada.socket.write('exit')
  await ada.closed()
  await nothingIsHeld(server)
})

test.each(['JOIN lob', 'join', 'MSG lobby hi', 'PASS secret', 'JOI', 'W', 'a', 'é'])(
  'the beginning %j is no name, however long it takes to go on',
  async (first) => {
    const { server, open } = await start()
    const ada = await open()
    ada.socket.write(first)
    await sleep(QUIET_MS)
    expect(ada.lines).toEqual([])
    expect(server.app.chat.rooms.get('lobby')).toBeUndefined()
    ada.socket.destroy()
    await nothingIsHeld(server)
  },
)

test('a keyboard that sends each letter as it is typed is waited for', async () => {
  const { server, open } = await start()
  const ada = await open()
  for (const letter of 'ada') {
    ada.socket.write(letter)
    await sleep(QUIET_MS)
  }
  ada.socket.write('\r\n')
  await ada.hear('HISTORY_END')
  for (const letter of 'hi') {
    ada.socket.write(letter)
    await sleep(QUIET_MS)
  }
  ada.socket.write('\r\n')
  await ada.hear('[ada]: hi')
  expect(await textsOf(server)).toEqual(['hi'])
})

test('lines stay lines: whoever ended the first one is waited for at every other', async () => {
  const { server, open } = await start()
  const ada = await open()
  ada.say('ada')
  await ada.hear('HISTORY_END')
  ada.socket.write('half')
  await sleep(QUIET_MS)
  ada.socket.write(' and half\n')
  await ada.hear('[ada]: half and half')
  expect(await textsOf(server)).toEqual(['half and half'])
})

test('a letter that is cut in two is waited for, and bytes that are no letter are not waited for long', async () => {
  const { open } = await start()
  const ada = await joined(open, 'ada')
  const [first, second] = [Buffer.from('grö').subarray(0, 3), Buffer.from('öße').subarray(1)]
  ada.socket.write(first)
  await sleep(50)
  ada.socket.write(second)
  await ada.hear('[ada]: größe')
  ada.socket.write(Buffer.from('voilà', 'latin1'))
  await ada.hear('[ada]: voil\ufffd')
})

test('a piece over 4 KiB is refused, and the next one counts', async () => {
  const { server, open } = await start()
  const ada = await joined(open, 'ada')
  ada.socket.write('x'.repeat(5000))
  await ada.hear('ERROR line too long')
  ada.socket.write('after')
  await ada.hear('[ada]: after')
  expect(await textsOf(server)).toEqual(['after'])
})

test('a name that is held is said to be, and the next piece may be another', async () => {
  const { open } = await start()
  await joined(open, 'ada')
  const bob = await open()
  bob.socket.write('ADA')
  await bob.hear('ERROR name taken')
  bob.socket.write('bob')
  await bob.hear('HISTORY_END')
})

test('HTTP without a line feed closes the connection and runs nothing', async () => {
  const { server, open } = await start()
  const browser = await open()
  browser.socket.write('GET / HTTP/1.1')
  await browser.closed()
  await nothingIsHeld(server)
})

test(
  'a flood of tiny pieces holds up nobody, and is stopped by the rates like lines are',
  { timeout: 20_000 },
  async () => {
    const server = await startServer({ tcp: 0 })
    const flood = talk(server.app.tcpPort ?? 0)
    flood.socket.setNoDelay(true)
    await flood.hear(WELCOME)
    flood.socket.write('flood')
    await flood.hear('HISTORY_END')
    const before = process.memoryUsage().rss
    for (let i = 0; i < 20_000; i++) flood.socket.write('x')
    const bob = talk(server.app.tcpPort ?? 0)
    bob.say('JOIN den bob', 'MSG den hi')
    await bob.hear('MSG den bob hi')
    expect((await textsOf(server)).length).toBeLessThan(100)
    expect(process.memoryUsage().rss - before).toBeLessThan(100e6)
  },
)

test('nothing waits for a connection that has ended', async () => {
  const { chat, tcpPort } = await startHeld({ tcp: 0 })
  const ada = talk(tcpPort)
  await ada.hear(WELCOME)
  ada.socket.write('ada')
  await until(
    () => chat.timers.size,
    (size) => size === 2, // The idle watch, and the wait for a line feed.
  )
  ada.socket.destroy()
  await until(
    () => chat.timers.size,
    (size) => size === 0,
  )
  expect(chat.rooms.get('lobby')).toBeUndefined()
})
