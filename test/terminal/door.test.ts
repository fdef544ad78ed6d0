// The terminal's commands in a chat with a password or tokens.

import { describe, expect, test } from 'vitest'
import { inSeconds, JWT, sign } from '../support/jwt.js'
import { needs } from '../support/needs.js'
import { startServer, type TestServer, until } from '../support/server.js'
import { Program, run } from './program.js'
import { Tmux } from './tmux.js'

const PASSWORD = 'öpen sesame'
const SOON = 15_000
const RIGHT = { MINI_CHAT_PASSWORD: PASSWORD }
const COMMANDS = [['join', '--as', 'ada'], ['send', 'lobby', 'hi', '--as', 'ada'], ['tail']]

async function textsOf({ app }: TestServer): Promise<string[]> {
  const { messages } = await app.chat.history('lobby', { limit: 500 })
  return messages.map(({ username, text }) => `${username}: ${text}`)
}

describe('with a password', () => {
  test.each<[string, string[], Record<string, string>]>([
    ['the environment', [], RIGHT],
    ['a flag', ['--password', PASSWORD], { MINI_CHAT_PASSWORD: 'another', MINI_CHAT_TOKEN: 'a.b.c' }],
  ])('from %s, join, send and tail are let in', async (_name, args, env) => {
    const server = await startServer({ password: PASSWORD })
    const at = ['--url', server.url, ...args]
    const tail = new Program(['tail', '--since', '0', ...at], env)
    expect(await run(['send', 'lobby', 'from a script', '--as', 'bot', ...at], '', env)).toMatchObject({ code: 0 })
    expect(await run(['join', '--as', 'ada', ...at], 'hello\n', env)).toMatchObject({ code: 0, err: '' })
    await until(
      () => tail.lines.length,
      (count) => count === 4,
      SOON,
    )
    expect(await textsOf(server)).toEqual(['bot: from a script', 'ada: joined', 'ada: hello', 'ada: left'])
  })

  test.each<[string, Record<string, string>, string]>([
    ['nothing', {}, 'this chat asks for a password or a token: set MINI_CHAT_PASSWORD or MINI_CHAT_TOKEN'],
    ['a wrong one', { MINI_CHAT_PASSWORD: 'wrong' }, 'this is not it: ask whoever runs it'],
    ['what is no token', { MINI_CHAT_TOKEN: 'two words' }, 'what was given as a token is none'],
  ])('%s ends with 1 and a sentence that says what to do', async (_name, env, sentence) => {
    const server = await startServer({ password: PASSWORD })
    for (const args of COMMANDS) {
      const { code, out, err } = await run([...args, '--url', server.url], 'one\ntwo\nthree\n', env)
      expect([args[0], code, out, err.split('\n')]).toEqual([args[0], 1, '', [expect.stringContaining(sentence), '']])
    }
  })

  test('the commands that look, /who and /rooms, are let in too', async () => {
    const server = await startServer({ password: PASSWORD })
    const { err } = await run(['join', server.url, '--as', 'ada'], '/who\n/rooms\n', RIGHT)
    expect(err).toMatch(/^mini-chat: lobby: ada\nmini-chat: lobby {2}1 person, 1 message\n$/)
  })

  test('whoever comes back after a restart shows it again', async () => {
    const first = await startServer({ password: PASSWORD })
    const ada = new Program(['join', first.url, '--as', 'ada'], RIGHT)
    await until(
      () => ada.out,
      (out) => out.includes('* ada joined'),
      SOON,
    )
    await first.stop()
    const second = await startServer({ password: PASSWORD, port: first.port })
    await until(
      () => second.app.chat.rooms.get('lobby')?.presence.size,
      (size) => size === 1,
      SOON,
    )
  })

  test('one that is given in two ways, or empty, is wrong usage', async () => {
    for (const args of [
      ['--password', 'a', '--token', 'b'],
      ['--password', ''],
      ['--token', ''],
    ])
      expect(await run(['tail', ...args])).toMatchObject({ code: 2, err: expect.stringMatching(/^mini-chat: .+\n$/) })
    expect(await run(['tail'], '', { MINI_CHAT_PASSWORD: 'a', MINI_CHAT_TOKEN: 'b' })).toMatchObject({ code: 2 })
  })
})

describe('with a token', () => {
  test('join, send and tail are somebody without being told a name', async () => {
    const server = await startServer(JWT)
    const env = { MINI_CHAT_TOKEN: await sign() }
    const at = ['--url', server.url]
    const tail = new Program(['tail', '--json', ...at], { MINI_CHAT_TOKEN: await sign({ sub: 'u2', name: 'tail' }) })
    await until(
      () => server.app.chat.rooms.get('lobby')?.waiting,
      (waiting) => waiting === 1,
      SOON,
    )
    expect(await run(['send', ...at], 'one\ntwo\n', env)).toEqual({ code: 0, out: '', err: '' })
    expect(await run(['join', ...at], 'hello\n', env)).toMatchObject({ code: 0, err: '' })
    const said = ['joined', 'one', 'two', 'hello', 'left'].map((text) => `Ada Lovelace: ${text}`)
    expect(await textsOf(server)).toEqual(['tail: joined', ...said])
    await until(
      () => tail.lines.length,
      (count) => count === 6,
      SOON,
    )
  })

  test('one whose time is over, or with another name than --as, ends with 1 and says so', async () => {
    const server = await startServer(JWT)
    const over = { MINI_CHAT_TOKEN: await sign({}, inSeconds(-60)) }
    for (const args of COMMANDS)
      expect(await run([...args, '--url', server.url], '', over)).toMatchObject({
        code: 1,
        err: expect.stringMatching(/^mini-chat: .*this token is not good here, or its time is over.*\n$/),
      })
    const bob = ['--as', 'bob', '--url', server.url, '--token', await sign()]
    for (const args of [['send', 'lobby', 'hi'], ['join']])
      expect(await run([...args, ...bob])).toMatchObject({ code: 1, err: expect.stringContaining('another name') })
  })

  test('on an open chat neither is in the way', async () => {
    const server = await startServer()
    for (const env of [RIGHT, { MINI_CHAT_TOKEN: await sign() }])
      for (const args of COMMANDS.slice(0, 2))
        expect(await run([...args, '--url', server.url], '', env)).toMatchObject({ code: 0, err: '' })
  })
})

describe.skipIf(!needs('tmux', 'tmux'))('in a terminal', { timeout: 60_000 }, () => {
  test('join asks for the password, shows nothing of it, and asks again for a wrong one', async () => {
    const server = await startServer({ password: PASSWORD })
    const screen = new Tmux(90).open(['join', server.url])
    await screen.sees(/password:$/)
    screen.press('wrong', 'Enter')
    await screen.sees('-- this is not the password: try again')
    screen.type(`${PASSWORD}x`)
    screen.press('BSpace', 'Enter')
    await screen.sees(/your name:$/)
    screen.press('ada', 'Enter')
    await screen.sees(/\* ada joined\nlobby>$/)
    screen.press('hello', 'Enter')
    await screen.sees('ada: hello')
    expect(screen.see('-S', '-100')).not.toMatch(/wrong|sesame/)
  })

  test.each(['C-c', 'C-d'])('%s at the question leaves, and the terminal is as it was', async (key) => {
    const server = await startServer({ password: PASSWORD })
    const screen = new Tmux(90).open(['join', server.url, '--as', 'ada'])
    await screen.sees(/password:$/)
    screen.press(key)
    await screen.sees(/password:\nended with 130\n icanon/)
  })

  test('a chat that asks for tokens says so', async () => {
    const server = await startServer(JWT)
    const screen = new Tmux(120).open(['join', server.url])
    await screen.sees('mini-chat: this chat asks for a password or a token: set MINI_CHAT_PASSWORD or MINI_CHAT_TOKEN')
    await screen.sees('ended with 1')
  })
})
