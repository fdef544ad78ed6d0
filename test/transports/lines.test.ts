import { spawn } from 'node:child_process'
import { expect, test } from 'vitest'
import { join, poll, send } from '../support/http.js'
import { startHeld } from '../support/held.js'
import { needs } from '../support/needs.js'
import { startServer, type TestServer, until } from '../support/server.js'
import { talk, type Talker } from '../support/talker.js'
import { LINES, PLAIN } from '../support/visits.js'
import { nothingIsHeld, transportContract, UNLIMITED } from './contract.js'

for (const way of [LINES, PLAIN]) transportContract(way)

const WELCOME = 'INFO welcome to mini-chat'
const UNKNOWN = 'ERROR unknown command or wrong args'

async function start(): Promise<{ server: TestServer; port: number; open: () => Promise<Talker> }> {
  const server = await startServer({ ...UNLIMITED, tcp: 0 })
  const port = server.app.tcpPort ?? 0
  const open = async (): Promise<Talker> => {
    const talker = talk(port)
    await talker.hear(WELCOME)
    return talker
  }
  return { server, port, open }
}

async function textsOf({ port }: TestServer): Promise<string[]> {
  return (await poll(port, 'room=lobby&since=0&wait=0')).messages
    .filter(({ type }) => type === 'chat')
    .map(({ text }) => text)
}

test('somebody joins, sees what was said, is seen, speaks and leaves', async () => {
  const { server, open } = await start()
  await send(server.port, 'lobby', 'bob', 'before')
  const [ada, eve] = [await open(), await open()]
  ada.say('JOIN lobby ada')
  expect(await ada.hear('MSG lobby bob before')).toEqual(['INFO joined room lobby', 'MSG lobby bob before'])
  eve.say('JOIN lobby eve', 'MSG lobby hello  there', 'LEAVE lobby')
  expect(await eve.hear('INFO left lobby')).toEqual([
    'INFO joined room lobby',
    'MSG lobby bob before',
    'MSG lobby eve hello  there',
    'INFO left lobby',
  ])
  expect(await ada.hear('INFO eve left lobby')).toEqual([
    'INFO eve joined lobby',
    'MSG lobby eve hello  there',
    'INFO eve left lobby',
  ])
  ada.say('QUIT')
  expect(await ada.hear('INFO bye')).toEqual(['INFO bye'])
  await ada.closed()
  await until(
    () => server.app.chat.rooms.get('lobby')?.presence.size,
    (size) => size === 0,
  )
})

test('what is not joined is not spoken in, and what is no command is said to be none', async () => {
  const { open } = await start()
  const ada = await open()
  ada.say(
    'MSG lobby hi',
    'LEAVE lobby',
    'JOIN lobby',
    'JOIN lobby a b',
    'MSG lobby',
    'WHO',
    'ROOMS now',
    'QUIT now',
    'HELP',
    '',
    'JOIN no!room ada',
    'JOIN lobby [ada]',
    'QUIT',
  )
  expect(await ada.hear('INFO bye')).toEqual([
    'ERROR not in room lobby',
    'ERROR not in room lobby',
    ...Array.from({ length: 8 }, () => UNKNOWN),
    expect.stringMatching(/^ERROR room is /),
    expect.stringMatching(/^ERROR username has a bracket/),
    'INFO bye',
  ])
})

test('WHO and ROOMS tell who is where, a space in a name as _', async () => {
  const { server, open } = await start()
  await join(server.port, 'lobby', 'Ada Lovelace')
  const bob = await open()
  bob.say('JOIN lobby bob', 'WHO lobby', 'WHO nowhere', 'ROOMS', 'QUIT')
  expect(await bob.hear('INFO bye')).toEqual([
    'INFO joined room lobby',
    'INFO lobby: Ada_Lovelace bob',
    'INFO nowhere:',
    'INFO lobby 2',
    'INFO bye',
  ])
  bob.socket.destroy()
  await send(server.port, 'den', 'Ada Byron', 'a line\nand a forged one')
  const eve = await open()
  eve.say('JOIN den eve')
  await eve.hear('MSG den Ada_Byron a line\\nand a forged one')
})

test('one connection is in several rooms, under several names', async () => {
  const { server, open } = await start()
  const ada = await open()
  ada.say('JOIN lobby ada', 'JOIN den ada', 'JOIN attic eve', 'JOIN lobby bob', 'MSG attic hi')
  await ada.hear('ERROR already in room lobby')
  await ada.hear('MSG attic eve hi')
  expect(server.app.chat.sessions.size).toBe(2)
  ada.say('LEAVE lobby', 'LEAVE den')
  await ada.hear('INFO left den')
  await until(
    () => server.app.chat.sessions.size,
    (size) => size === 1,
  )
  ada.socket.destroy()
  await nothingIsHeld(server)
})

test('the command word of a first line decides, in any case', async () => {
  const { open } = await start()
  const [ada, who] = [await open(), await open()]
  ada.say('join lobby ada', 'msg lobby hi')
  await ada.hear('MSG lobby ada hi')
  who.say('Who am I', 'bob', 'quit')
  expect(await who.hear('INFO bye')).toEqual([UNKNOWN, UNKNOWN, 'INFO bye'])
})

test('and it has decided also where its room cannot be one', async () => {
  const { server, open } = await start()
  for (const line of ['JOIN no!room ada', 'MSG no!room hi', 'WHO no!room']) {
    const ada = await open()
    ada.say(line, 'zoe', 'quit')
    expect(await ada.hear('INFO bye')).toEqual([expect.stringMatching(/^ERROR room /), UNKNOWN, 'INFO bye'])
  }
  expect(server.app.chat.rooms.get('lobby')).toBeUndefined()
})

test('a password where none is needed is no name, and the next line decides', async () => {
  const { open } = await start()
  const ada = await open()
  ada.say('PASS secret', 'ada', 'hi')
  expect(await ada.hear('[ada]: hi')).toEqual(['INFO no password is needed', 'HISTORY_END', '[ada]: hi'])
})

test('plain mode: the history, its end, everything new, and exit', async () => {
  const { server, open } = await start()
  await send(server.port, 'lobby', 'Ada Byron', 'before\nand after')
  const bob = await open()
  bob.say('Bob B', 'JOIN lobby ada', 'hello')
  expect(await bob.hear('[Bob_B]: hello')).toEqual([
    '[Ada_Byron]: before\\nand after',
    'HISTORY_END',
    '[Bob_B]: JOIN lobby ada',
    '[Bob_B]: hello',
  ])
  await send(server.port, 'lobby', 'eve', 'hi bob')
  await bob.hear('[eve]: hi bob')
  bob.say('exit')
  await bob.closed()
  await nothingIsHeld(server)
})

test('a name that cannot be had is said to be so, and another may be tried', async () => {
  const { server, open } = await start()
  await join(server.port, 'lobby', 'ada')
  const bob = await open()
  bob.say('ADA', '', '[bob]', 'bob')
  expect(await bob.hear('HISTORY_END')).toEqual([
    'ERROR name taken',
    'ERROR username is empty: choose a name',
    expect.stringMatching(/^ERROR username has a bracket/),
    'HISTORY_END',
  ])
})

test('lines in halves, with carriage returns, and a letter cut in two', async () => {
  const { server, open } = await start()
  const ada = await open()
  for (const byte of Buffer.from('JOIN lobby ada\r\nMSG lobby größe \u{1f600}\r\n')) {
    ada.socket.write(Uint8Array.of(byte))
    await new Promise(setImmediate)
  }
  await ada.hear('MSG lobby ada größe \u{1f600}')
  ada.say('MSG lobby cut of')
  await ada.hear('MSG lobby ada cut of')
  ada.socket.end('MSG lobby never fin')
  await nothingIsHeld(server)
  expect(await textsOf(server)).toEqual(['größe \u{1f600}', 'cut of'])
})

test('bytes that are no UTF-8 become U+FFFD', async () => {
  const { open } = await start()
  const ada = await open()
  ada.socket.write(
    Buffer.concat([Buffer.from('JOIN lobby ada\nMSG lobby a'), Uint8Array.of(0xff, 0xfe), Buffer.from('b\n')]),
  )
  await ada.hear('MSG lobby ada a\ufffd\ufffdb')
})

test('a line of 4096 bytes is taken; a longer one is dropped, once, whole, and the next one counts', async () => {
  const { server, open } = await start()
  const ada = await open()
  const longest = `${'\u{1f600}'.repeat(1000)}${'x'.repeat(86)}`
  ada.say('JOIN lobby ada', `MSG lobby ${longest}`, `MSG lobby ${'y'.repeat(100_000)}`, 'MSG lobby after')
  expect(await ada.hear('MSG lobby ada after')).toEqual([
    'INFO joined room lobby',
    `MSG lobby ada ${longest}`,
    'ERROR line too long',
    'MSG lobby ada after',
  ])
  expect(await textsOf(server)).toEqual([longest, 'after'])
})

test('HTTP on this port closes the connection and runs nothing', async () => {
  const { server, port } = await start()
  for (const first of [
    'GET / HTTP/1.1',
    'post /send HTTP/1.0',
    'MSG /x HTTP/1.1',
    `GET /${'x'.repeat(9000)} HTTP/1.1`,
    'CONNECT localhost:80 HTTP/1.1',
    'OPTIONS * HTTP/1.1',
  ]) {
    const browser = talk(port)
    browser.say(`${first}\r`, 'Host: localhost\r', '\r', 'JOIN lobby evil', 'MSG lobby gotcha')
    await browser.closed()
    expect(browser.lines.filter((line) => line !== WELCOME)).toEqual([])
  }
  await nothingIsHeld(server)
  expect(await textsOf(server)).toEqual([])
})

test('control characters of every kind are refused, in a name and in a text', async () => {
  const { server, open } = await start()
  const ada = await open()
  ada.say(
    'JOIN lobby a\u001b[31mda',
    'JOIN lobby ada',
    'MSG lobby \u001b]0;gotcha\u0007',
    'MSG lobby a\rMSG lobby bob forged',
    'MSG lobby \u009b2J',
    'MSG lobby \u202egnorw',
    'QUIT',
  )
  const heard = await ada.hear('INFO bye')
  expect(heard.filter((line) => line.startsWith('ERROR ')).length).toBe(5)
  for (const forbidden of ['\u001b', '\u009b', '\r', '\u202e']) expect(heard.join('')).not.toContain(forbidden)
  expect(await textsOf(server)).toEqual([])
})

test('a flood by somebody who does not read is held up, and holds up nobody', { timeout: 20_000 }, async () => {
  const { server, open } = await start()
  const [flood, bob] = [await open(), await open()]
  flood.say('JOIN lobby flood')
  await flood.hear('INFO joined room lobby')
  flood.socket.pause()
  const before = process.memoryUsage().rss
  // More than the buffers of the system hold: what is left of it stays with the sender.
  flood.socket.write('WHO lobby\n'.repeat(3_000_000))
  bob.say('JOIN den bob')
  for (let i = 0; i < 100; i++) {
    bob.say(`MSG den ${i}`)
    await bob.hear(`MSG den bob ${i}`)
  }
  expect(process.memoryUsage().rss - before).toBeLessThan(150e6)
  flood.socket.destroy()
  await until(
    () => server.app.chat.sessions.size,
    (size) => size === 1,
  )
})

test('who does not read what it is told is not listened to either', { timeout: 30_000 }, async () => {
  const { server, open } = await start()
  const [flood, bob] = [await open(), await open()]
  flood.say('JOIN lobby flood')
  await flood.hear('INFO joined room lobby')
  bob.say('JOIN den bob')
  flood.socket.pause()
  // Several times what the buffers of the system hold, and as much comes back.
  const count = 10_000
  flood.socket.write(`MSG lobby ${'x'.repeat(4000)}\n`.repeat(count))
  const room = server.app.chat.rooms.get('lobby')
  let last = 0
  for (let i = 0; last < (room?.last ?? 0);) {
    last = room?.last ?? 0
    for (const end = i + 50; i < end; i++) {
      bob.say(`MSG den ${i}`)
      await bob.hear(`MSG den bob ${i}`)
    }
  }
  expect(last).toBeLessThan(count / 2)
})

test('a connection on which nothing goes either way for ten minutes is closed', async () => {
  const { chat, clock, port, tcpPort } = await startHeld({ tcp: 0 })
  const [silent, reader] = [talk(tcpPort), talk(tcpPort)]
  reader.say('JOIN lobby ada')
  await reader.hear('INFO joined room lobby')
  await silent.hear(WELCOME)
  clock.advance(9 * 60_000)
  await send(port, 'lobby', 'bob', 'hello')
  clock.settle()
  await reader.hear('MSG lobby bob hello')
  clock.advance(61_000)
  await silent.closed()
  expect(reader.isClosed).toBe(false)
  clock.advance(9 * 60_000)
  await reader.closed()
  await until(
    () => chat.timers.size,
    (size) => size === 0,
  )
})

test.runIf(needs('nc', 'netcat-openbsd'))('nc in the hands of a person', async () => {
  const { server, port } = await start()
  await send(server.port, 'lobby', 'bob', 'hello')
  const nc = spawn('nc', ['127.0.0.1', String(port)])
  let out = ''
  nc.stdout.setEncoding('utf8').on('data', (chunk) => (out += String(chunk)))
  nc.stdin.write('ada\nhi bob\n')
  await until(
    () => out,
    (text) => text.includes('[ada]: hi bob\n'),
  )
  nc.stdin.end('exit\n')
  await until(
    () => nc.exitCode,
    (code) => code !== null,
  )
  expect(out).toBe(`${WELCOME}\n[bob]: hello\nHISTORY_END\n[ada]: hi bob\n`)
})
