// Two people who answer, react, edit and delete.

import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { startServer } from '../support/server.js'
import { violations } from './axe.js'
import { hasChromium, hears, PHONE, say, useBrowser, visitor } from './browser.js'

/** The line of a message, by what it says. */
const lineOf = (page: Page, text: string) => page.locator('#lines .line', { hasText: text })

describe.skipIf(!hasChromium)('a message that is there', { timeout: 60_000 }, () => {
  const browser = useBrowser()

  async function two(): Promise<{ ada: Page; bob: Page }> {
    const { url } = await startServer()
    const ada = await (await visitor(browser(), { expectsFailures: true })).enter(url, 'Ada')
    const bob = await (await visitor(browser(), { expectsFailures: true })).enter(url, 'Bob')
    await say(ada, 'helo everybody')
    await hears(bob, 'helo everybody')
    await hears(ada, 'helo everybody')
    // What the page loads when it is idle.
    for (const page of [ada, bob]) await page.locator('#composer .answering').waitFor({ state: 'attached' })
    return { ada, bob }
  }

  async function tool(page: Page, text: string, name: string): Promise<void> {
    await lineOf(page, text).hover()
    await lineOf(page, text).getByRole('button', { name, exact: true }).click()
  }

  test('is edited with the arrow up, and both see it and that it was', async () => {
    const { ada, bob } = await two()
    await ada.getByRole('textbox', { name: 'Message', exact: true }).press('ArrowUp')
    await ada.getByRole('textbox', { name: 'Edit message' }).fill('hello everybody')
    await ada.keyboard.press('Enter')
    for (const page of [ada, bob]) await lineOf(page, 'hello everybody').getByText('(edited)').waitFor()
    expect(await lineOf(bob, 'helo').count()).toBe(0)
    await bob.reload()
    await lineOf(bob, 'hello everybody').getByText('(edited)').waitFor()
  })

  test('gets reactions, which say who, and a second press takes one back', async () => {
    const { ada, bob } = await two()
    await tool(bob, 'helo', 'React')
    await bob.getByRole('button', { name: '👍', exact: true }).click()
    await ada.getByRole('button', { name: '👍 1: Bob' }).click()
    await bob.getByRole('button', { name: /^👍 2: / }).waitFor()
    await bob.getByRole('button', { name: /^👍 2: / }).click()
    await ada.getByRole('button', { name: '👍 1: Ada' }).waitFor()
    await tool(ada, 'helo', 'React')
    await ada.getByRole('textbox', { name: 'Another emoji' }).fill('🦉')
    await ada.keyboard.press('Enter')
    await bob.getByRole('button', { name: '🦉 1: Ada' }).waitFor()
    expect(await violations(bob)).toEqual([])
  })

  test('and is answered long after leads back to where it was said', async () => {
    const { url, app } = await startServer({ ring: 1000 })
    for (let i = 1; i <= 300; i++) await app.chat.send({ room: 'lobby', username: 'Cyd', text: `line ${i}` })
    await app.chat.send({ room: 'lobby', username: 'Bob', text: 'I agree', of: 20 })
    const ada = await (await visitor(browser())).enter(url, 'Ada')
    await ada.getByRole('button', { name: 'Answers an earlier message' }).click()
    await ada.locator('#lines .line.found:focus').getByText('line 20', { exact: true }).waitFor()
    await ada.getByRole('button', { name: 'Jump to newest' }).click()
    await hears(ada, 'I agree')
  })

  test('is answered, and the answer leads back to it', async () => {
    const { ada, bob } = await two()
    await tool(bob, 'helo', 'Reply')
    await bob.getByText('Reply to Ada: helo everybody').waitFor()
    expect(await violations(bob)).toEqual([])
    await bob.keyboard.type('good morning')
    await bob.keyboard.press('Enter')
    const quote = lineOf(ada, 'good morning').getByRole('button', { name: 'Answers Ada: helo everybody' })
    await quote.click()
    await expect.poll(() => ada.evaluate(() => document.activeElement?.textContent)).toContain('helo everybody')
  })

  test('is deleted by its author after a question, and by nobody else', async () => {
    const { ada, bob } = await two()
    await lineOf(bob, 'helo').hover()
    await lineOf(bob, 'helo').getByRole('button', { name: 'React' }).waitFor()
    expect(await lineOf(bob, 'helo').getByRole('button', { name: 'Delete' }).count()).toBe(0)
    await tool(ada, 'helo', 'Delete')
    await ada.getByText('Delete for everyone?').waitFor()
    expect(await violations(ada)).toEqual([])
    await ada.getByRole('button', { name: 'Delete', exact: true }).click()
    await hears(bob, '(removed)')
  })

  test('has its tools by keyboard and by a long press', async () => {
    const { ada } = await two()
    await lineOf(ada, 'helo').getByText('Seen by 1').waitFor()
    await ada.locator('#log').focus()
    await ada.keyboard.press('ArrowUp')
    await ada.keyboard.press('Tab')
    expect(await ada.evaluate(() => document.activeElement?.textContent)).toBe('React')
    const { url } = await startServer()
    const phone = await (await visitor(browser(), PHONE)).enter(url, 'Eve')
    await say(phone, 'from a phone')
    await hears(phone, 'from a phone')
    await phone.locator('#composer .answering').waitFor({ state: 'attached' })
    await lineOf(phone, 'from a phone').dispatchEvent('contextmenu')
    await lineOf(phone, 'from a phone').getByRole('button', { name: 'Reply' }).waitFor()
  })
})
