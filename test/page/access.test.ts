// Accessibility: no violation that axe finds, and everything by keyboard.

import { describe, expect, test } from 'vitest'
import { startServer, type TestServer } from '../support/server.js'
import { violations } from './axe.js'
import { hasChromium, hears, isLive, say, useBrowser, visitor } from './browser.js'

const SIZES = { phone: { width: 390, height: 844 }, laptop: { width: 1366, height: 768 } }

describe.skipIf(!hasChromium)('access', { timeout: 120_000 }, () => {
  const browser = useBrowser()

  for (const [size, viewport] of Object.entries(SIZES)) {
    for (const colorScheme of ['light', 'dark'] as const) {
      test(`axe finds nothing on a ${size} in ${colorScheme}: the first sheet, an empty room, a busy one`, async () => {
        const server = await startServer()
        const who = await visitor(browser(), { viewport, colorScheme, expectsFailures: true })
        const sheet = await who.open(server.url)
        expect(await violations(sheet)).toEqual([])
        await sheet.close()
        const ada = await who.enter(server.url, 'Ada', 'quiet')
        expect(await violations(ada)).toEqual([])
        await fill(server)
        await ada.evaluate(() => (location.hash = 'lobby'))
        await hears(ada, 'hello 29')
        await say(ada, 'refused \u202e')
        await ada.getByRole('button', { name: 'Retry' }).waitFor()
        expect(await violations(ada)).toEqual([])
        if (size === 'phone') {
          await ada.getByRole('button', { name: 'Rooms' }).click()
          expect(await violations(ada)).toEqual([])
          await ada.keyboard.press('Escape')
        }
        await ada.keyboard.press('Control+k')
        await ada.getByRole('combobox').waitFor()
        expect(await violations(ada)).toEqual([])
        await ada.keyboard.press('Escape')
        await ada.getByRole('button', { name: 'Share' }).click()
        await ada.getByRole('dialog').waitFor()
        expect(await violations(ada)).toEqual([])
      })
    }
  }

  for (const [size, viewport] of Object.entries(SIZES))
    test(`axe finds nothing in what is rarely there on a ${size}: a closed room, a gap, what is folded, the commands`, async () => {
      const server = await startServer({ ring: 10, adminKey: 'key' })
      const ada = await (await visitor(browser(), { viewport, expectsFailures: true })).enter(server.url, 'Ada')
      await say(ada, 'before')
      await hears(ada, 'before')
      await ada.context().setOffline(true)
      await fill(server)
      await server.app.chat.send({ room: 'lobby', username: 'bob', text: 'a line\n'.repeat(60) })
      await ada.context().setOffline(false)
      await ada.getByRole('button', { name: 'Load' }).waitFor({ timeout: 15_000 })
      await ada.locator('#closed').evaluate((notice) => notice.removeAttribute('hidden'))
      await ada.getByRole('textbox', { name: 'Message' }).fill('/help')
      await ada.keyboard.press('Enter')
      await ada.locator('#reply dl').waitFor()
      expect(await violations(ada)).toEqual([])
      await ada.getByRole('button', { name: 'Show all' }).click()
      await ada.locator('#log').evaluate((log) => (log.scrollTop = 0))
      expect(await violations(ada)).toEqual([])
    })

  test('by keyboard alone: join, send, another room, retry', async () => {
    const { url } = await startServer()
    const page = await (await visitor(browser(), { expectsFailures: true })).open(url)
    await page.getByRole('textbox', { name: 'Your name' }).waitFor()
    await page.keyboard.type('Ada')
    await page.keyboard.press('Enter')
    await isLive(page)
    await page.keyboard.type('hello')
    await page.keyboard.press('Enter')
    await hears(page, 'hello')
    await page.locator('.head [aria-keyshortcuts]').waitFor()
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox').waitFor()
    await page.keyboard.type('den')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'den' }).waitFor()
    await page.route(
      '**/send',
      (route) =>
        route.fulfill({
          status: 400,
          contentType: 'application/problem+json',
          body: '{"code":"bad_request","detail":"no"}',
        }),
      { times: 1 },
    )
    await page.keyboard.type('in the den')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Retry' }).waitFor()
    await page.keyboard.press('Shift+Tab')
    await page.keyboard.press('Shift+Tab')
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Retry')
    await page.keyboard.press('Enter')
    await page.locator('#lines').getByText('in the den').waitFor()
    await page.keyboard.press('Escape')
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('message')
  })

  test('a line that has the focus shows its whole date', async () => {
    const server = await startServer()
    await fill(server)
    const ada = await (await visitor(browser())).enter(server.url, 'Ada')
    await hears(ada, 'hello 29')
    await ada.getByRole('log', { name: 'Messages' }).focus()
    await ada.keyboard.press('ArrowUp')
    const shown = await ada.evaluate(() => {
      const time = document.activeElement?.querySelector('time') ?? null
      return time === null ? '' : getComputedStyle(time, '::after').content
    })
    expect(shown).toMatch(/\d{4}/)
    await ada.keyboard.press('ArrowUp')
    expect(await ada.evaluate(() => document.activeElement?.querySelector('.text')?.textContent)).toBe('hello 29')
  })

  test('with forced colours and without motion it is still there', async () => {
    const server = await startServer()
    const who = await visitor(browser())
    const ada = await who.enter(server.url, 'Ada')
    await ada.emulateMedia({ forcedColors: 'active', reducedMotion: 'reduce' })
    await say(ada, 'still here')
    await hears(ada, 'still here')
    expect(
      await ada.getByRole('button', { name: 'Send' }).evaluate((button) => getComputedStyle(button).transitionDuration),
    ).toBe('0s')
  })
})

async function fill({ app }: TestServer): Promise<void> {
  for (let i = 0; i < 30; i++) await app.chat.send({ room: 'lobby', username: `person ${i % 9}`, text: `hello ${i}` })
  await app.chat.send({ room: 'lobby', username: 'bob', text: 'see `code`, @Ada\n```\nmore\n```\nhttps://example.com' })
}
