// The reading place: kept at the bottom, kept when scrolled away, kept when older messages come in above.

import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../support/journal.js'
import { startServer, type TestServer } from '../support/server.js'
import { hasChromium, hears, holdBack, isAtRest, useBrowser, visitor } from './browser.js'

describe.skipIf(!hasChromium)('reading', { timeout: 60_000 }, () => {
  const browser = useBrowser()

  test('whoever scrolled away stays there, sees what is new marked, and can jump', async () => {
    const server = await startServer()
    await fill(server, 200)
    const ada = await (await visitor(browser())).enter(server.url, 'Ada')
    await hears(ada, 'line 200')
    await wheel(ada, -1500)
    await isAtRest(ada)
    const before = await ada.locator('#log').evaluate((log) => log.scrollTop)
    await server.app.chat.send({ room: 'lobby', username: 'bob', text: 'are you there?' })
    const jump = ada.getByRole('button', { name: 'Jump to newest' })
    await jump.filter({ hasText: '1' }).waitFor()
    expect(await ada.locator('#log').evaluate((log) => log.scrollTop)).toBe(before)
    expect(await ada.getByText('New messages').count()).toBe(1)
    await jump.click()
    await expect.poll(() => distance(ada)).toBeLessThan(3)
    await jump.waitFor({ state: 'hidden' })
  })

  test('whoever writes over what is in the box stays at the bottom', async () => {
    const server = await startServer()
    await fill(server, 60)
    const ada = await (await visitor(browser())).enter(server.url, 'Ada')
    await hears(ada, 'line 60')
    const box = ada.getByRole('textbox', { name: 'Message' })
    const cdp = await ada.context().newCDPSession(ada)
    for (const lines of [6, 3]) {
      await box.fill('one\ntwo\nthree')
      await box.press('Control+a')
      await cdp.send('Input.insertText', { text: 'line\n'.repeat(lines) })
      await fill(server, 5)
      await expect.poll(() => distance(ada)).toBeLessThan(3)
    }
  })

  test('a log begins at the top of its sheet, also when its beginning is gone, and stays there until the sheet is full', async () => {
    const server = await startServer({ ring: 3 })
    await fill(server, 5)
    const ada = await (await visitor(browser())).enter(server.url, 'Ada')
    await hears(ada, 'line 5')
    const top = (text: string): Promise<number> =>
      ada.getByText(text, { exact: true }).evaluate((line) => Math.round(line.getBoundingClientRect().top))
    const sheet = await ada.locator('#log').boundingBox()
    const lines = await ada.locator('#lines').boundingBox()
    expect((lines?.y ?? 0) - (sheet?.y ?? 0)).toBeLessThan(40)
    await isAtRest(ada)
    const before = await top('line 4')
    await server.app.chat.send({ room: 'lobby', username: 'eve', text: 'one more' })
    await hears(ada, 'one more')
    expect(await top('line 4')).toBe(before)
    await fill(server, 60)
    await hears(ada, 'line 60')
    await expect.poll(() => distance(ada)).toBeLessThan(3)
  })

  test('a message that comes in changes the list of lines and nothing else, also below a pointer that rests', async () => {
    const server = await startServer()
    await fill(server, 300)
    const ada = await (await visitor(browser())).enter(server.url, 'Ada')
    await hears(ada, 'line 300')
    await ada.locator('#composer .answering').waitFor({ state: 'attached' })
    await ada.locator('#log:not([aria-busy])').waitFor()
    await ada.locator('#lines .line').last().hover()
    await ada.locator('#lines .line .tools').waitFor()
    await isAtRest(ada)
    const seen = await ada.evaluateHandle(() => {
      const counts = { changes: new Array<string>(), reads: 0 }
      const lines = document.querySelector('#lines')
      const config = { subtree: true, childList: true, characterData: true, attributes: true }
      new MutationObserver((records) => {
        for (const { target, type } of records)
          if (target !== lines) counts.changes.push(`${type} of ${target instanceof Element ? target.outerHTML : ''}`)
      }).observe(document, config)
      // oxlint-disable-next-line typescript/unbound-method -- called with the storage that it is asked of
      const { getItem } = Storage.prototype
      Storage.prototype.getItem = function (key): string | null {
        counts.reads++
        return getItem.call(this, key)
      }
      return counts
    })
    await server.app.chat.send({ room: 'lobby', username: 'eve', text: 'one more' })
    await hears(ada, 'one more')
    await expect.poll(() => distance(ada)).toBeLessThan(3)
    await isAtRest(ada)
    const { changes, reads } = await seen.jsonValue()
    expect(changes).toEqual([])
    expect(reads).toBeLessThan(60)
  })

  test('older messages load when scrolling up, and what is read does not move', async () => {
    const server = await startServer({ ring: 700 })
    await fill(server, 700)
    const ada = await (await visitor(browser())).enter(server.url, 'Ada')
    await hears(ada, 'line 700')
    const answer = await holdBack(ada, '**/history?*')
    await ada.locator('#log').evaluate((log) => (log.scrollTop = 300))
    await isAtRest(ada)
    const first = ada.getByText('line 603', { exact: true })
    const at = (): Promise<number> => first.evaluate((line) => Math.round(line.getBoundingClientRect().top))
    const before = await at()
    answer()
    await hears(ada, 'line 505')
    await isAtRest(ada)
    expect(Math.abs((await at()) - before)).toBeLessThan(4)
  })

  test('no more than a thousand lines are kept', async () => {
    const server = await startServer()
    const ada = await (await visitor(browser())).enter(server.url, 'Ada')
    await fill(server, 1300)
    await hears(ada, 'line 1300', 15_000)
    await expect.poll(() => ada.locator('#log li').count()).toBeLessThanOrEqual(1000 + 5)
    await expect.poll(() => distance(ada)).toBeLessThan(3)
  })

  test('messages that were missed are counted, and what is above stays', async () => {
    const server = await startServer({ ring: 10 })
    await fill(server, 5)
    const ada = await (await visitor(browser(), { expectsFailures: true })).enter(server.url, 'Ada')
    await hears(ada, 'line 5')
    await ada.context().setOffline(true)
    await fill(server, 40)
    await ada.context().setOffline(false)
    await hears(ada, 'line 40', 15_000)
    expect(await ada.locator('.gap span').textContent()).toBe('30 messages missed')
    expect(await ada.getByText('line 5', { exact: true }).count()).toBe(1)
  })

  test('a room with many unread messages opens at the first of them, and counts down to none', async () => {
    const server = await startServer()
    await fill(server, 20, 'den')
    const ada = await (await visitor(browser())).enter(server.url, 'Ada', 'den')
    await hears(ada, 'line 20')
    await goTo(ada, 'lobby')
    await fill(server, 40, 'den')
    await ada.getByRole('list', { name: 'Rooms' }).getByText('40 unread').waitFor()
    await goTo(ada, 'den')
    await ada.getByText('New messages').waitFor()
    await expect.poll(() => belowTop(ada, '.new')).toBeLessThan(200)
    expect(await belowTop(ada, '.new')).toBeGreaterThanOrEqual(0)
    expect(await ada.locator('.new + .line .text').textContent()).toBe('line 1')
    await ada.getByRole('button', { name: 'Jump to newest' }).click()
    await expect.poll(() => distance(ada)).toBeLessThan(3)
  })

  test('a room that was left in the middle opens there again', async () => {
    const server = await startServer()
    await fill(server, 200)
    const ada = await (await visitor(browser())).enter(server.url, 'Ada')
    await hears(ada, 'line 200')
    await wheel(ada, -1500)
    const line = ada.getByText('line 150', { exact: true })
    await line.evaluate((text) => text.scrollIntoView({ block: 'center' }))
    await isAtRest(ada)
    const at = (): Promise<number> => line.evaluate((text) => Math.round(text.getBoundingClientRect().top))
    const before = await at()
    await goTo(ada, 'den')
    await goTo(ada, 'lobby')
    await expect.poll(async () => Math.abs((await at()) - before)).toBeLessThan(4)
  })

  test('what is unread is still counted after a reload, with what came meanwhile', async () => {
    const server = await startServer()
    await fill(server, 5, 'den')
    const ada = await (await visitor(browser())).enter(server.url, 'Ada', 'den')
    await hears(ada, 'line 5')
    await goTo(ada, 'lobby')
    await fill(server, 3, 'den')
    await ada.getByRole('list', { name: 'Rooms' }).getByText('3 unread').waitFor()
    await ada.goto('about:blank')
    await fill(server, 4, 'den')
    await ada.goto(`${server.url}/#lobby`)
    await ada.getByRole('list', { name: 'Rooms' }).getByText('7 unread').waitFor()
  })

  test('messages that were missed and are kept are loaded where they are missing', async () => {
    const server = await startServer({ ring: 10, data: temporaryFolder() })
    await fill(server, 5)
    const ada = await (await visitor(browser(), { expectsFailures: true })).enter(server.url, 'Ada')
    await hears(ada, 'line 5')
    await ada.context().setOffline(true)
    await fill(server, 150)
    await ada.context().setOffline(false)
    await ada.getByText('140 messages missed').waitFor({ timeout: 15_000 })
    const load = ada.getByRole('button', { name: 'Load' })
    await load.click()
    await ada.getByText(/^40 messages missed/).waitFor()
    await load.click()
    await ada.locator('.gap').waitFor({ state: 'detached' })
    const texts = await ada.locator('#lines .text').allTextContents()
    expect(texts.slice(5)).toEqual(Array.from({ length: 150 }, (_, i) => `line ${i + 1}`))
  })

  test('messages that were missed and are kept nowhere are said to be gone', async () => {
    const server = await startServer({ ring: 10 })
    await fill(server, 5)
    const ada = await (await visitor(browser(), { expectsFailures: true })).enter(server.url, 'Ada')
    await hears(ada, 'line 5')
    await ada.context().setOffline(true)
    await fill(server, 30)
    await ada.context().setOffline(false)
    await ada.getByRole('button', { name: 'Load' }).click({ timeout: 15_000 })
    await ada.getByText('20 messages missed, no longer kept').waitFor()
    expect(await ada.getByRole('button', { name: 'Load' }).count()).toBe(0)
  })
})

async function fill({ app }: TestServer, many: number, room = 'lobby'): Promise<void> {
  for (let i = 1; i <= many; i++)
    await app.chat.send({ room, username: i % 3 === 0 ? 'bob' : 'cyd', text: `line ${i}` })
}

async function wheel(page: Page, down: number): Promise<void> {
  const log = page.locator('#log')
  const scroll = await log.evaluateHandle((box) => {
    const seen = { hasEnded: false }
    box.addEventListener('scrollend', () => (seen.hasEnded = true), { once: true })
    return seen
  })
  await log.hover()
  await page.mouse.wheel(0, down)
  await expect.poll(() => scroll.evaluate(({ hasEnded }) => hasEnded)).toBe(true)
  await page.getByRole('button', { name: 'Jump to newest' }).waitFor()
}

async function goTo(page: Page, room: string): Promise<void> {
  await page.evaluate((name) => (location.hash = name), room)
  await page.getByRole('heading', { name: room }).waitFor()
}

async function belowTop(page: Page, selector: string): Promise<number> {
  return page.locator(selector).evaluate((line) => {
    return line.getBoundingClientRect().top - (line.closest('#log')?.getBoundingClientRect().top ?? 0)
  })
}

/** How far the bottom is away. */
async function distance(page: Page): Promise<number> {
  return page.locator('#log').evaluate((log) => log.scrollHeight - log.scrollTop - log.clientHeight)
}
