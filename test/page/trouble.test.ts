// Trouble: the server dies and comes back, the network goes, an answer is lost. Nothing is lost with it, and
// nothing comes twice.

import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { startDropper } from '../support/dropper.js'
import { startServer } from '../support/server.js'
import { count, hasChromium, hears, isLive, parked, say, useBrowser, visitor } from './browser.js'
import { textsOf, writeThroughRestart } from './restarted.js'

describe.skipIf(!hasChromium)('trouble', { timeout: 90_000 }, () => {
  const browser = useBrowser()

  test('the server is killed and comes back while somebody writes: each message arrives once, the gap is told', async () => {
    const ada = await writeThroughRestart(await visitor(browser(), { expectsFailures: true }))
    expect(await ada.locator('.gap').count()).toBe(1)
  })

  test('messages that the new server answered, before the page heard of the restart, are shown once', async () => {
    const first = await startServer()
    const ada = await (await visitor(browser(), { expectsFailures: true })).enter(first.url, 'Ada')
    first.app.http.server.closeAllConnections()
    await first.stop()
    await ada.getByText('Reconnecting').waitFor()
    const poll = await holdPoll(ada)
    const second = await startServer({ port: first.port })
    await poll.answered
    await say(ada, 'one')
    await say(ada, 'two')
    await expect.poll(() => textsOf(second)).toEqual(['one', 'two'])
    // Both are answered, and no poll has brought them.
    await expect.poll(() => ada.locator('#pending li:not([data-state])').count()).toBe(2)
    poll.release()
    await ada.getByText('The server restarted').waitFor({ timeout: 15_000 })
    await hears(ada, 'two')
    expect([await count(ada, 'one'), await count(ada, 'two')]).toEqual([1, 1])
  })

  test('a message that the old server answered, and no poll had brought, stays above the gap', async () => {
    const first = await startServer()
    const ada = await (await visitor(browser(), { expectsFailures: true })).enter(first.url, 'Ada')
    await ada.route('**/poll?*', (route) => route.abort())
    first.app.http.server.closeAllConnections()
    await ada.getByText('Reconnecting').waitFor()
    await say(ada, 'kept')
    await ada.locator('#pending li:not([data-state])').waitFor({ timeout: 15_000 })
    await first.stop()
    await startServer({ port: first.port })
    await ada.unroute('**/poll?*')
    await ada.locator('#lines li:has-text("kept") ~ .gap').waitFor({ timeout: 20_000 })
    expect(await count(ada, 'kept')).toBe(1)
  })

  test('on a phone nothing leaves the screen meanwhile', async () => {
    const server = await startServer()
    const dropper = await startDropper(server.port)
    const phone = { viewport: { width: 390, height: 844 }, expectsFailures: true }
    const ada = await (await visitor(browser(), phone)).enter(dropper.url, 'Ada')
    dropper.cut()
    await ada.getByText('Reconnecting').waitFor()
    for (const width of [390, 320]) {
      await ada.setViewportSize({ width, height: 844 })
      const wide = await ada.evaluate(() =>
        [document.documentElement, document.querySelector('.head')].map((part) => part?.scrollWidth),
      )
      expect(Math.max(...wide.map(Number))).toBeLessThanOrEqual(width)
      expect(await ada.getByRole('button', { name: 'Try now' }).isVisible()).toBe(true)
    }
  })

  test('the button stays below the finger while a message waits, so the next click is one too', async () => {
    const server = await startServer()
    const ada = await (await visitor(browser(), { expectsFailures: true })).enter(server.url, 'Ada')
    await ada.route('**/send', (route) => route.abort())
    const box = ada.getByRole('textbox', { name: 'Message' })
    const button = ada.getByRole('button', { name: 'Send' })
    const before = [await box.boundingBox(), await button.boundingBox()]
    await box.fill('one')
    await box.press('Enter')
    await box.fill('two')
    await button.hover({ position: { x: 20, y: 2 } })
    await ada.mouse.down()
    await ada.getByRole('alert').filter({ hasText: 'No connection' }).waitFor()
    expect([await box.boundingBox(), await button.boundingBox()]).toEqual(before)
    await ada.mouse.up()
    await ada.unroute('**/send')
    await expect.poll(() => textsOf(server), { timeout: 20_000 }).toEqual(['one', 'two'])
  })

  test('the answers to a message are lost on their way: it arrives once', async () => {
    const server = await startServer()
    const dropper = await startDropper(server.port)
    const ada = await (await visitor(browser(), { expectsFailures: true })).enter(dropper.url, 'Ada')
    dropper.drop = 3
    await say(ada, 'only once')
    await hears(ada, 'only once')
    await expect.poll(() => ada.locator('#pending li').count(), { timeout: 20_000 }).toBe(0)
    await say(ada, 'the end')
    await expect.poll(() => textsOf(server), { timeout: 20_000 }).toEqual(['only once', 'the end'])
    expect(dropper.dropped).toBeGreaterThan(0)
    expect(await count(ada, 'only once')).toBe(1)
  })

  test('a message that waits survives a reload, and goes out under the same key', async () => {
    const server = await startServer()
    const dropper = await startDropper(server.port)
    const ada = await (await visitor(browser(), { expectsFailures: true })).enter(dropper.url, 'Ada')
    await ada.route('**/send', (route) => route.abort())
    await say(ada, 'later')
    await ada.getByRole('button', { name: 'Retry' }).waitFor()
    await ada.unroute('**/send')
    await ada.reload()
    await expect.poll(() => textsOf(server), { timeout: 20_000 }).toEqual(['later'])
    await hears(ada, 'later')
  })

  test('a server that stops says so, and the page waits as it was asked to', async () => {
    const first = await startServer()
    const ada = await (await visitor(browser(), { expectsFailures: true })).enter(first.url, 'Ada')
    await expect.poll(() => parked(first.url)).toBe(1)
    await Promise.all([ada.getByText('Server is shutting down').waitFor({ timeout: 15_000 }), first.stop()])
    await startServer({ port: first.port })
    await isLive(ada, 30_000)
  })

  test('a lost connection is told with its seconds, and "Try now" tries now', async () => {
    const server = await startServer()
    const dropper = await startDropper(server.port)
    const who = await visitor(browser(), { expectsFailures: true })
    await who.context.clock.install()
    const ada = await who.enter(dropper.url, 'Ada')
    await expect.poll(() => parked(server.url)).toBe(1)
    await stopClock(ada)
    dropper.cut()
    await ada.getByText(/Reconnecting (in \d+ s|now)/).waitFor({ timeout: 15_000 })
    dropper.down = false
    await ada.getByRole('button', { name: 'Try now' }).click()
    await isLive(ada)
  })

  test('a connection that is lost while the page still loads its code is told, and "Try now" goes on', async () => {
    const { url } = await startServer()
    const who = await visitor(browser(), { expectsFailures: true })
    await who.context.clock.install()
    const ada = await who.open(url)
    await stopClock(ada)
    // Lost after the first answer: until then the page says what the poll says.
    await ada.route('**/leader.js', async (route) => {
      await isLive(ada)
      await route.abort()
    })
    await ada.getByRole('textbox', { name: 'Your name' }).fill('Ada')
    await ada.getByRole('button', { name: 'Join' }).click()
    await ada.getByText(/Reconnecting (in \d+ s|now)/).waitFor({ timeout: 15_000 })
    expect(await parked(url)).toBe(0)
    await ada.unroute('**/leader.js')
    await ada.getByRole('button', { name: 'Try now' }).click()
    await isLive(ada)
    await expect.poll(() => parked(url)).toBe(1)
  })

  test('too many messages: said in words above the box, and sent later', async () => {
    const { url } = await startServer()
    const ada = await (await visitor(browser(), { expectsFailures: true })).enter(url, 'Ada')
    let left = 1
    await ada.route('**/send', (route) => {
      if (left-- <= 0) return route.continue()
      const body = JSON.stringify({
        code: 'rate_limited',
        detail: 'you write faster than anybody reads: wait a second',
      })
      return route.fulfill({
        status: 429,
        contentType: 'application/problem+json',
        headers: { 'Retry-After': '4' },
        body,
      })
    })
    await say(ada, 'quick')
    await ada.getByRole('alert').filter({ hasText: 'faster than anybody reads' }).waitFor()
    await hears(ada, 'quick', 20_000)
    expect(await count(ada, 'quick')).toBe(1)
    await expect.poll(() => ada.getByRole('alert').filter({ hasText: 'faster' }).count()).toBe(0)
  })
})

/** Stops the clock of a page: it tries nothing again by itself. */
async function stopClock(page: Page): Promise<void> {
  await page.clock.pauseAt(await page.evaluate(() => Date.now() + 1000))
}

/** Holds the next good answer to a poll of this page: the server has made it, and the page waits for it. */
async function holdPoll(page: Page): Promise<{ readonly answered: Promise<void>; release(): void }> {
  let isHeld = true
  let release = (): void => undefined
  const released = new Promise<void>((resolve) => {
    release = () => {
      isHeld = false
      resolve()
    }
  })
  let tell = (): void => undefined
  const answered = new Promise<void>((resolve) => (tell = resolve))
  await page.route('**/poll?*', async (route) => {
    if (!isHeld) return route.continue()
    const response = await route.fetch().catch(() => undefined)
    if (response === undefined) return route.abort()
    const body = await response.body()
    if (!response.ok()) return route.fulfill({ response, body })
    tell()
    await released
    await route.fulfill({ response, body })
  })
  return { answered, release }
}
