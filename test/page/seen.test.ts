// Seen by: the writer sees who has the newest message, by the polls that there are anyway; nobody else sees it.

import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { MEASURES } from '../support/retried.js'
import { startServer } from '../support/server.js'
import { violations } from './axe.js'
import { hasChromium, hears, isLive, PHONE, say, useBrowser, visitor } from './browser.js'

describe.skipIf(!hasChromium)('who has read a message', { timeout: 120_000 }, () => {
  const browser = useBrowser()

  test('stands below the writer’s newest message, its names by keyboard, and the others do not see it', async () => {
    const { url } = await startServer()
    const [bob, ada] = [await enter(url, 'Bob'), await enter(url, 'Mei').then(() => enter(url, 'Ada'))]
    await say(bob, 'the notes?')
    await hears(ada, 'the notes?')
    await say(ada, 'here they are')
    await seenBelow(ada, 'here they are', 'Seen by 2')
    const names = ada.locator('.seen summary')
    for (let i = 0; i < 5 && !(await names.evaluate((one) => one === document.activeElement)); i++)
      await ada.keyboard.press('Shift+Tab')
    await ada.keyboard.press('Enter')
    await ada.locator('.seen').getByText('Bob and Mei').waitFor()
    expect(await violations(ada)).toEqual([])
    await say(ada, 'and the tables')
    await seenBelow(ada, 'and the tables', 'Seen by 2')
    expect(await ada.locator('.seen').count()).toBe(1)
    expect(await ada.locator('.seen').getByText('Bob and Mei').isVisible()).toBe(false)
    await seenBelow(bob, 'the notes?', 'Seen by 2')
    expect(await bob.locator('.line:not(.mine) .seen').count()).toBe(0)
    await ada.reload()
    await isLive(ada)
    await seenBelow(ada, 'and the tables', 'Seen by 2')
  })

  test(
    'costs no request of its own, and one poll more a message; with --no-seen there is nothing',
    MEASURES,
    async () => {
      const polls: number[] = []
      for (const noSeen of [true, false]) {
        const { url } = await startServer({ noSeen })
        await enter(url, 'Bob')
        const ada = await enter(url, 'Ada')
        // The people have come, the first polls have told so, and all of the page is loaded.
        await rests(ada)
        const asked: string[] = []
        ada.on('request', (request) => asked.push(new URL(request.url()).pathname))
        await say(ada, 'hello')
        if (!noSeen) await seenBelow(ada, 'hello', 'Seen by 1')
        await rests(ada)
        expect(new Set(asked)).toEqual(new Set(['/typing', '/send', '/poll']))
        expect(await ada.locator('.seen').count()).toBe(noSeen ? 0 : 1)
        polls.push(asked.filter((path) => path === '/poll').length)
      }
      process.stdout.write(`  polls after a message: ${polls[0]} with --no-seen, ${polls[1]} with seen\n`)
      expect(polls[1]).toBeLessThanOrEqual((polls[0] ?? 0) + 1)
    },
  )

  test('is not asked for by people who have nothing to see, and does not show on the stage', async () => {
    const { url } = await startServer()
    const [bob, ada] = [await enter(url, 'Bob'), await enter(url, 'Ada')]
    await say(ada, 'one')
    await hears(bob, 'one')
    const asking = new Set<boolean>()
    bob.on('request', (request) => asking.add(request.url().includes('seen=1')))
    await say(ada, 'two')
    await seenBelow(ada, 'two', 'Seen by 1')
    await say(ada, 'three')
    await hears(bob, 'three')
    await expect.poll(() => [...asking]).toEqual([false])
    await ada.getByRole('button', { name: 'Projector' }).click()
    await expect.poll(() => ada.locator('.seen').isVisible()).toBe(false)
  })

  for (const colorScheme of ['light', 'dark'] as const)
    test(`opens by a tap on a phone in Arabic and ${colorScheme}, and axe finds nothing`, async () => {
      const { url } = await startServer()
      await enter(url, 'Bob')
      const page = await (await visitor(browser(), { ...PHONE, colorScheme })).open(`${url}/?lang=ar#lobby`)
      await page.locator('#name').fill('دينا')
      await page.keyboard.press('Enter')
      await page.locator('.head [aria-keyshortcuts]').waitFor()
      await page.locator('#message').fill('مرحبا')
      await page.locator('#send').tap()
      await page.locator('.seen summary').tap({ timeout: 15_000 })
      await page.locator('.seen').getByText('Bob').waitFor()
      expect(await violations(page)).toEqual([])
    })

  async function enter(url: string, name: string): Promise<Page> {
    return (await visitor(browser())).enter(url, name)
  }
})

async function seenBelow(page: Page, text: string, words: string): Promise<void> {
  const line = page.locator('#lines .line').filter({ hasText: text })
  await line.locator('.seen').getByText(words).waitFor({ timeout: 15_000 })
}

/** Resolves when a page has asked for nothing for so many milliseconds. */
async function rests(page: Page, ms = 4000): Promise<void> {
  let last = performance.now()
  const note = (): void => void (last = performance.now())
  page.on('request', note)
  await expect.poll(() => performance.now() - last, { timeout: 60_000 }).toBeGreaterThan(ms)
  page.off('request', note)
}
