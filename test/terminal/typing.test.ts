// Typing and pasting: what a terminal shows of it, and what arrives.

import { describe, expect, test } from 'vitest'
import { needs } from '../support/needs.js'
import { startServer, type TestServer } from '../support/server.js'
import { type Screen, Tmux } from './tmux.js'

const MINUTE = 60_000
const SOON = 15_000

async function start(columns?: number, rows?: number): Promise<{ server: TestServer; ada: Screen }> {
  const server = await startServer()
  const ada = new Tmux(columns, rows).open(['join', server.url, '--as', 'ada'])
  await ada.sees('* ada joined')
  return { server, ada }
}

/** Waits until just these texts have been said. */
async function says({ app }: TestServer, texts: readonly string[]): Promise<void> {
  const read = (): string[] => {
    const room = app.chat.rooms.get('lobby')
    const messages = room === undefined ? [] : room.slice(room.first, room.last).map(({ message }) => message)
    return messages.filter(({ type }) => type === 'chat').map(({ text }) => text)
  }
  await expect.poll(read, { timeout: SOON }).toEqual(texts)
}

const POEM = Array.from({ length: 50 }, (_, i) => (i === 7 ? '/quit' : i === 9 ? 'exit' : `line ${i}`))

describe.skipIf(!needs('tmux', 'tmux'))('on a terminal', { timeout: MINUTE }, () => {
  test('keys that come together go in where the cursor is, emoji too', async () => {
    const { server, ada } = await start()
    ada.type('hello world')
    ada.press('Left', 'Left', 'Left', 'Left', 'Left')
    await expect.poll(() => ada.cursor()).toBe('13,3')
    ada.type('\u{1f600}wide \u{1f389}\u{1f389}')
    await ada.sees('hello \u{1f600}wide \u{1f389}\u{1f389}world')
    ada.press('Enter')
    await says(server, ['hello \u{1f600}wide \u{1f389}\u{1f389}world'])
  })

  test('a window that is made wider or narrower overwrites nothing', async () => {
    const { server, ada } = await start(40, 14)
    for (const text of ['one', 'two', 'three']) {
      await server.app.chat.send({ room: 'lobby', username: 'bob', text })
      await ada.sees(`bob: ${text}`)
    }
    const typed = 'a line that is longer than forty columns end'
    ada.type(typed)
    await ada.sees('end')
    const heard = ['ada joined', 'bob: one', 'bob: two', 'bob: three']
    for (const columns of [80, 30, 60, 40]) {
      ada.resize(columns)
      const once = (part: string): boolean => ada.see().split(part).length === 2
      await expect.poll(() => [...heard, 'lobby>', 'end'].filter(once), { timeout: SOON }).toHaveLength(6)
      await expect.poll(() => ada.cursor().split(',')[0]).toBe(String((7 + typed.length) % columns))
    }
  })

  test.each([
    ['in brackets', ['-p']],
    ['as if they were typed', []],
  ])('50 lines that are pasted %s are asked about, and said as they are', async (_how, flags) => {
    const { server, ada } = await start(100)
    ada.type('half a ')
    await ada.sees('half a')
    ada.paste(POEM.join('\n'), ...flags)
    await ada.sees('50 lines pasted (y: send 50 messages, o: one message, Enter: nothing)')
    await says(server, [])
    ada.press('Enter')
    await ada.sees('nothing of what was pasted')
    await ada.sees(/lobby> half a$/)
    ada.paste(POEM.join('\n'), ...flags)
    await ada.sees('50 lines pasted')
    ada.press('o', 'Enter')
    await says(server, [POEM.join('\n')])
    ada.press('sentence', 'Enter')
    await says(server, [POEM.join('\n'), 'half a sentence'])
    ada.paste(POEM.slice(0, 12).join('\n'), ...flags)
    await ada.sees('12 lines pasted')
    ada.press('y', 'Enter')
    await says(server, [POEM.join('\n'), 'half a sentence', ...POEM.slice(0, 12)])
  })

  test('a few lines that are pasted go out like typed ones, and the last one waits for Enter', async () => {
    const { server, ada } = await start()
    ada.type('see: ')
    ada.paste('one\ntwo\nthree\n', '-p')
    await ada.sees(/lobby> three$/)
    await says(server, ['see: one', 'two'])
    ada.press('Enter')
    await says(server, ['see: one', 'two', 'three'])
  })

  test('nothing that is pasted is obeyed by the terminal', async () => {
    const { server, ada } = await start()
    ada.paste('a\u001b[2Jb\u0007c', '-p')
    await ada.sees('lobby> a[2Jbc')
    await ada.sees('ada joined')
    ada.press('Enter')
    await says(server, ['a[2Jbc'])
  })

  test('/nick takes another name in every room, and what is typed stays', async () => {
    const { server, ada } = await start(90)
    ada.press('/join den', 'Enter')
    await ada.sees(/den>$/)
    ada.press('before', 'Enter', '/nick Grace H', 'Enter')
    ada.type('half a line')
    await ada.sees('you are Grace H now')
    for (const room of ['lobby', 'den']) {
      const members = (): unknown => server.app.chat.rooms.get(room)?.presence.state.presence.members
      await expect.poll(members, { timeout: SOON }).toEqual(['Grace H'])
    }
    await ada.sees(/den> half a line$/)
    ada.press('Enter')
    await ada.sees('Grace H: half a line')
  })

  test('a name that cannot be had changes nothing', async () => {
    const { server, ada } = await start(90)
    await server.app.chat.join({ room: 'den', username: 'grace' })
    ada.press('/join den', 'Enter')
    await ada.sees(/den>$/)
    ada.press('/nick grace', 'Enter')
    await ada.sees('somebody in this room has that name')
    ada.press('/nick ADA', 'Enter')
    await ada.sees('ADA is the name that you have')
    for (const [room, members] of [
      ['lobby', ['ada']],
      ['den', ['grace', 'ada']],
    ] as const) {
      const read = (): unknown => server.app.chat.rooms.get(room)?.presence.state.presence.members
      await expect.poll(read, { timeout: SOON }).toEqual(members)
    }
    ada.press('still here', 'Enter')
    await ada.sees('ada: still here')
  })
})
