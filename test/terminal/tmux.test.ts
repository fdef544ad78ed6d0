import { describe, expect, test } from 'vitest'
import { needs } from '../support/needs.js'
import { startServer, type TestServer } from '../support/server.js'
import { type Screen, Tmux } from './tmux.js'

const MINUTE = 60_000

/** What stands first on every screen. */
const HINT = '-- /help lists the commands'

async function join(
  tmux: Tmux,
  { url }: TestServer,
  name: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Screen> {
  const screen = tmux.open(['join', url, '--as', name], env)
  await screen.sees(`* ${name} joined`)
  return screen
}

/** What is on the screen, without the times. */
function rowsOf(screen: Screen): string[] {
  return screen
    .see()
    .split('\n')
    .map((row) =>
      row
        .replace(/^\d\d:\d\d/, '')
        .replace(/^-- \d{4}-\d\d-\d\d --$/, '--')
        .trimEnd(),
    )
}

/** The screen with its colours, ESC spelt out. */
function codesOf(screen: Screen): string {
  return screen.see('-e').replaceAll('\x1b', 'ESC')
}

/** Waits until the screen shows just these rows. */
async function shows(screen: Screen, rows: readonly string[]): Promise<void> {
  await expect.poll(() => rowsOf(screen), { timeout: 15_000 }).toEqual(rows)
}

describe.skipIf(!needs('tmux', 'tmux'))('in a terminal', { timeout: MINUTE }, () => {
  // The README shows this conversation.
  test('a line that is being typed is not torn by messages that arrive', async () => {
    const server = await startServer()
    const tmux = new Tmux(64, 14)
    const [ada, bob] = [await join(tmux, server, 'ada'), await join(tmux, server, 'bob')]
    ada.press('shall we meet at four?', 'Enter')
    await bob.sees('ada: shall we meet at four?')
    ada.type('I would bring the printouts, if somebody else brings the pens')
    await expect.poll(() => ada.cursor()).toBe('4,6')
    for (const text of ['yes, ada, at four', '/me puts the kettle on']) bob.press(text, 'Enter')
    await ada.sees('* bob puts the kettle on')
    const heard = [
      HINT,
      '--',
      ' * ada joined',
      ' * bob joined',
      ' ada: shall we meet at four?',
      '>bob: yes, ada, at four',
      ' * bob puts the kettle on',
    ]
    const typed = ['lobby> I would bring the printouts, if somebody else brings the', 'pens']
    await shows(ada, [...heard, ...typed])
    await expect.poll(() => ada.cursor()).toBe('4,8')
    ada.press('Enter')
    const said = [' ada: I would bring the printouts, if somebody else brings', '        the pens', 'lobby>']
    await shows(ada, [...heard, ...said])
  })

  test('a line of wide characters keeps its place, with the cursor in the middle of it', async () => {
    const server = await startServer()
    const tmux = new Tmux(30, 12)
    const ada = await join(tmux, server, 'ada')
    ada.type('日本語の文字と😀の絵文字を書いています')
    ada.press('Left', 'Left', 'Left')
    await expect.poll(() => ada.cursor()).toBe('10,4')
    await server.app.chat.send({ room: 'lobby', username: 'bob', text: 'こんにちは' })
    await shows(ada, [
      HINT,
      '--',
      ' * ada joined',
      ' bob: こんにちは',
      'lobby> 日本語の文字と😀の絵文',
      '字を書いています',
    ])
    await expect.poll(() => ada.cursor()).toBe('10,5')
    ada.type('X')
    ada.press('Enter')
    await ada.sees('書いてXいます')
  })

  test('a line that fills its row to the last column keeps its place too', async () => {
    const server = await startServer()
    const tmux = new Tmux(40, 12)
    const ada = await join(tmux, server, 'ada')
    ada.type('x'.repeat(33))
    await ada.sees('x'.repeat(33))
    for (const text of ['one', 'two']) {
      await server.app.chat.send({ room: 'lobby', username: 'bob', text })
      await ada.sees(`bob: ${text}`)
    }
    await shows(ada, [HINT, '--', ' * ada joined', ' bob: one', ' bob: two', `lobby> ${'x'.repeat(33)}`])
    await expect.poll(() => ada.cursor()).toBe('0,6')
  })

  test('messages stay on the screen when it scrolls, and the typed line stays whole', async () => {
    const server = await startServer()
    const tmux = new Tmux(40, 8)
    const ada = await join(tmux, server, 'ada')
    ada.type('y'.repeat(50))
    await ada.sees('yyy')
    for (let i = 1; i <= 30; i++) await server.app.chat.send({ room: 'lobby', username: 'bob', text: `message ${i}` })
    await ada.sees('message 30')
    const rows = (): string[] =>
      ada
        .see('-S', '-100')
        .split('\n')
        .filter((row) => row.includes('message'))
        .map((row) => row.slice(6).trimEnd())
    await expect.poll(rows).toEqual(Array.from({ length: 30 }, (_, i) => `bob: message ${i + 1}`))
    await expect.poll(() => rowsOf(ada).slice(-2)).toEqual([`lobby> ${'y'.repeat(33)}`, 'y'.repeat(17)])
  })

  test.each([
    ['Ctrl-C', 'C-c'],
    ['Ctrl-D', 'C-d'],
    ['/quit', '/quit'],
    ['exit', 'exit'],
  ])('%s leaves, and the terminal is as it was', async (_name, keys) => {
    const server = await startServer()
    const ada = await join(new Tmux(), server, 'ada')
    if (keys.startsWith('C-')) ada.press(keys)
    else ada.press(keys, 'Enter')
    await ada.sees(/\* ada left\nended with 0\n icanon/)
    expect(server.app.chat.rooms.get('lobby')?.presence.size).toBe(0)
  })

  test('a missing name is asked for, and one that is held is asked for again', async () => {
    const server = await startServer()
    await server.app.chat.join({ room: 'lobby', username: 'ada' })
    const screen = new Tmux(90).open(['join', server.url])
    await screen.sees('your name:')
    screen.press('ada', 'Enter')
    await screen.sees('somebody in this room has that name')
    screen.press('eve', 'Enter')
    await screen.sees('* eve joined')
    await screen.sees(/\nlobby>$/)
  })

  test('several rooms: the prompt names the active one, and messages of others are marked', async () => {
    const server = await startServer()
    const ada = await join(new Tmux(), server, 'ada')
    ada.press('/join den', 'Enter')
    await ada.sees(/den>$/)
    ada.press('hello den', 'Enter')
    await ada.sees(' ada: hello den')
    await server.app.chat.send({ room: 'lobby', username: 'bob', text: 'hello lobby' })
    await ada.sees('#lobby bob: hello lobby')
    ada.press('/jo', 'Tab')
    await ada.sees('den> /join')
    ada.press('lobby', 'Enter')
    await ada.sees(/lobby>$/)
  })

  test('a server that goes away and comes back is told, second by second, and the typed line stays', async () => {
    const first = await startServer()
    const ada = await join(new Tmux(90), first, 'ada')
    ada.type('half a sen')
    await first.stop()
    await ada.sees(/lobby \(trying again in \d+ s\)> half a sen$/)
    const second = await startServer({ port: first.port })
    await ada.sees('-- connected again')
    await ada.sees(/\nlobby> half a sen$/)
    ada.press('tence', 'Enter')
    await ada.sees('ada: half a sentence')
    await expect.poll(() => second.app.chat.rooms.get('lobby')?.presence.state.presence.members).toEqual(['ada'])
  })

  test('colours mark names and mentions, and NO_COLOR takes every one away', async () => {
    const server = await startServer()
    const tmux = new Tmux()
    const [ada, plain] = [await join(tmux, server, 'ada'), await join(tmux, server, 'bob', { NO_COLOR: '1' })]
    await server.app.chat.send({ room: 'lobby', username: 'eve', text: 'hello ada and bob' })
    await Promise.all([ada.sees('hello ada'), plain.sees('hello ada')])
    await expect.poll(() => codesOf(ada)).toMatch(/ESC\[38;5;\d+m\S*eve/)
    await expect.poll(() => codesOf(ada)).toMatch(/ESC\[[0-9;]*7m\S*ada/)
    expect(codesOf(plain)).not.toContain('ESC')
    await plain.sees('>eve: hello ada and bob')
  })
})
