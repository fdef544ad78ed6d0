// Names behind an @: offered while one writes, and marked where they stand.

import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { startServer, type TestServer } from '../support/server.js'
import { violations } from './axe.js'
import { hasChromium, hears, PHONE, useBrowser, visitor } from './browser.js'

describe.skipIf(!hasChromium)('a name behind an @', { timeout: 60_000 }, () => {
  const browser = useBrowser()

  test('is offered, newest speakers first, and chosen by keyboard alone', async () => {
    const server = await startServer()
    await people(server, 'Zoë', 'Jörg Müller', 'anna', 'Bob')
    await speak(server, 'Bob', 'first')
    await speak(server, 'Zoë', 'second')
    const ada = await enter(browser(), server.url)
    await hears(ada, 'second')
    await ada.keyboard.type('hi @')
    await expect.poll(() => names(ada)).toEqual(['Zoë', 'Bob', 'anna', 'Jörg Müller'])
    expect(await violations(ada)).toEqual([])
    await ada.keyboard.press('ArrowDown')
    await ada.keyboard.press('ArrowDown')
    await ada.keyboard.press('ArrowUp')
    expect(await pointed(ada)).toBe('Bob')
    await ada.keyboard.press('Enter')
    expect(await written(ada)).toBe('hi @Bob ')
    await ada.keyboard.type('and @MUL')
    await expect.poll(() => names(ada)).toEqual(['Jörg Müller'])
    await ada.keyboard.press('Tab')
    expect(await written(ada)).toBe('hi @Bob and @Jörg Müller ')
    await ada.keyboard.type('@zoe')
    await expect.poll(() => names(ada)).toEqual(['Zoë'])
    await ada.keyboard.press('Escape')
    expect(await ada.getByRole('listbox').count()).toBe(0)
    expect(await written(ada)).toBe('hi @Bob and @Jörg Müller @zoe')
    await ada.keyboard.press('Enter')
    await hears(ada, 'hi @Bob and @Jörg Müller @zoe')
    expect(await written(ada)).toBe('')
  })

  test('does not disturb what is written: an address, a word that no name fits, a line that is sent', async () => {
    const server = await startServer()
    await people(server, 'Bob', 'Mei')
    const ada = await enter(browser(), server.url)
    for (const text of ['ada@bob', '@nobody', '@Bob']) {
      await ada.keyboard.type(text)
      expect(await ada.getByRole('listbox').count()).toBe(0)
      await ada.keyboard.press('Enter')
      await hears(ada, text)
    }
    await ada.keyboard.type('@')
    await ada.getByRole('listbox').waitFor()
    await ada.keyboard.press('Control+Enter')
    await hears(ada, '@')
    expect(await ada.getByRole('listbox').count()).toBe(0)
    await ada.keyboard.type('@')
    await ada.getByRole('listbox').waitFor()
    await ada.keyboard.press('Shift+Tab')
    await ada.getByRole('listbox').waitFor({ state: 'hidden' })
  })

  test('is chosen by mouse, and the box keeps the focus', async () => {
    const server = await startServer()
    await people(server, 'Bob', 'Mei')
    const ada = await enter(browser(), server.url)
    await ada.keyboard.type('@ is here')
    for (let i = 0; i < ' is here'.length; i++) await ada.keyboard.press('ArrowLeft')
    await ada.getByRole('textbox', { name: 'Message' }).press('m')
    await ada.getByRole('option', { name: 'Mei' }).click()
    expect(await written(ada)).toBe('@Mei is here')
    await ada.keyboard.type('!')
    expect(await written(ada)).toBe('@Mei! is here')
  })

  test('is marked where it stands: lightly for others, and not in code or an address', async () => {
    const server = await startServer()
    await people(server, 'Bob', 'Jörg Müller')
    const ada = await enter(browser(), server.url)
    const text = '@Bob, @jörg müller and @Ada: `@Bob` https://example.com/@Bob me@Bob @Bobby'
    await server.app.chat.send({ room: 'lobby', username: 'guest', text })
    await expect.poll(() => ada.locator('#log .mention').allTextContents()).toEqual(['@Bob', '@jörg müller'])
    expect(await ada.locator('#log mark').allTextContents()).toEqual(['@Ada'])
    await server.app.chat.send({ room: 'lobby', username: 'guest', text: 'where is @Kim?' })
    await hears(ada, 'where is @Kim?')
    await people(server, 'Kim')
    await expect.poll(() => ada.locator('#log .mention').allTextContents()).toContain('@Kim')
    expect(await violations(ada)).toEqual([])
  })

  for (const colorScheme of ['light', 'dark'] as const)
    test(`is chosen by a tap on a phone in Arabic and ${colorScheme}, and axe finds nothing`, async () => {
      const server = await startServer()
      await people(server, 'دينا', 'Bob')
      const page = await (await visitor(browser(), { ...PHONE, colorScheme })).open(`${server.url}/?lang=ar#lobby`)
      await page.locator('#name').fill('Ada')
      await page.keyboard.press('Enter')
      await page.locator('.head [aria-keyshortcuts]').waitFor()
      await page.locator('#message').pressSequentially('مرحبا @')
      await expect.poll(() => names(page)).toHaveLength(2)
      expect(await violations(page)).toEqual([])
      const [list, box] = [await page.getByRole('listbox').boundingBox(), await page.locator('#message').boundingBox()]
      expect((list?.y ?? 9999) + (list?.height ?? 9999)).toBeLessThanOrEqual((box?.y ?? 0) + 1)
      await page.getByRole('option', { name: 'دينا' }).tap()
      await expect.poll(() => page.locator('#message').inputValue()).toBe('مرحبا @دينا ')
    })
})

async function enter(browser: Parameters<typeof visitor>[0], url: string): Promise<Page> {
  return (await visitor(browser)).enter(url, 'Ada')
}

/** People without a page are in the room. */
async function people({ url }: TestServer, ...all: string[]): Promise<void> {
  for (const username of all) {
    const body = JSON.stringify({ room: 'lobby', username })
    await fetch(`${url}/join`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body })
  }
}

async function speak({ app, url }: TestServer, name: string, text: string): Promise<void> {
  const token = app.chat.rooms.get('lobby')?.presence.holder(name)?.token
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }
  await fetch(`${url}/send`, { method: 'POST', headers, body: JSON.stringify({ room: 'lobby', text }) })
}

function names(page: Page): Promise<string[]> {
  return page.locator('#names [role="option"]').allTextContents()
}

/** The name that the box points to. */
function pointed(page: Page): Promise<string | null | undefined> {
  return page
    .locator('#message')
    .evaluate((box) => document.getElementById(box.getAttribute('aria-activedescendant') ?? '')?.textContent)
}

function written(page: Page): Promise<string> {
  return page.getByRole('textbox', { name: 'Message' }).inputValue()
}
