// Details: names at the red line, paper, forced colours, the switcher, and how the page reports a wrong address.

import type { Locator, Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { startServer } from '../support/server.js'
import { hasChromium, hears, useBrowser, visitor } from './browser.js'

describe.skipIf(!hasChromium)('the finish', { timeout: 60_000 }, () => {
  const browser = useBrowser()

  test('a name stands at the red line in any writing direction, and a long one keeps off the border', async () => {
    const server = await startServer()
    const ada = await (await visitor(browser())).enter(server.url, 'Ada')
    for (const name of ['Bob', 'דוד', 'Maximiliana-Theodora-Wilhelmina'])
      await server.app.chat.send({ room: 'lobby', username: name, text: `from ${name}` })
    const names = ada.locator('#lines .who')
    await names.nth(2).waitFor()
    const ends = await Promise.all([0, 1].map((i) => inkEnd(names.nth(i))))
    expect(Math.abs((ends[0] ?? 0) - (ends[1] ?? 999))).toBeLessThan(3)
    const long = await names.nth(2).boundingBox()
    const middle = await ada.locator('#middle').boundingBox()
    expect((long?.x ?? 0) - (middle?.x ?? 0)).toBeGreaterThanOrEqual(5)
  })

  test('the box stands below the messages, with a notice above them and without', async () => {
    const { url } = await startServer()
    const ada = await (await visitor(browser())).enter(url, 'Ada')
    const log = ada.getByRole('log', { name: 'Messages' })
    const box = ada.getByRole('textbox', { name: 'Message' })
    for (const hidden of [true, false]) {
      await ada.locator('#closed').evaluate((notice, isHidden) => notice.toggleAttribute('hidden', isHidden), hidden)
      const [above, below] = await Promise.all([log.boundingBox(), box.boundingBox()])
      expect((above?.y ?? 999) + (above?.height ?? 999)).toBeLessThanOrEqual(below?.y ?? 0)
      expect(above?.height).toBeGreaterThan(400)
    }
  })

  test('the name stays in sight while its message scrolls by', async () => {
    const server = await startServer()
    const ada = await (await visitor(browser())).enter(server.url, 'Ada')
    await server.app.chat.send({ room: 'lobby', username: 'bob', text: 'line\n'.repeat(90) })
    await ada.getByRole('button', { name: 'Show all' }).click()
    await ada.locator('#log').evaluate((log) => (log.scrollTop = log.scrollHeight / 2))
    await expect
      .poll(async () => {
        const [name, log] = await Promise.all([
          ada.locator('#lines .who').first().boundingBox(),
          ada.locator('#log').boundingBox(),
        ])
        return (name?.y ?? -1000) - (log?.y ?? 0)
      })
      .toBeGreaterThanOrEqual(0)
  })

  test('emoji alone are drawn in colour', async () => {
    const server = await startServer()
    const ada = await (await visitor(browser())).enter(server.url, 'Ada')
    await server.app.chat.send({ room: 'lobby', username: 'bob', text: '❤' })
    const fonts = await ada.locator('.text.emoji').evaluate((text) => getComputedStyle(text).fontFamily)
    expect(fonts).toMatch(/^"?Apple Color Emoji/)
  })

  test('on paper all messages are there, and nothing that can be pressed', async () => {
    const server = await startServer()
    const ada = await (await visitor(browser(), { colorScheme: 'dark' })).enter(server.url, 'Ada')
    for (let i = 0; i < 200; i++) await server.app.chat.send({ room: 'lobby', username: 'bob', text: `line ${i}` })
    await hears(ada, 'line 199')
    const pdf = await ada.pdf({ format: 'A4' })
    expect(pdf.toString('latin1').match(/\/Type \/Page\b/g)?.length).toBeGreaterThan(3)
    await ada.emulateMedia({ media: 'print' })
    const pressable = await ada.locator('button, textarea, input').all()
    for (const one of pressable) expect(await one.isVisible()).toBe(false)
    expect(await ada.evaluate(() => getComputedStyle(document.querySelector('#middle') ?? document.body).color)).toBe(
      'rgb(28, 39, 51)',
    )
  })

  test('with forced colours the dot of a person who is here is filled', async () => {
    const server = await startServer()
    const ada = await (await visitor(browser())).enter(server.url, 'Ada')
    await ada.emulateMedia({ forcedColors: 'active' })
    const [dot, ink] = await ada
      .locator('#people li')
      .evaluate((line) => [getComputedStyle(line, '::before').backgroundColor, getComputedStyle(document.body).color])
    expect(dot).toBe(ink)
  })

  test('jumping by keyboard keeps the focus in the log', async () => {
    const server = await startServer()
    for (let i = 0; i < 60; i++) await server.app.chat.send({ room: 'lobby', username: 'bob', text: `line ${i}` })
    const ada = await (await visitor(browser())).enter(server.url, 'Ada')
    await hears(ada, 'line 59')
    await ada.locator('#log').evaluate((log) => (log.scrollTop = 0))
    const jump = ada.getByRole('button', { name: 'Jump to newest' })
    await jump.focus()
    await ada.keyboard.press('Enter')
    await jump.waitFor({ state: 'hidden' })
    expect(await ada.evaluate(() => document.activeElement?.id)).toBe('log')
  })
})

describe.skipIf(!hasChromium)('the switcher', { timeout: 60_000 }, () => {
  const browser = useBrowser()

  test('opens with the key, and takes what is typed at once, however slowly it loads', async () => {
    const { url } = await startServer()
    const who = await visitor(browser())
    let arrive = (): void => undefined
    const arrived = new Promise<void>((resolve) => (arrive = resolve))
    await who.context.route('**/switcher.js', async (route) => {
      await arrived
      await route.continue()
    })
    const ada = await who.enter(url, 'Ada')
    await ada.keyboard.press('Control+k')
    await ada.keyboard.type('den')
    await ada.keyboard.press('Enter')
    arrive()
    await ada.getByRole('combobox').waitFor()
    expect(await ada.getByRole('combobox').inputValue()).toBe('den')
    expect(await ada.getByRole('textbox', { name: 'Message' }).inputValue()).toBe('')
    expect(await ada.locator('#lines .line, #pending .line').count()).toBe(0)
    await ada.keyboard.press('Escape')
    await ada.keyboard.press('Control+k')
    await expect.poll(() => ada.getByRole('combobox').count()).toBe(1)
  })

  test('puts names that begin with it first, and keeps the chosen one in sight', async () => {
    const { url } = await startServer()
    const ada = await (await visitor(browser(), { viewport: { width: 900, height: 400 } })).enter(url, 'Ada')
    for (const room of ['physics-9b', 'staff-room', ...Array.from({ length: 10 }, (_, i) => `room-${i}`)]) {
      await ada.evaluate((name) => (location.hash = name), room)
      await ada.getByRole('heading', { name: room }).waitFor()
    }
    await ada.keyboard.press('Control+k')
    await ada.keyboard.type('s')
    const options = ada.getByRole('option')
    const first = async (): Promise<string[]> => (await options.allTextContents()).slice(0, 2)
    await expect.poll(first).toEqual(['staff-room', 'physics-9b'])
    await ada.keyboard.press('Backspace')
    await ada.keyboard.press('ArrowUp')
    await expect.poll(() => isInSight(ada)).toBe(true)
  })
})

describe.skipIf(!hasChromium)('what is wrong is said where it is', { timeout: 60_000 }, () => {
  const browser = useBrowser()

  test('an address with what is no room is no silent lobby', async () => {
    const { url } = await startServer()
    const who = await visitor(browser())
    const ada = await who.open(`${url}/#Klasse 7b`)
    await ada.getByText('How about Klasse-7b?').waitFor()
    await ada.getByRole('textbox', { name: 'Room' }).fill('Klasse-7b')
    await ada.getByRole('textbox', { name: 'Your name' }).fill('Ada')
    await ada.keyboard.press('Enter')
    await ada.getByRole('heading', { name: 'Klasse-7b' }).waitFor()
    await ada.evaluate(() => (location.hash = 'Klasse 7b'))
    await ada.getByRole('alert').filter({ hasText: 'How about Klasse-7b?' }).waitFor()
    expect(new URL(ada.url()).hash).toBe('#Klasse-7b')
    const again = await who.open(`${url}/#Klasse%208`)
    await again.getByRole('alert').filter({ hasText: 'How about Klasse-8?' }).waitFor()
  })

  test('what is wrong with a name stands below the name', async () => {
    const { url } = await startServer()
    const page = await (await visitor(browser(), { expectsFailures: true })).open(url)
    await page.getByRole('textbox', { name: 'Your name' }).fill('[x]')
    await page.getByRole('button', { name: 'Join' }).click()
    const error = await page.locator('#name-error').filter({ hasText: /./ }).boundingBox()
    const room = await page.getByRole('textbox', { name: 'Room' }).boundingBox()
    expect(error?.y).toBeLessThan(room?.y ?? 0)
    expect(await page.locator('#room-error').textContent()).toBe('')
  })
})

/** Where the letters of a name end, from the left. */
async function inkEnd(name: Locator): Promise<number> {
  return name.evaluate((element) => {
    const range = document.createRange()
    range.selectNodeContents(element)
    return range.getBoundingClientRect().right
  })
}

async function isInSight(page: Page): Promise<boolean> {
  return page.getByRole('option', { selected: true }).evaluate((option) => {
    const { top, bottom } = option.getBoundingClientRect()
    const list = option.parentElement?.getBoundingClientRect()
    return list !== undefined && top >= list.top - 1 && bottom <= Math.min(list.bottom, innerHeight) + 1
  })
}
