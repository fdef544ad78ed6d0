// The search: what was said is found as one types, and gone to in the log, wherever it is.

import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { startServer, type TestServer } from '../support/server.js'
import { violations } from './axe.js'
import { finds, hasChromium, hears, PHONE, useBrowser, visitor } from './browser.js'

describe.skipIf(!hasChromium)('the search', { timeout: 60_000 }, () => {
  const browser = useBrowser()

  test('finds as one types, with the words marked, and goes to the message by keyboard alone', async () => {
    const server = await startServer()
    await say(server, 'bob', 'The Café <b>opens</b> at four', 'see you in the cafe', 'or not')
    const ada = await (await visitor(browser())).enter(server.url, 'Ada')
    await open(ada)
    await ada.keyboard.type('CAFE')
    await finds(ada, ['see you in the cafe', 'The Café <b>opens</b> at four'])
    expect(await ada.locator('#found mark').allTextContents()).toEqual(['cafe', 'Café'])
    await ada.getByText('2 messages found.').waitFor()
    expect(await selected(ada)).toBe('see you in the cafe')
    await ada.keyboard.press('ArrowDown')
    expect(await selected(ada)).toBe('The Café <b>opens</b> at four')
    await ada.keyboard.press('Enter')
    await ada.locator('#lines .line.found:focus').getByText('The Café <b>opens</b> at four').waitFor()
    expect(await ada.getByRole('dialog').count()).toBe(0)
  })

  test('goes to a message that is not on the page, from where one scrolls back to the newest', async () => {
    const server = await startServer({ ring: 2000 })
    for (let i = 1; i <= 600; i++) await say(server, 'bob', i === 200 ? 'the needle' : `line ${i}`)
    const ada = await (await visitor(browser())).enter(server.url, 'Ada')
    await hears(ada, 'line 600')
    await open(ada)
    await ada.keyboard.type('needle')
    await finds(ada, ['the needle'])
    await ada.keyboard.press('Enter')
    const line = ada.locator('#lines .line.found:focus')
    await line.getByText('the needle').waitFor()
    const log = await ada.locator('#log').boundingBox()
    const top = async (): Promise<number> => (await line.boundingBox())?.y ?? 0
    await expect.poll(top).toBeGreaterThan(log?.y ?? 9999)
    expect(await top()).toBeLessThan((log?.y ?? 0) + (log?.height ?? 0))
    await say(server, 'bob', 'said meanwhile')
    const scrollDown = async (): Promise<number> => {
      await ada.locator('#log').evaluate((place) => (place.scrollTop = place.scrollHeight))
      return ada.getByText('said meanwhile').count()
    }
    await expect.poll(scrollDown, { timeout: 30_000, interval: 100 }).toBe(1)
    const said = await ada.locator('#lines .text').allTextContents()
    expect(said.slice(said.indexOf('the needle'))).toEqual([
      'the needle',
      ...Array.from({ length: 400 }, (_, i) => `line ${i + 201}`),
      'said meanwhile',
    ])
    await say(server, 'bob', 'and after')
    await hears(ada, 'and after')
  })

  test('says how far it looked, and goes on from there', async () => {
    const server = await startServer()
    for (let i = 1; i <= 50; i++) await say(server, 'bob', `tea ${i}`)
    const ada = await (await visitor(browser())).enter(server.url, 'Ada')
    await open(ada)
    await ada.keyboard.type('tea')
    const goOn = ada.getByRole('button', { name: 'Search further back' })
    const told = ada.getByText(/^\d+ found among the newest \d+ messages\.$|^50 messages found\.$/)
    await told.waitFor()
    await ada.keyboard.press('Tab')
    await ada.keyboard.press('Tab')
    const pages: number[] = []
    for (let before = 0; ; before += pages.at(-1) ?? 0) {
      await told.waitFor()
      pages.push((await texts(ada)).length - before)
      if ((await told.textContent()) === '50 messages found.') break
      const [count = 0, looked = 0] = (await told.textContent())?.match(/\d+/g)?.map(Number) ?? []
      expect(count).toBe(before + (pages.at(-1) ?? 0))
      // What it looked at are these, and the notes of who came.
      expect(looked - count).toBeLessThan(10)
      await goOn.press('Enter')
    }
    // Twenty at the most: fewer where a busy server has stopped looking before.
    expect(Math.max(...pages)).toBeLessThanOrEqual(20)
    expect(await texts(ada)).toEqual(Array.from({ length: 50 }, (_, i) => `tea ${50 - i}`))
    expect(await goOn.isVisible()).toBe(false)
    expect(await ada.getByRole('combobox').evaluate((box) => box === document.activeElement)).toBe(true)
  })

  test('finds nothing, says so, and Esc gives the focus back to where it was', async () => {
    const { url } = await startServer()
    const ada = await (await visitor(browser())).enter(url, 'Ada')
    await open(ada)
    await ada.keyboard.type('nowhere')
    await ada.getByText('Nothing was found.').waitFor()
    expect(await violations(ada)).toEqual([])
    await ada.keyboard.press('Escape')
    expect(await ada.getByRole('textbox', { name: 'Message' }).evaluate((box) => box === document.activeElement)).toBe(
      true,
    )
    const button = ada.getByRole('button', { name: 'Search', exact: true })
    await button.press('Enter')
    await ada.getByRole('dialog').waitFor()
    await ada.keyboard.press('Escape')
    expect(await button.evaluate((one) => one === document.activeElement)).toBe(true)
  })

  test('asks once for letters that come fast, and forgets the answer to fewer of them', async () => {
    const server = await startServer()
    await say(server, 'bob', 'needle', 'needlework')
    const ada = await (await visitor(browser())).enter(server.url, 'Ada')
    const asked: (string | null)[] = []
    await ada.route('**/history?*q=*', async (route) => {
      const q = new URL(route.request().url()).searchParams.get('q')
      asked.push(q)
      if (q === 'needle') await new Promise((resolve) => setTimeout(resolve, 1000))
      // It was given up meanwhile.
      await route.continue().catch(() => undefined)
    })
    await open(ada)
    await typeFast(ada, 'needle')
    await expect.poll(() => asked).toEqual(['needle'])
    await typeFast(ada, 'needlework')
    await expect.poll(() => texts(ada)).toEqual(['needlework'])
    await ada.waitForTimeout(1200)
    expect(await texts(ada)).toEqual(['needlework'])
    expect(asked).toEqual(['needle', 'needlework'])
  })

  for (const colorScheme of ['light', 'dark'] as const)
    test(`is a sheet over the whole phone, in Arabic and ${colorScheme} too, and axe finds nothing`, async () => {
      const server = await startServer()
      await say(server, 'دينا', 'مرحبا بالجميع', 'مرحبا tea')
      const page = await (await visitor(browser(), { ...PHONE, colorScheme })).open(`${server.url}/?lang=ar#lobby`)
      await page.locator('#name').fill('Ada')
      await page.keyboard.press('Enter')
      await page.locator('.head [aria-keyshortcuts]').tap()
      await page.getByRole('combobox').fill('مرحبا')
      await expect.poll(() => texts(page)).toEqual(['مرحبا tea', 'مرحبا بالجميع'])
      expect(await page.getByRole('dialog').boundingBox()).toMatchObject({ x: 0, y: 0, width: 390 })
      expect(await violations(page)).toEqual([])
      await page.getByRole('option').first().tap()
      await page.locator('#lines .line.found').waitFor()
    })
})

async function say({ app }: TestServer, username: string, ...texts: string[]): Promise<void> {
  for (const text of texts) await app.chat.send({ room: 'lobby', username, text })
}

async function open(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Search', exact: true }).waitFor()
  await page.keyboard.press('Control+Shift+F')
  await page.getByRole('dialog', { name: 'Search in #lobby' }).waitFor()
}

/** Each letter by itself, and all at once. */
async function typeFast(page: Page, words: string): Promise<void> {
  await page.getByRole('combobox').evaluate((box, all) => {
    if (!(box instanceof HTMLInputElement)) return
    for (let i = 1; i <= all.length; i++) {
      box.value = all.slice(0, i)
      box.dispatchEvent(new InputEvent('input', { bubbles: true }))
    }
  }, words)
}

function texts(page: Page): Promise<string[]> {
  return page.locator('#found .said').allTextContents()
}

function selected(page: Page): Promise<string | null> {
  return page.locator('#found [aria-selected="true"] .said').textContent()
}
