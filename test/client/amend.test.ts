import { expect, test } from 'vitest'
import { changed, defaultPlatform, edit, join, Outbox, react, Refused, remove } from '../../src/client/index.js'
import { startServer } from '../support/server.js'

async function somebody(url: string, username: string): Promise<{ url: string; token: string }> {
  const { token } = await join(defaultPlatform, { url, path: '/join', body: { room: 'lobby', username } })
  return { url, token }
}

test('a program edits, reacts to and removes a message, and applies the entries as the server does', async () => {
  const { url, app } = await startServer()
  const [ada, bob] = [await somebody(url, 'ada'), await somebody(url, 'bob')]
  const { chat } = app
  const { message } = await chat.send({ room: 'lobby', session: chat.sessions.get(ada.token), text: 'helo' })
  const about = { room: 'lobby', of: message.id }
  const edited = await edit(ada, { ...about, text: 'hello', key: 'k1' })
  expect((await edit(ada, { ...about, text: 'hello', key: 'k1' })).message).toEqual(edited.message)
  const reacted = await react(bob, { ...about, text: '👍' })
  expect(await react(bob, { ...about, text: '👍' })).toBeUndefined()
  const now = [edited.message, reacted?.message ?? message].reduce(changed, message)
  expect(now).toMatchObject({ text: 'hello', reactions: [{ text: '👍', by: ['bob'] }] })
  expect(now).toEqual(chat.rooms.get('lobby')?.entry(message.id)?.message)
  await expect(edit(bob, { ...about, text: 'hacked' })).rejects.toMatchObject({ code: 'forbidden' })
  await expect(remove({ url, token: undefined }, about)).rejects.toBeInstanceOf(Refused)
  const { message: gone } = await remove(ada, about)
  expect(changed(now, gone).type).toBe('removed')
})

test('an answer goes through the outbox with the id of what it answers', async () => {
  const { url, app } = await startServer()
  const { message } = await app.chat.send({ room: 'lobby', username: 'bob', text: 'shall we?' })
  const outbox = new Outbox({ url })
  outbox.add({ room: 'lobby', username: 'ada', text: 'yes', of: message.id })
  const sent = await new Promise((resolve) => outbox.onSent((answer) => resolve(answer.message)))
  expect(sent).toMatchObject({ type: 'chat', of: message.id, text: 'yes' })
})
