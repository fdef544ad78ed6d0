// A terminal that is closed while the program runs, and coming back after it.

import { describe, expect, onTestFinished, test } from 'vitest'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { needs } from '../support/needs.js'
import { startServer, type TestServer, until } from '../support/server.js'
import { Program } from './program.js'
import { type Screen, Tmux } from './tmux.js'

const MINUTE = 60_000
const SOON = 15_000

function membersOf(server: TestServer): readonly string[] {
  return server.app.chat.rooms.get('lobby')?.presence.state.presence.members ?? []
}

async function isIn(server: TestServer, ...names: readonly string[]): Promise<void> {
  await expect.poll(() => membersOf(server), { timeout: SOON }).toEqual(names)
}

/** Says a line, to be sure that the program reads what is typed. */
async function isSaid(server: TestServer, screen: Screen): Promise<void> {
  screen.press('a line', 'Enter')
  const last = (): string | undefined => {
    const room = server.app.chat.rooms.get('lobby')
    return room?.entry(room.last)?.message.text
  }
  await expect.poll(last, { timeout: SOON }).toBe('a line')
}

function stateFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mini-chat-state-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

/** The files that hold tokens. */
function keptIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json'))
    .map((name) => join(folder, name))
}

describe.skipIf(!needs('tmux', 'tmux'))('a window that is closed', { timeout: MINUTE }, () => {
  test('leaves: the name is free at once, and the program ends as a hang-up ends one', async () => {
    const server = await startServer()
    const tmux = new Tmux()
    tmux.open(['--version']) // The last window would take the whole of tmux with it.
    const ada = tmux.open(['join', server.url, '--as', 'ada'])
    await ada.sees('* ada joined')
    ada.type('half a line')
    ada.close()
    await isIn(server)
    expect(await ada.ended()).toBe(129)
  })

  test('ends the program also while it asks for a password or a name', async () => {
    const [locked, open] = [await startServer({ password: 'secret' }), await startServer()]
    const tmux = new Tmux()
    tmux.open(['--version'])
    const screens = [tmux.open(['join', locked.url, '--as', 'ada']), tmux.open(['join', open.url])]
    await screens[0]?.sees('password:')
    await screens[1]?.sees('your name:')
    for (const screen of screens) screen.close()
    expect(await Promise.all(screens.map((screen) => screen.ended()))).toEqual([129, 129])
  })
})

describe.skipIf(!needs('tmux', 'tmux'))('a window that is closed on', { timeout: MINUTE }, () => {
  test.each([
    ['tail', ['tail', 'lobby']],
    ['send', ['send', 'lobby', '--as', 'ada']],
  ])('%s ends it as a hang-up ends a program', async (_name, args) => {
    const server = await startServer()
    await server.app.chat.send({ room: 'lobby', username: 'bob', text: 'hello' })
    const tmux = new Tmux()
    tmux.open(['--version'])
    const screen = tmux.open([...args, '--url', server.url])
    if (args[0] === 'tail') await screen.sees('bob: hello')
    else await isSaid(server, screen)
    screen.close()
    // What is written to a window that is gone tells so.
    if (args[0] === 'tail') await server.app.chat.send({ room: 'lobby', username: 'bob', text: 'are you there?' })
    expect(await screen.ended()).toBe(129)
  })
})

test('a program that was killed comes back under its name at once', async () => {
  const server = await startServer()
  const env = { XDG_STATE_HOME: stateFolder() }
  const first = new Program(['join', server.url, '--as', 'ada'], env)
  await isIn(server, 'ada')
  await until(
    () => keptIn(env.XDG_STATE_HOME).length,
    (count) => count === 1,
    SOON,
  )
  first.signal('SIGKILL')
  await first.ended
  const second = new Program(['join', server.url, '--as', 'Ada'], env)
  second.type('back\n')
  await until(
    () => second.out,
    (out) => out.includes('ada: back'),
    SOON,
  )
  second.endInput()
  expect(await second.ended).toBe(0)
  expect(membersOf(server)).toEqual([])
  expect(keptIn(env.XDG_STATE_HOME)).toEqual([])
})

test('a program that runs shares its name with no other', async () => {
  const server = await startServer()
  const env = { XDG_STATE_HOME: stateFolder() }
  const first = new Program(['join', server.url, '--as', 'ada'], env)
  await until(
    () => first.out,
    (out) => out.includes('* ada joined'),
    SOON,
  )
  const second = new Program(['join', server.url, '--as', 'ada'], env)
  expect(await second.ended).toBe(1)
  expect(second.err).toContain('somebody in this room has that name')
  expect(keptIn(env.XDG_STATE_HOME)).toHaveLength(1)
})

test.skipIf(process.platform === 'win32')('only its owner can read a kept token, and it may be lost', async () => {
  const server = await startServer()
  const env = { XDG_STATE_HOME: stateFolder() }
  const ada = new Program(['join', server.url, '--as', 'ada'], env)
  await until(
    () => ada.out,
    (out) => out.includes('* ada joined'),
    SOON,
  )
  const [file = ''] = await until(
    () => keptIn(env.XDG_STATE_HOME),
    (files) => files.length === 1,
    SOON,
  )
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(statSync(join(file, '..')).mode & 0o777).toBe(0o700)
  rmSync(file)
  ada.endInput()
  expect(await ada.ended).toBe(0)
  // A folder that cannot be is no reason not to talk.
  const bob = new Program(['join', server.url, '--as', 'bob'], { XDG_STATE_HOME: '/dev/null' })
  await isIn(server, 'bob')
  bob.endInput()
  expect(await bob.ended).toBe(0)
})
