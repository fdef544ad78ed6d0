// Lines that begin with a slash do what they do in the terminal client.

import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { startServer } from '../support/server.js'
import { hasChromium, hears, holdBack, useBrowser, visitor } from './browser.js'

describe.skipIf(!hasChromium)('a line that begins with a slash', { timeout: 60_000 }, () => {
  const browser = useBrowser()

  test('is obeyed, and said to nobody: /help, /who, /rooms, /join, /leave', async () => {
    const { url, app } = await startServer()
    await (await visitor(browser())).enter(url, 'Bob')
    const ada = await (await visitor(browser())).enter(url, 'Ada')
    await obeys(ada, '/help')
    await ada.locator('#reply').getByText('/join ROOM').waitFor()
    await obeys(ada, '/who')
    await ada.locator('#reply').getByText('2: Bob, Ada').waitFor()
    await obeys(ada, '/join #den')
    await ada.getByRole('heading', { name: 'den' }).waitFor()
    expect(await ada.getByRole('textbox', { name: 'Message' }).inputValue()).toBe('')
    await expect.poll(() => app.chat.rooms.get('den')?.presence.size).toBe(1)
    await obeys(ada, '/rooms')
    await ada.locator('#reply').getByText('#lobby (2)').waitFor()
    await obeys(ada, '/leave')
    await ada.getByRole('heading', { name: 'lobby' }).waitFor()
    expect(await ada.getByRole('textbox', { name: 'Message' }).inputValue()).toBe('')
    const said = [...(app.chat.rooms.get('lobby')?.slice(1, 100) ?? [])].map(({ message }) => message.type)
    expect(said.filter((kind) => kind === 'chat')).toEqual([])
  })

  test('finds what was said, and puts a hand up that the others see', async () => {
    const { url } = await startServer()
    const bob = await (await visitor(browser())).enter(url, 'Bob')
    const ada = await (await visitor(browser())).enter(url, 'Ada')
    await type(bob, 'The café opens at four')
    await hears(ada, 'The café opens at four')
    await type(ada, '/search CAFE four')
    await ada.getByRole('option', { name: 'The café opens at four' }).click()
    await ada.locator('#lines .line:focus').getByText('The café opens at four').waitFor()
    await obeys(ada, '/hand')
    const mine = bob.locator('#people li').filter({ hasText: 'Ada' })
    await mine.getByText('✋').waitFor()
    await obeys(ada, '/hand')
    await mine.getByText('✋').waitFor({ state: 'detached' })
  })

  test('slows a room down for a moderator', async () => {
    const key = 'the key of the teacher'
    const { url, app } = await startServer({ adminKey: key })
    const ada = await (await visitor(browser())).enter(url, 'Ada')
    const presence = app.chat.rooms.get('lobby')?.presence
    const headers = { Authorization: `Bearer ${presence?.holder('Ada')?.token}`, 'Content-Type': 'application/json' }
    await fetch(`${url}/admin`, { method: 'POST', headers, body: JSON.stringify({ key }) })
    await obeys(ada, '/slow 10')
    await expect.poll(() => presence?.state.presence.slow).toBe(10)
    await obeys(ada, '/slow 0')
    await expect.poll(() => presence?.state.presence.slow).toBeUndefined()
  })

  test('and takes a while leaves what is written meanwhile in the box', async () => {
    const { url, app } = await startServer()
    const ada = await (await visitor(browser())).enter(url, 'Ada')
    const answer = await holdBack(ada, '**/rooms')
    await type(ada, '/rooms')
    await ada.getByRole('textbox', { name: 'Message' }).fill('half a sent')
    answer()
    await ada.locator('#reply').getByText('#lobby (1)').waitFor()
    await ada.keyboard.type('ence')
    await ada.keyboard.press('Enter')
    await hears(ada, 'half a sentence')
    const said = [...(app.chat.rooms.get('lobby')?.slice(1, 100) ?? [])].map(({ message }) => message.text)
    expect(said).toEqual(['joined', 'half a sentence'])
  })

  test('and is no command stays in the box, and two slashes say it', async () => {
    const { url } = await startServer()
    const ada = await (await visitor(browser())).enter(url, 'Ada')
    await type(ada, '/usr/bin is a folder')
    await ada.getByRole('alert').filter({ hasText: 'begin with two slashes' }).waitFor()
    expect(await ada.getByRole('textbox', { name: 'Message' }).inputValue()).toBe('/usr/bin is a folder')
    await type(ada, '//usr/bin is a folder')
    await hears(ada, '/usr/bin is a folder')
    await type(ada, '/me waves')
    await ada.locator('#lines .action').waitFor()
  })
})

async function type(page: Page, line: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Message' }).fill(line)
  await page.keyboard.press('Enter')
}

/** Types a line, and waits until the box is empty: before that the server has not answered. */
async function obeys(page: Page, line: string): Promise<void> {
  await type(page, line)
  await expect.poll(() => page.getByRole('textbox', { name: 'Message' }).inputValue()).toBe('')
}
