// Lines that begin with a slash do what they do in the terminal client.

import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { startServer } from '../support/server.js'
import { hasChromium, hears, useBrowser, visitor } from './browser.js'

describe.skipIf(!hasChromium)('a line that begins with a slash', { timeout: 60_000 }, () => {
  const browser = useBrowser()

  test('is obeyed, and said to nobody: /help, /who, /rooms, /join, /leave', async () => {
    const { url, app } = await startServer()
    await (await visitor(browser())).enter(url, 'Bob')
    const ada = await (await visitor(browser())).enter(url, 'Ada')
    await type(ada, '/help')
    await ada.locator('#reply').getByText('/join ROOM').waitFor()
    await type(ada, '/who')
    await ada.locator('#reply').getByText('2: Bob, Ada').waitFor()
    await type(ada, '/join #den')
    await ada.getByRole('heading', { name: 'den' }).waitFor()
    expect(await ada.getByRole('textbox', { name: 'Message' }).inputValue()).toBe('')
    await expect.poll(() => app.chat.rooms.get('den')?.presence.size).toBe(1)
    await type(ada, '/rooms')
    await ada.locator('#reply').getByText('#lobby (2)').waitFor()
    await type(ada, '/leave')
    await ada.getByRole('heading', { name: 'lobby' }).waitFor()
    expect(await ada.getByRole('textbox', { name: 'Message' }).inputValue()).toBe('')
    const said = [...(app.chat.rooms.get('lobby')?.slice(1, 100) ?? [])].map(({ message }) => message.type)
    expect(said.filter((kind) => kind === 'chat')).toEqual([])
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
