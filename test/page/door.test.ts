// The page of a chat that asks for a password, and of one that a teacher keeps in order.

import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { send } from '../support/http.js'
import { startServer } from '../support/server.js'
import { violations } from './axe.js'
import { hasChromium, holdBack, isLive, PHONE, useBrowser, visitor } from './browser.js'

describe.skipIf(!hasChromium)('a chat with a password, below a path', () => {
  const browser = useBrowser()
  const config = { password: 'sesame', base: '/chat' }

  test('asks for it with the name on one sheet, takes no wrong one, and not again after a reload', async () => {
    const { url } = await startServer(config)
    const ada = await visitor(browser(), { expectsFailures: true })
    const page = await ada.open(`${url}/chat/#lobby`)
    const box = page.getByRole('textbox', { name: 'Password' })
    await page.getByRole('textbox', { name: 'Your name' }).fill('ada')
    await box.fill('wrong')
    await page.getByRole('button', { name: 'Join' }).click()
    await page.getByText('That is not the password.').waitFor()
    expect(await violations(page)).toEqual([])
    await box.fill('sesame')
    await page.keyboard.press('Enter')
    await page.getByRole('textbox', { name: 'Message' }).fill('I am in')
    await page.keyboard.press('Enter')
    await page.locator('#lines').getByText('I am in').waitFor()
    await page.reload()
    await page.locator('#lines').getByText('I am in').waitFor()
    expect(await page.getByRole('textbox', { name: 'Password' }).count()).toBe(0)
    expect(await page.evaluate(() => document.cookie)).toBe('')
  })
})

describe.skipIf(!hasChromium)('a teacher', { timeout: 60_000 }, () => {
  const browser = useBrowser()

  test('keeps the right over a reload and a restart of the server', async () => {
    const first = await startServer({ adminKey: 'key' })
    const teacher = await (await visitor(browser(), { expectsFailures: true })).enter(first.url, 'teacher')
    await moderate(teacher)
    await teacher.reload()
    await isLive(teacher)
    await teacher.getByText('Moderate', { exact: true }).first().click()
    await teacher.getByRole('button', { name: 'Close room' }).click()
    await teacher.getByText('The room is closed.').waitFor()
    first.app.http.server.closeAllConnections()
    await first.stop()
    await teacher.getByText('Reconnecting').waitFor()
    await startServer({ port: first.port, adminKey: 'key' })
    await isLive(teacher, 20_000)
    await teacher.getByRole('button', { name: 'Close room' }).click()
    await teacher.getByText('This room is closed for now').waitFor()
    expect(await teacher.getByRole('textbox', { name: 'Moderator’s key' }).isVisible()).toBe(false)
  })

  test('keeps it also where the restart is not noticed before the next order', async () => {
    const first = await startServer({ adminKey: 'key' })
    const teacher = await (await visitor(browser(), { expectsFailures: true })).enter(first.url, 'teacher')
    await moderate(teacher)
    const answer = await holdBack(teacher, '**/poll?*')
    first.app.http.server.closeAllConnections()
    await first.stop()
    await startServer({ port: first.port, adminKey: 'key' })
    await teacher.getByRole('button', { name: 'Close room' }).click()
    await teacher.getByText('The room is closed.').waitFor()
    answer()
    await teacher.getByText('This room is closed for now').waitFor()
    expect(await teacher.getByRole('textbox', { name: 'Moderator’s key' }).isVisible()).toBe(false)
  })

  test('is asked for the key again where it is another after a restart', async () => {
    const first = await startServer({ adminKey: 'key' })
    const teacher = await (await visitor(browser(), { expectsFailures: true })).enter(first.url, 'teacher')
    await moderate(teacher)
    first.app.http.server.closeAllConnections()
    await first.stop()
    await startServer({ port: first.port, adminKey: 'another' })
    await teacher.getByRole('textbox', { name: 'Moderator’s key' }).waitFor({ timeout: 20_000 })
    expect(await teacher.getByRole('button', { name: 'Close room' }).isVisible()).toBe(false)
  })

  test('closes a room, and everybody sees it before they write', async () => {
    const { url } = await startServer({ adminKey: 'key' })
    const teacher = await (await visitor(browser())).enter(url, 'teacher')
    const ada = await (await visitor(browser(), PHONE)).enter(url, 'ada')
    await moderate(teacher)
    const notice = ada.getByText('This room is closed for now')
    expect(await notice.isVisible()).toBe(false)
    await teacher.getByRole('button', { name: 'Close room' }).click()
    await notice.waitFor()
    await teacher.getByRole('button', { name: 'Open room' }).click()
    await notice.waitFor({ state: 'hidden' })
  })

  test('is told that a name is not there, and sees on a phone which message is chosen', async () => {
    const { port, url } = await startServer({ adminKey: 'key' })
    await send(port, 'lobby', 'bob', 'hello')
    const teacher = await (await visitor(browser(), PHONE)).enter(url, 'teacher')
    await teacher.getByRole('button', { name: 'Rooms' }).click()
    await moderate(teacher)
    const name = teacher.getByRole('textbox', { name: 'Name to mute' })
    await name.fill('bobb')
    await name.press('Enter')
    await teacher.getByText('There is no bobb here').waitFor()
    await name.fill('Bob')
    await name.press('Enter')
    await teacher.getByText('Bob is muted for five minutes.').waitFor()
    await teacher.keyboard.press('Escape')
    await teacher.getByText('hello', { exact: true }).tap()
    const line = teacher.locator('#lines .line')
    await expect.poll(() => line.evaluate((one) => getComputedStyle(one).outlineStyle)).toBe('solid')
  })

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
    await Promise.all([
      teacher.waitForEvent('dialog').then((dialog) => dialog.accept()),
      teacher.getByRole('button', { name: 'Clear room' }).click(),
    ])
    await ada.locator('#lines').getByText('(removed)').waitFor({ state: 'detached' })
    await send(port, 'lobby', 'bob', 'a new page')
    await ada.locator('#lines').getByText('a new page').waitFor()
  })
})

async function moderate(page: Page): Promise<void> {
  await page.getByText('Moderate', { exact: true }).first().click()
  await page.getByRole('textbox', { name: 'Moderator’s key' }).fill('key')
  await page.keyboard.press('Enter')
  await page.getByText('You moderate now.').waitFor()
}
