// The page in another language: the browser's, or the one that is asked for, and all of it.

import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { words } from '../../static/words.js'
import { words as de } from '../../static/words/de.js'
import { later } from '../../static/words/later.js'
import { PLACES, written } from '../../static/words/written.js'
import { startServer, type TestServer } from '../support/server.js'
import { violations } from './axe.js'
import { hasChromium, PHONE, useBrowser, type Visitor, visitor } from './browser.js'

describe.skipIf(!hasChromium)('language', { timeout: 120_000 }, () => {
  const browser = useBrowser()

  test('index.html says in English what its table says', async () => {
    const { url } = await startServer()
    const page = await (await visitor(browser())).open(url)
    const said = await page.evaluate(
      (places) =>
        places.map(([key, ...all]) => [
          key,
          ...all.map((place) => {
            const [selector = '', attribute] = place.split('@')
            const found = document.querySelector(selector)
            if (attribute !== undefined) return found?.getAttribute(attribute)
            const text = [...(found?.childNodes ?? [])].map((node) =>
              node.nodeName === 'KBD' ? `[${node.textContent}]` : node.textContent,
            )
            return text.join('').replace(/\s+/g, ' ').trim()
          }),
        ]),
      PLACES,
    )
    expect(said).toEqual(PLACES.map(([key, ...all]) => [key, ...all.map(() => written[key])]))
  })

  test('the browser’s language is followed; what is asked for wins, and is kept', async () => {
    const { url } = await startServer()
    const who = await visitor(browser(), { locale: 'fr-CA' })
    const page = await who.open(url)
    await page.getByRole('button', { name: 'Entrer' }).waitFor()
    expect(await languageOf(page)).toEqual(['fr', ''])
    await page.goto(`${url}/?lang=es`)
    await page.getByText('Tu nombre').waitFor()
    await page.goto(url)
    await page.getByText('Tu nombre').waitFor()
    await page.goto(`${url}/?lang=xx`)
    await page.getByRole('button', { name: 'Entrer' }).waitFor()
    expect(await languageOf(page)).toEqual(['fr', ''])
    await page.goto(`${url}/?lang=en`)
    await page.getByText('Your name').waitFor()
    expect(await languageOf(page)).toEqual(['en', ''])
  })

  test('a browser whose languages the page has not sees English; a language that does not load too', async () => {
    const { url } = await startServer()
    const page = await (await visitor(browser(), { locale: 'fi' })).open(url)
    await page.getByText('Your name').waitFor()
    const lost = await visitor(browser(), { locale: 'de', expectsFailures: true })
    await lost.context.route('**/de.js', (route) => route.abort())
    await (await lost.open(url)).getByText('Your name').waitFor()
  })

  test('no English is shown before the words of the language are there', async () => {
    const { url } = await startServer()
    const who = await visitor(browser(), { locale: 'de' })
    await who.context.route('**/de.js', async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 500))
      await route.continue()
    })
    await who.context.addInitScript(watchForEnglish)
    const page = await who.open(url)
    await page.getByText('Dein Name').waitFor()
    expect(await page.evaluate(() => document.documentElement.dataset['flashed'])).toBeUndefined()
  })

  test('in German no English is left, on the sheet and in the rooms', async () => {
    const server = await startServer({ ring: 10, adminKey: 'key' })
    const who = await visitor(browser(), { expectsFailures: true })
    const page = await who.open(`${server.url}/?lang=de#lobby`)
    await page.getByText('Noch ist niemand da.').waitFor()
    expect(await englishOn(page)).toEqual([])
    await page.getByRole('button', { name: de.join }).click()
    await page.getByText(de.nameWanted).waitFor()
    await page.getByRole('textbox', { name: de.yourName }).fill('Ada')
    await page.keyboard.press('Enter')
    await isThere(page)
    expect(await englishOn(page)).toEqual([])
    await talk(server)
    await hears(page, 'hallo 4')
    await fetch(`${server.url}/join`, { method: 'POST', body: JSON.stringify({ room: 'lobby', username: 'Kim' }) })
    await page.locator('.me summary').first().click()
    await page.locator('#lines .line').last().hover()
    await page.getByRole('button', { name: de.react }).waitFor()
    await page.getByRole('textbox', { name: de.message, exact: true }).fill('/help')
    await page.keyboard.press('Enter')
    await page.locator('#reply dl').waitFor()
    expect(await englishOn(page)).toEqual([])
    await refusedAndMissed(server, page)
    expect(await englishOn(page)).toEqual([])
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox').fill('neu')
    expect(await englishOn(page)).toEqual([])
    await page.keyboard.press('Escape')
    await page.keyboard.press('Control+Shift+F')
    await page.getByRole('combobox', { name: 'In #lobby suchen' }).fill('fern')
    await page.getByText('Nachrichten gefunden.').waitFor()
    expect(await englishOn(page)).toEqual([])
    await page.keyboard.press('Escape')
    await page.locator('#message').fill('@')
    await page.getByRole('listbox', { name: de.namesToMention }).waitFor()
    expect(await englishOn(page)).toEqual([])
    await page.locator('#message').fill('')
    await page.getByRole('button', { name: de.share }).click()
    await page.getByRole('dialog').waitFor()
    expect(await englishOn(page)).toEqual([])
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: de.projector }).click()
    await page.locator('.crowd').waitFor()
    expect(await englishOn(page)).toEqual([])
    await page.context().setOffline(true)
    await page.getByText(de.offline).waitFor()
    expect(await englishOn(page)).toEqual([])
  })

  test('the page’s own reasons are in the language too', async () => {
    const { url } = await startServer()
    await (await visitor(browser())).enter(url, 'Ada')
    const page = await (await visitor(browser(), { locale: 'de', expectsFailures: true })).open(url)
    await page.locator('#name').fill('Ada')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').filter({ hasText: 'So heißt hier schon jemand.' }).waitFor()
    await page.locator('#name').fill('Eve')
    await page.locator('#room').fill('Klasse 7b')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').filter({ hasText: 'Wie wäre Klasse-7b?' }).waitFor()
  })

  test('a text that begins with a Latin name has the direction of its words', async () => {
    const server = await startServer()
    const page = await enter(await visitor(browser(), { locale: 'ar' }), `${server.url}/#lobby`)
    await server.app.chat.send({ room: 'lobby', username: 'Bob', text: '@Ada مرحبا' })
    const text = page.locator('#lines .text').filter({ hasText: 'مرحبا' })
    expect(await text.evaluate((node) => getComputedStyle(node).direction)).toBe('rtl')
  })

  test('dates, times and lists are as in the language', async () => {
    const server = await startServer()
    for (const name of ['Bob', 'Cem', 'Dora'])
      await server.app.chat.send({ room: 'lobby', username: name, text: `von ${name}` })
    const who = await visitor(browser(), { locale: 'de' })
    const page = await enter(who, `${server.url}/#lobby`)
    const today = new Intl.DateTimeFormat('de', { dateStyle: 'full' }).format(Date.now())
    await page.locator('.day').filter({ hasText: today }).waitFor()
    await page.getByText('Ada ist gekommen').waitFor()
  })

  for (const [size, options] of Object.entries({ phone: PHONE, laptop: { expectsFailures: true } }))
    for (const colorScheme of ['light', 'dark'] as const)
      test(`in Arabic on a ${size} in ${colorScheme} axe finds nothing, and the page runs from right to left`, async () => {
        const server = await startServer()
        const who = await visitor(browser(), { ...options, colorScheme })
        const page = await who.open(`${server.url}/?lang=ar#lobby`)
        await page
          .locator('#join-hint')
          .filter({ hasText: /\p{Script=Arabic}/u })
          .waitFor()
        expect(await languageOf(page)).toEqual(['ar', 'rtl'])
        expect(await violations(page)).toEqual([])
        await page.locator('#name').fill('Ada')
        await page.keyboard.press('Enter')
        await isThere(page)
        expect(await violations(page)).toEqual([])
        await talk(server)
        await hears(page, 'hallo 4')
        expect(await violations(page)).toEqual([])
        await isMirrored(page, size)
        if (size === 'phone') {
          await page.locator('#show-rooms').click()
          await page.locator('#side[data-open]').waitFor()
          const side = await page.locator('#side').boundingBox()
          expect(Math.round((side?.x ?? 0) + (side?.width ?? 0))).toBe(390)
          expect(await violations(page)).toEqual([])
          await page.keyboard.press('Escape')
        }
        await page.locator('#share').click()
        await page.getByRole('dialog').waitFor()
        expect(await violations(page)).toEqual([])
      })
})

/** Names stand right of the red line, what was said left of it, and nothing is wider than the page. */
async function isMirrored(page: Page, size: string): Promise<void> {
  const [name, text, time] = await Promise.all(
    ['.who', '.text', 'time'].map((part) => page.locator(`#lines .line.first ${part}`).last().boundingBox()),
  )
  expect((name?.x ?? 0) + (name?.width ?? 0)).toBeGreaterThan(time?.x ?? 9999)
  if (size === 'laptop') {
    expect(name?.x ?? 0).toBeGreaterThan((text?.x ?? 9999) + (text?.width ?? 9999))
    const line = await page.locator('#middle').evaluate((middle) => {
      const { right } = middle.getBoundingClientRect()
      return right - Number.parseFloat(getComputedStyle(middle, '::before').right)
    })
    expect(line).toBeGreaterThan((text?.x ?? 9999) + (text?.width ?? 9999))
    expect(line).toBeLessThan(name?.x ?? 0)
  }
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true)
}

async function languageOf(page: Page): Promise<[lang: string, dir: string]> {
  return page.evaluate(() => [document.documentElement.lang, document.dir])
}

/** Enters as Ada, whatever the language. */
async function enter(who: Visitor, address: string): Promise<Page> {
  const page = await who.open(address)
  await page.locator('#name').fill('Ada')
  await page.keyboard.press('Enter')
  await isThere(page)
  return page
}

async function isThere(page: Page): Promise<void> {
  await page.locator('#connection[data-state="live"]').waitFor({ state: 'attached' })
}

async function talk({ app }: TestServer): Promise<void> {
  for (let i = 0; i < 5; i++)
    await app.chat.send({ room: 'lobby', username: ['Bob', 'دينا'][i % 2] ?? '', text: `hallo ${i}` })
}

async function hears(page: Page, text: string): Promise<void> {
  await page.locator('#log').getByText(text, { exact: true }).first().waitFor()
}

/** A message that the server refuses, and messages that this page misses. */
async function refusedAndMissed({ app }: TestServer, page: Page): Promise<void> {
  await page.context().setOffline(true)
  for (let i = 0; i < 30; i++) await app.chat.send({ room: 'lobby', username: 'Bob', text: `fern ${i}` })
  await page.locator('#message').fill('nicht zu senden')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: de.retry }).waitFor()
  expect(await englishOn(page)).toEqual([])
  await page.context().setOffline(false)
  await page.getByRole('button', { name: de.load }).waitFor({ timeout: 15_000 })
}

/** English of the tables that can be seen on a page, or heard. */
async function englishOn(page: Page): Promise<string[]> {
  const said = await page.evaluate(() => {
    const isSeen = (element: Element | null): boolean => element?.checkVisibility() === true
    const found: string[] = []
    for (const element of document.querySelectorAll('body *')) {
      if (!isSeen(element) || element.tagName === 'KBD') continue
      for (const name of ['aria-label', 'placeholder', 'title']) found.push(element.getAttribute(name) ?? '')
      for (const node of element.childNodes) if (node.nodeType === Node.TEXT_NODE) found.push(node.textContent ?? '')
      if (element.children.length > 0) found.push(element.textContent ?? '')
    }
    return found.map((text) => text.replace(/\s+/g, ' ').trim()).filter((text) => text !== '')
  })
  const german = new Map<string, unknown>(Object.entries(de))
  const english = Object.entries({ ...words, ...later, ...written })
    .filter(([key, text]) => JSON.stringify(german.get(key)) !== JSON.stringify(text))
    .flatMap(([, text]) => (typeof text === 'string' ? [text] : Object.values(text).map(String)))
    .filter((text) => /[a-z]/.test(text.replace(/\{\w+\}/g, '')))
  const patterns = english.map(
    (text) =>
      new RegExp(
        `^${text
          .trim()
          .replace(/[.*+?^$()|[\]\\]/g, '\\$&')
          .replace(/\{\w+\}/g, '.+')}$`,
      ),
  )
  return said.filter((text) => patterns.some((pattern) => pattern.test(text)))
}

/** Marks the page if any of its English can be seen, at any time. */
function watchForEnglish(): void {
  const look = (): void => {
    const sheet = document.getElementById('join')
    if (sheet?.checkVisibility() === true && /Your name|Pick a name/.test(sheet.textContent ?? ''))
      document.documentElement.dataset['flashed'] = ''
    requestAnimationFrame(look)
  }
  look()
}
