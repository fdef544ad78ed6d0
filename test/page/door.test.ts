// The page of a chat that asks for a password, and of one that a teacher keeps in order.

import { describe, expect, test } from 'vitest'
import { send } from '../support/http.js'
import { startServer } from '../support/server.js'
import { hasChromium, useBrowser, visitor } from './browser.js'

describe.skipIf(!hasChromium)('a chat with a password, below a path', () => {
  const browser = useBrowser()
  const config = { password: 'sesame', base: '/chat' }

  test('asks for it first, takes no wrong one, and not again after a reload', async () => {
    const { url } = await startServer(config)
    const ada = await visitor(browser(), { expectsFailures: true })
    const page = await ada.open(`${url}/chat/#lobby`)
    const box = page.getByRole('textbox', { name: 'Password' })
    await box.fill('wrong')
    await page.getByRole('button', { name: 'Enter' }).click()
    await page.getByText('That is not the password.').waitFor()
    await page.keyboard.press('Escape')
    await page.keyboard.press('Escape')
    await box.fill('sesame')
    await page.keyboard.press('Enter')
    await page.getByRole('textbox', { name: 'Your name' }).fill('ada')
    await page.getByRole('button', { name: 'Join' }).click()
    await page.getByRole('textbox', { name: 'Message' }).fill('I am in')
    await page.keyboard.press('Enter')
    await page.locator('#lines').getByText('I am in').waitFor()
    await page.reload()
    await page.locator('#lines').getByText('I am in').waitFor()
    expect(await page.getByRole('textbox', { name: 'Password' }).count()).toBe(0)
    expect(await page.evaluate(() => document.cookie)).toBe('')
  })
})

describe.skipIf(!hasChromium)('a teacher', () => {
  const browser = useBrowser()

  test('moderates with the key, removes a message before everybody’s eyes, and clears the room', async () => {
    const { port, url } = await startServer({ adminKey: 'key' })
    await send(port, 'lobby', 'bob', 'a rude word')
    const teacher = await (await visitor(browser())).enter(url, 'teacher')
    const ada = await (await visitor(browser())).enter(url, 'ada')
    await teacher.getByText('Moderate', { exact: true }).first().click()
    await teacher.getByRole('textbox', { name: 'Moderator’s key' }).fill('key')
    await teacher.keyboard.press('Enter')
    await teacher.getByText('You moderate now.').waitFor()
    await teacher.locator('#lines').getByText('a rude word').click()
    await teacher.getByRole('button', { name: 'Remove message' }).click()
    await ada.locator('#lines').getByText('(removed)').waitFor()
    expect(await ada.getByText('a rude word').count()).toBe(0)
    teacher.on('dialog', (dialog) => void dialog.accept())
    await teacher.getByRole('button', { name: 'Clear room' }).click()
    await ada.locator('#lines').getByText('(removed)').waitFor({ state: 'detached' })
    await send(port, 'lobby', 'bob', 'a new page')
    await ada.locator('#lines').getByText('a new page').waitFor()
  })
})
