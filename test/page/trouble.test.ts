// Trouble: the server dies and comes back, the network goes, an answer is lost. Nothing is lost with it, and
// nothing comes twice.

import { describe, expect, test } from 'vitest'
import { startDropper } from '../support/dropper.js'
import { startServer } from '../support/server.js'
import { count, hasChromium, hears, isLive, parked, say, useBrowser, visitor } from './browser.js'

describe.skipIf(!hasChromium)('trouble', { timeout: 90_000 }, () => {
  const browser = useBrowser()

  test('the server is killed and comes back while somebody writes: each message arrives once, the gap is told', async () => {
    const first = await startServer()
    const ada = await (await visitor(browser(), { expectsFailures: true })).enter(first.url, 'Ada')
    await say(ada, 'before')
    await hears(ada, 'before')
    first.app.http.server.closeAllConnections()
    await first.stop()
    await say(ada, 'while away 1')
    await say(ada, 'while away 2')
    await ada.getByText('Reconnecting').waitFor()
    const second = await startServer({ port: first.port })
    await isLive(ada, 30_000)
    await expect
      .poll(() => textsOf(second.app.chat.rooms.get('lobby')?.slice(1, 100)), { timeout: 25_000 })
      .toEqual(['while away 1', 'while away 2'])
    await ada.getByText('The server restarted').waitFor()
    await ada.locator('#pending li').first().waitFor({ state: 'detached' })
    const counts = await Promise.all(['before', 'while away 1', 'while away 2'].map((text) => count(ada, text)))
    expect(counts).toEqual([1, 1, 1])
    expect(await ada.locator('.gap').count()).toBe(1)
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

  test('the answers to a message are lost on their way: it arrives once', async () => {
    const server = await startServer()
    const dropper = await startDropper(server.port)
    const ada = await (await visitor(browser(), { expectsFailures: true })).enter(dropper.url, 'Ada')
    dropper.drop = 3
    await say(ada, 'only once')
    await hears(ada, 'only once')
    await expect.poll(() => ada.locator('#pending li').count(), { timeout: 20_000 }).toBe(0)
    await say(ada, 'the end')
    await expect
      .poll(() => textsOf(server.app.chat.rooms.get('lobby')?.slice(1, 100)), { timeout: 20_000 })
      .toEqual(['only once', 'the end'])
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
    await expect
      .poll(() => textsOf(server.app.chat.rooms.get('lobby')?.slice(1, 100)), { timeout: 20_000 })
      .toEqual(['later'])
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
    const ada = await (await visitor(browser(), { expectsFailures: true })).enter(dropper.url, 'Ada')
    dropper.cut()
    await ada.getByText(/Reconnecting (in \d+ s|now)/).waitFor({ timeout: 15_000 })
    dropper.down = false
    await ada.getByRole('button', { name: 'Try now' }).click()
    await isLive(ada, 3000)
  })

  test('too many messages: said in words beside the box, and sent later', async () => {
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

function textsOf(
  entries: readonly { readonly message: { readonly type: string; readonly text: string } }[] | undefined,
): string[] {
  return (entries ?? []).flatMap(({ message }) => (message.type === 'chat' ? [message.text] : []))
}
