// The page as one person sees and uses it. talk.test.ts has two people who hear each other.

import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { startServer } from '../support/server.js'
import { hasChromium, hears, isLive, say, useBrowser, visitor } from './browser.js'

describe.skipIf(!hasChromium)('the page', { timeout: 60_000 }, () => {
  const browser = useBrowser()

  test('a name that somebody has is explained, and the sheet stays', async () => {
    const { url } = await startServer()
    await (await visitor(browser())).enter(url, 'Ada')
    const other = await (await visitor(browser(), { expectsFailures: true })).open(url)
    await other.getByRole('textbox', { name: 'Your name' }).fill('ada')
    await other.getByRole('button', { name: 'Join' }).click()
    await other.getByText('Somebody here has that name already').waitFor()
    expect(await other.getByRole('textbox', { name: 'Your name' }).getAttribute('aria-invalid')).toBe('true')
  })

  test('whoever closes the last tab leaves at once', async () => {
    const { url } = await startServer()
    const ada = await (await visitor(browser())).enter(url, 'Ada')
    const bob = await (await visitor(browser())).enter(url, 'Bob')
    await ada.getByText('Bob', { exact: true }).first().waitFor()
    await bob.close({ runBeforeUnload: true })
    await expect.poll(() => ada.getByRole('list', { name: 'People' }).getByRole('listitem').count()).toBe(1)
  })

  test('a class that comes in is one line, also while somebody speaks', async () => {
    const { url, app } = await startServer()
    const ada = await (await visitor(browser())).enter(url, 'Ada')
    for (let i = 0; i < 30; i++) {
      await app.chat.join({ room: 'lobby', username: `pupil ${i}` })
      if (i % 10 === 0) await app.chat.send({ room: 'lobby', username: 'curl', text: `good morning ${i}` })
    }
    await hears(ada, 'good morning 20')
    await ada.getByText('and 28 others joined').waitFor()
    expect(await ada.locator('#lines .note').count()).toBe(1)
    expect(await ada.locator('#lines .line.first').count()).toBe(1)
  })

  test('typing is told in words', async () => {
    const { url } = await startServer()
    const ada = await (await visitor(browser())).enter(url, 'Ada')
    const bob = await (await visitor(browser())).enter(url, 'Bob')
    const cyd = await (await visitor(browser())).enter(url, 'Cyd')
    await typing(ada, 'Bob and Cyd are typing', bob, cyd)
    await say(bob, 'I too')
    await typing(ada, 'Cyd is typing', cyd)
  })

  test('a command is not something that one says: nobody is told that it is typed', async () => {
    const { url } = await startServer()
    const ada = await (await visitor(browser())).enter(url, 'Ada')
    const bob = await (await visitor(browser())).enter(url, 'Bob')
    const told: unknown[] = []
    bob.on('request', (request) => request.url().endsWith('/typing') && told.push(request.postDataJSON()))
    const box = bob.getByRole('textbox', { name: 'Message' })
    await box.pressSequentially('/who')
    await box.press('Enter')
    await expect.poll(() => box.inputValue()).toBe('')
    expect(told).toEqual([])
    await typing(ada, 'Bob is typing', bob)
    await box.fill('/me waves')
    await box.fill('/mute')
    await ada.getByText('Bob is typing').waitFor({ state: 'detached' })
    expect(told.at(-1)).toMatchObject({ typing: false })
  })

  test('a reload keeps the name, the place and the draft', async () => {
    const { url } = await startServer()
    const ada = await (await visitor(browser())).enter(url, 'Ada', 'den')
    await say(ada, 'before')
    await ada.getByRole('textbox', { name: 'Message' }).fill('half a sent')
    await ada.reload()
    await isLive(ada)
    await hears(ada, 'before')
    expect(await ada.getByRole('textbox', { name: 'Message' }).inputValue()).toBe('half a sent')
    await expect.poll(() => ada.getByRole('list', { name: 'People' }).getByText('Ada').count()).toBe(1)
  })

  test('several rooms are followed with one poll, and what is unread is counted', async () => {
    const { url, app } = await startServer()
    const ada = await (await visitor(browser())).enter(url, 'Ada')
    await ada.getByRole('textbox', { name: 'Room' }).fill('den')
    await ada.getByRole('button', { name: 'Join' }).click()
    await ada.getByRole('heading', { name: 'den' }).waitFor()
    await expect.poll(() => app.chat.rooms.get('den')?.presence.size).toBe(1)
    await app.chat.send({ room: 'lobby', username: 'curl', text: 'psst @Ada' })
    await ada.getByRole('list', { name: 'Rooms' }).getByText('1 unread').waitFor()
    await expect.poll(() => ada.title()).toBe('(1) den · mini-chat')
    await ada.getByRole('link', { name: 'lobby' }).click()
    await hears(ada, 'psst @Ada')
    await expect.poll(() => ada.title()).toBe('lobby · mini-chat')
    expect(await ada.locator('mark').textContent()).toBe('@Ada')
  })

  test('a message that is too long is told above the box, and stays in it', async () => {
    const { url } = await startServer()
    const ada = await (await visitor(browser())).enter(url, 'Ada')
    await ada.getByRole('textbox', { name: 'Message' }).fill('x'.repeat(4001))
    await ada.keyboard.press('Enter')
    await ada.getByText('This is too long by 1 character').waitFor()
    expect((await ada.getByRole('textbox', { name: 'Message' }).inputValue()).length).toBe(4001)
  })

  test('what the server refuses is kept with Retry and Delete, and Up takes it back to edit', async () => {
    const { url } = await startServer()
    const ada = await (await visitor(browser(), { expectsFailures: true })).enter(url, 'Ada')
    await say(ada, 'turned \u202e round')
    await ada.getByRole('button', { name: 'Retry' }).waitFor()
    await ada.getByRole('alert').filter({ hasText: 'bidi override' }).waitFor()
    await ada.getByRole('textbox', { name: 'Message' }).focus()
    await ada.keyboard.press('ArrowUp')
    expect(await ada.getByRole('textbox', { name: 'Message' }).inputValue()).toBe('turned \u202e round')
    expect(await ada.getByRole('button', { name: 'Retry' }).count()).toBe(0)
  })

  test('writing: several lines, links, code, emoji, actions', async () => {
    const { url } = await startServer()
    const ada = await (await visitor(browser())).enter(url, 'Ada')
    await ada.getByRole('textbox', { name: 'Message' }).focus()
    await ada.keyboard.type('one')
    await ada.keyboard.press('Shift+Enter')
    await ada.keyboard.type('two')
    await ada.keyboard.press('Enter')
    for (const text of [
      'see https://example.com/a_(b).',
      'run `rm -i` then\n```\nls -l\n```\nand see',
      '🎉🎉',
      '/me waves',
    ])
      await say(ada, text)
    await ada.locator('#lines .action').waitFor()
    const texts = (): Promise<string[]> => ada.locator('#log .text').allTextContents()
    await expect
      .poll(texts)
      .toEqual(['one\ntwo', 'see https://example.com/a_(b).', 'run rm -i then\nls -land see', '🎉🎉', 'Ada waves'])
    const link = ada.getByRole('link', { name: 'https://example.com/a_(b)', exact: true })
    expect([await link.getAttribute('rel'), await link.getAttribute('href')]).toEqual([
      'noopener noreferrer',
      'https://example.com/a_(b)',
    ])
    expect([await ada.locator('.text.emoji').count(), await ada.locator('pre').textContent()]).toEqual([1, 'ls -l'])
  })

  test('the link of the room is shared as text and as a QR code', async () => {
    const { url } = await startServer()
    const ada = await (await visitor(browser())).enter(url, 'Ada', 'den')
    await ada.getByRole('button', { name: 'Share' }).click()
    expect(await ada.getByRole('textbox', { name: 'Link' }).inputValue()).toBe(`${url}/#den`)
    await ada.getByRole('img', { name: 'QR code' }).waitFor()
    await ada.keyboard.press('Escape')
    await expect.poll(() => ada.getByRole('dialog').count()).toBe(0)
  })

  test('light and dark by preference, and by a switch that is remembered', async () => {
    const { url } = await startServer()
    const ada = await (await visitor(browser(), { colorScheme: 'dark' })).enter(url, 'Ada')
    const background = (): Promise<string> =>
      ada.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
    const dark = await background()
    const box = ada.getByRole('switch', { name: 'Dark mode' })
    expect(await box.isChecked()).toBe(true)
    await box.uncheck()
    const light = await background()
    expect(light).not.toBe(dark)
    await ada.reload()
    expect(await background()).toBe(light)
  })
})

/** These write, letter by letter, until another person is told that they do. What is told is forgotten soon. */
async function typing(told: Page, words: string, ...writers: readonly Page[]): Promise<void> {
  const write = async (): Promise<number> => {
    for (const writer of writers) await writer.getByRole('textbox', { name: 'Message' }).pressSequentially('x')
    return told.getByText(words).count()
  }
  await expect.poll(write, { interval: 300 }).toBe(1)
}
