// On a phone: a narrow screen, a finger, a screen keyboard.

import type { Locator, Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { startDropper } from '../support/dropper.js'
import { startServer, type TestServer } from '../support/server.js'
import { count, hasChromium, hears, PHONE, say, useBrowser, visitor } from './browser.js'

describe.skipIf(!hasChromium)('on a phone', { timeout: 60_000 }, () => {
  const browser = useBrowser()

  test('Retry and Delete stand below the message that they are for', async () => {
    const { url } = await startServer()
    const ada = await (await visitor(browser(), PHONE)).enter(url, 'Ada')
    await say(ada, 'said')
    await hears(ada, 'said')
    await say(ada, 'refused \u202e')
    const retry = await boxOf(ada.getByRole('button', { name: 'Retry' }))
    const text = await boxOf(ada.locator('#pending .text'))
    expect(retry.y).toBeGreaterThanOrEqual(text.y + text.height)
  })

  test('the log is followed while one message failed and one waits, and no button covers Delete', async () => {
    const server = await startServer()
    const dropper = await startDropper(server.port)
    await fill(server, 30)
    const ada = await (await visitor(browser(), PHONE)).enter(dropper.url, 'Ada')
    await hears(ada, 'line 30')
    await say(ada, 'refused \u202e')
    await ada.getByRole('button', { name: 'Retry' }).waitFor()
    await ada.route('**/send', (route) => route.abort())
    await say(ada, 'waits')
    await ada.getByText('Not sent yet').waitFor()
    for (let i = 0; i < 8; i++) {
      // What waits is tried again: its buttons go, and are there again when that failed, at once.
      await ada.evaluate(() => {
        dispatchEvent(new Event('online'))
        document.querySelector('#log')?.getBoundingClientRect()
      })
      await ada.waitForTimeout(60)
    }
    await fill(server, 3)
    await expect.poll(() => distance(ada)).toBeLessThan(3)
    await ada.getByRole('button', { name: 'Jump to newest' }).waitFor({ state: 'hidden' })
    await wheelUp(ada)
    const jump = await boxOf(ada.getByRole('button', { name: 'Jump to newest' }))
    // Those of what waits are away for a moment, each time that it is tried again.
    let ends: number[] = []
    const look = async (): Promise<number> => {
      const remove = ada.getByRole('button', { name: 'Delete' })
      ends = await remove.evaluateAll((all) => all.map((button) => button.getBoundingClientRect().right))
      return ends.length
    }
    await expect.poll(look).toBe(2)
    expect(Math.max(...ends)).toBeLessThanOrEqual(jump.x)
  })

  test('Enter starts a line, and the button sends', async () => {
    const { url } = await startServer()
    const ada = await (await visitor(browser(), PHONE)).enter(url, 'Ada')
    await ada.getByRole('textbox', { name: 'Message' }).focus()
    await ada.keyboard.type('one')
    await ada.keyboard.press('Enter')
    await ada.keyboard.type('two')
    expect(await ada.getByRole('textbox', { name: 'Message' }).inputValue()).toBe('one\ntwo')
    await ada.getByRole('button', { name: 'Send' }).click()
    await hears(ada, 'one two')
  })

  test('the connection is a bar below the header, there only when something is wrong, and the room’s name keeps its place', async () => {
    const { url } = await startServer()
    const ada = await (await visitor(browser(), PHONE)).enter(url, 'Ada', 'physics-9b')
    const status = ada.getByRole('status', { name: 'Connection' })
    const log = ada.getByRole('log', { name: 'Messages' })
    const before = await boxOf(log)
    expect((await boxOf(ada.locator('.bar'))).height).toBe(1)
    await ada.context().setOffline(true)
    await status.filter({ hasText: /Offline|Reconnecting/ }).waitFor()
    const bar = await boxOf(ada.locator('.bar'))
    expect(bar.width).toBe(390)
    expect(bar.height).toBeLessThan(40)
    expect((await boxOf(log)).height).toBeCloseTo(before.height - bar.height, 0)
    expect(await isCut(ada.getByRole('heading', { name: 'physics-9b' }))).toBe(false)
    await ada.setViewportSize({ width: 320, height: 568 })
    expect(await isCut(ada.getByRole('heading', { name: 'physics-9b' }))).toBe(false)
  })

  test('every box has type that a phone does not enlarge the page for', async () => {
    const { url } = await startServer({ adminKey: 'key' })
    const ada = await (await visitor(browser(), PHONE)).enter(url, 'Ada')
    await ada.getByText('Moderate', { exact: true }).first().waitFor({ state: 'attached' })
    const sizes = (): Promise<number[]> =>
      ada
        .locator('input:not([type=checkbox]), textarea')
        .evaluateAll((boxes) => boxes.map((box) => Number.parseFloat(getComputedStyle(box).fontSize)))
    await expect.poll(async () => (await sizes()).length).toBeGreaterThan(4)
    expect(Math.min(...(await sizes()))).toBeGreaterThanOrEqual(16)
  })

  test('a message of four thousand lines is folded, and unfolds', async () => {
    const server = await startServer()
    const ada = await (await visitor(browser(), PHONE)).enter(server.url, 'Ada')
    await server.app.chat.send({ room: 'lobby', username: 'bob', text: `${'a\n'.repeat(1998)}end` })
    const text = ada.locator('#lines .text')
    await text.waitFor()
    expect((await boxOf(text)).height).toBeLessThan(450)
    await ada.getByRole('button', { name: 'Show all' }).click()
    expect((await boxOf(text)).height).toBeGreaterThan(10_000)
    await ada.getByRole('button', { name: 'Show less' }).click()
    expect((await boxOf(text)).height).toBeLessThan(450)
    expect(await count(ada, 'end')).toBe(0)
  })
})

async function fill({ app }: TestServer, many: number): Promise<void> {
  for (let i = 1; i <= many; i++) await app.chat.send({ room: 'lobby', username: 'bob', text: `line ${i}` })
}

async function boxOf(what: Locator): Promise<{ x: number; y: number; width: number; height: number }> {
  await what.waitFor()
  const box = await what.boundingBox()
  if (box === null) throw new Error('it is not on the screen')
  return box
}

async function isCut(what: Locator): Promise<boolean> {
  return what.evaluate((element) => element.scrollWidth > element.clientWidth)
}

async function distance(page: Page): Promise<number> {
  return page.locator('#log').evaluate((log) => log.scrollHeight - log.scrollTop - log.clientHeight)
}

/** Again, where what waits was tried in the same moment, which puts the log to its end. */
async function wheelUp(page: Page): Promise<void> {
  const scroll = async (): Promise<number> => {
    await page.locator('#log').evaluate((log) => log.scrollBy(0, -60))
    return page.getByRole('button', { name: 'Jump to newest' }).count()
  }
  await expect.poll(scroll).toBe(1)
}
