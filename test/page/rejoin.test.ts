// The session ends while the page is away: reading goes on, and the person is in again, under this name or another.

import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { startDropper } from '../support/dropper.js'
import { bearer, join, post, send } from '../support/http.js'
import { ask } from '../support/raw.js'
import { startServer } from '../support/server.js'
import { hasChromium, hears, isLive, say, useBrowser, visitor } from './browser.js'

const FAILING = { expectsFailures: true }

describe.skipIf(!hasChromium)('a session that ended', { timeout: 90_000 }, () => {
  const browser = useBrowser()

  test('and whose name another person took still reads, and goes on under another name in place', async () => {
    const { ada, port } = await away()
    await ada.getByText('Another person has the name Ada now').waitFor({ timeout: 15_000 })
    await send(port, 'lobby', 'bob', 'still here?')
    await hears(ada, 'still here?')
    expect(await ada.getByText('(you)').count()).toBe(0)
    await ada.getByRole('textbox', { name: 'Another name' }).fill('Ada')
    await ada.keyboard.press('Enter')
    await ada.getByRole('alert').filter({ hasText: 'has that name already' }).waitFor()
    await ada.getByRole('textbox', { name: 'Another name' }).fill('Adele')
    await ada.keyboard.press('Enter')
    await ada.getByText('You are Adele').waitFor()
    await say(ada, 'here')
    await ada.locator('#lines').getByText('here', { exact: true }).waitFor()
    expect(await ada.getByRole('textbox', { name: 'Another name' }).count()).toBe(0)
    await ada.getByRole('list', { name: 'People' }).getByText('(you)').waitFor()
  })

  test('and whose name is free again has it by itself', async () => {
    const { ada, port, taker } = await away()
    await ada.getByText('Another person has the name Ada now').waitFor({ timeout: 15_000 })
    await ask(port, post('/leave', {}, bearer(taker)))
    await ada.getByText('Another person has the name Ada now').waitFor({ state: 'detached', timeout: 15_000 })
    await ada.getByRole('list', { name: 'People' }).getByText('(you)').waitFor()
  })

  test('by a restart with another password is asked for that, and goes on', async () => {
    const first = await startServer({ password: 'old' })
    const page = await (await visitor(browser(), FAILING)).open(first.url)
    await giveIn(page, 'old')
    await page.getByRole('textbox', { name: 'Your name' }).fill('Ada')
    await page.getByRole('button', { name: 'Join' }).click()
    await isLive(page)
    await page.getByRole('textbox', { name: 'Message' }).fill('half a sent')
    first.app.http.server.closeAllConnections()
    await first.stop()
    await startServer({ port: first.port, password: 'new' })
    await giveIn(page, 'new')
    await isLive(page, 20_000)
    expect(await page.getByRole('textbox', { name: 'Message' }).inputValue()).toBe('half a sent')
    await page.getByRole('list', { name: 'People' }).getByText('(you)').waitFor()
  })

  /** Ada’s page comes back to a server that was restarted, where another person has her name. */
  async function away(): Promise<{ ada: Page; port: number; taker: string }> {
    const first = await startServer()
    const { port } = first
    const dropper = await startDropper(port)
    const ada = await (await visitor(browser(), FAILING)).enter(dropper.url, 'Ada')
    dropper.cut()
    await ada.getByText('Reconnecting').waitFor()
    first.app.http.server.closeAllConnections()
    await first.stop()
    await startServer({ port })
    const taker = await join(port, 'lobby', 'Ada')
    dropper.down = false
    return { ada, port, taker }
  }
})

async function giveIn(page: Page, password: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Password' }).fill(password, { timeout: 25_000 })
  await page.keyboard.press('Enter')
}
