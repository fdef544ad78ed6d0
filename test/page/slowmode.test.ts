// Slow mode: a moderator sets it, everybody sees it, and what is written too early is sent in its turn.

import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { startServer } from '../support/server.js'
import { violations } from './axe.js'
import { hasChromium, hears, isLive, PHONE, say, useBrowser, visitor } from './browser.js'

describe.skipIf(!hasChromium)('slow mode', { timeout: 60_000 }, () => {
  const browser = useBrowser()

  test('is set and ended in the moderator’s menu by keyboard, and all see it, also after a reload', async () => {
    const { url } = await startServer({ adminKey: 'key' })
    const teacher = await (await visitor(browser())).enter(url, 'teacher')
    const ada = await (await visitor(browser())).enter(url, 'Ada')
    await moderate(teacher)
    const pace = teacher.getByRole('combobox', { name: 'Slow mode' })
    expect(await pace.locator('option').allTextContents()).toEqual(['Off', '5 s', '10 s', '30 s', '60 s'])
    await choose(pace, '30 s')
    for (const page of [ada, teacher]) await notice(page, 'Slow mode: one message each 30 s').waitFor()
    expect(await violations(teacher)).toEqual([])
    await ada.reload()
    await isLive(ada)
    await notice(ada, 'Slow mode: one message each 30 s').waitFor()
    await say(teacher, '/slow 45')
    await expect.poll(() => pace.inputValue()).toBe('45')
    // What is obeyed gives the focus back to the box.
    await expect.poll(() => teacher.getByRole('textbox', { name: 'Message' }).inputValue()).toBe('')
    await choose(pace, 'Off')
    await teacher.getByText('The room is no longer slow.').waitFor()
    await notice(ada, 'Slow mode').waitFor({ state: 'hidden' })
  })

  test(
    'counts down to the next message, and what is sent too early goes by itself, also after a reload',
    { timeout: 90_000 },
    async () => {
      const { url } = await startServer({ adminKey: 'key' })
      const teacher = await (await visitor(browser())).enter(url, 'teacher')
      const ada = await (await visitor(browser(), { expectsFailures: true })).enter(url, 'Ada')
      await moderate(teacher)
      await choose(teacher.getByRole('combobox', { name: 'Slow mode' }), '30 s')
      await notice(ada, 'each 30 s').waitFor()
      const start = Date.now()
      await say(ada, 'one')
      await hears(teacher, 'one')
      const wait = ada.getByRole('timer')
      await wait.filter({ hasText: /^Next message in (?:30|[12]?\d) s$/ }).waitFor()
      await say(ada, 'two')
      await ada.getByText('Not sent yet: slow mode, it goes by itself').waitFor()
      expect(await ada.getByRole('alert').allTextContents()).not.toContainEqual(expect.stringMatching(/\S/))
      expect(await violations(ada)).toEqual([])
      const seconds = async (): Promise<number> => Number(/\d+/.exec((await wait.textContent()) ?? '')?.[0])
      const before = await seconds()
      await expect.poll(seconds).toBeLessThan(before)
      await ada.reload()
      await ada.getByText('Not sent yet: slow mode').waitFor()
      await hears(teacher, 'two', 45_000)
      expect(Date.now() - start).toBeGreaterThan(29_500)
      await wait.filter({ hasText: /^Next message in/ }).waitFor()
    },
  )

  test('lets a moderator write as often as ever, without a wait', async () => {
    const { url } = await startServer({ adminKey: 'key' })
    const teacher = await (await visitor(browser())).enter(url, 'teacher')
    await moderate(teacher)
    await choose(teacher.getByRole('combobox', { name: 'Slow mode' }), '60 s')
    await notice(teacher, 'each 60 s').waitFor()
    for (const text of ['one', 'two']) {
      await say(teacher, text)
      await hears(teacher, text)
    }
    expect(await teacher.getByRole('timer').isVisible()).toBe(false)
  })

  for (const colorScheme of ['light', 'dark'] as const)
    test(`is said on a phone in Arabic and ${colorScheme}, and axe finds nothing`, async () => {
      const { url } = await startServer({ adminKey: 'key' })
      const teacher = await (await visitor(browser())).enter(url, 'teacher')
      await moderate(teacher)
      await choose(teacher.getByRole('combobox', { name: 'Slow mode' }), '30 s')
      const page = await (await visitor(browser(), { ...PHONE, colorScheme })).open(`${url}/?lang=ar#lobby`)
      await page.locator('#name').fill('دينا')
      await page.keyboard.press('Enter')
      await page.getByText('الوضع البطيء: رسالة واحدة كل 30 ثانية').waitFor()
      await page.locator('#message').fill('مرحبا')
      await page.locator('#send').tap()
      await page.locator('.wait:not([hidden])').waitFor()
      expect(await violations(page)).toEqual([])
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true)
    })
})

async function moderate(page: Page): Promise<void> {
  await page.getByText('Moderate', { exact: true }).first().press('Enter')
  await page.getByRole('textbox', { name: 'Moderator’s key' }).fill('key')
  await page.keyboard.press('Enter')
  await page.getByText('You moderate now.').waitFor()
}

/** By its first letter, as one does with a list that has the focus: letters that come slowly would be a word each. */
async function choose(list: ReturnType<Page['getByRole']>, words: string): Promise<void> {
  await list.focus()
  await list.page().keyboard.type(words.charAt(0))
  await list.page().keyboard.press('Tab')
}

function notice(page: Page, words: string): ReturnType<Page['getByRole']> {
  return page.getByRole('status', { name: 'Notice' }).getByText(words)
}
