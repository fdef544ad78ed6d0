// The stage, for a projector: what it shows, the way in for people who come late, and addresses that work from other
// machines.

import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { startServer } from '../support/server.js'
import { violations } from './axe.js'
import { hasChromium, hears, isLive, say, useBrowser, visitor, type Visitor } from './browser.js'
import { readCode } from './code.js'

const ADDRESSES = ['http://192.168.1.20:8000', 'http://10.0.0.7:8000']
const PROJECTOR = { viewport: { width: 1920, height: 1080 } }

describe.skipIf(!hasChromium)('the stage', { timeout: 120_000 }, () => {
  const browser = useBrowser()

  /** Opens the page on the server's own machine, which is told these addresses. */
  async function onLocalhost(who: Visitor, url: string, path: string, addresses: readonly string[]): Promise<Page> {
    await who.context.route('**/addresses', (route) => route.fulfill({ json: { addresses } }))
    const page = await who.open(`${url.replace('127.0.0.1', 'localhost')}${path}`)
    await page.getByRole('textbox', { name: 'Your name' }).fill('Ms Vogel')
    await page.getByRole('button', { name: 'Join' }).click()
    await isLive(page)
    return page
  }

  for (const colorScheme of ['light', 'dark'] as const) {
    test(`an empty room shows its address and its code full-size, in ${colorScheme}`, async () => {
      const { url } = await startServer()
      const who = await visitor(browser(), { ...PROJECTOR, colorScheme })
      const page = await onLocalhost(who, url, '/?big#physics-9b', ADDRESSES)
      const invitation = page.getByRole('region', { name: 'Invitation' })
      await invitation.getByText('192.168.1.20:8000/#physics-9b').waitFor()
      const code = invitation.getByRole('img')

      expect(await readCode(code)).toBe('http://192.168.1.20:8000/#physics-9b')
      expect((await code.boundingBox())?.height).toBeGreaterThanOrEqual(0.4 * PROJECTOR.viewport.height)
      expect(await violations(page)).toEqual([])
    })
  }

  test('where people talk there is a strip with the room, how many there are, the address and its code', async () => {
    const { url, app } = await startServer()
    const page = await onLocalhost(await visitor(browser(), PROJECTOR), url, '/?big#physics-9b', ADDRESSES)
    await page.getByText('1 person is here').waitFor()
    await (await visitor(browser())).enter(url, 'Ada', 'physics-9b')
    await page.getByText('2 people are here').waitFor()
    await app.chat.send({ room: 'physics-9b', username: 'Ben', text: 'hello' })
    await hears(page, 'hello')

    await page.getByRole('region', { name: 'Invitation' }).waitFor({ state: 'hidden' })
    expect(await readCode(page.locator('.strip .qr'))).toBe('http://192.168.1.20:8000/#physics-9b')
    expect(await page.locator('.strip .address').textContent()).toBe('192.168.1.20:8000/#physics-9b')
    for (const panel of ['#side', '#folk']) expect(await page.locator(panel).isVisible()).toBe(false)
    expect((await page.locator('#log').boundingBox())?.width).toBe(PROJECTOR.viewport.width)
    expect(await violations(page)).toEqual([])
  })

  test('a button opens and leaves it, a reload keeps it, and another room has another code', async () => {
    const { url } = await startServer()
    const page = await onLocalhost(await visitor(browser(), PROJECTOR), url, '/#physics-9b', ADDRESSES)
    const button = page.getByRole('button', { name: 'Projector' })
    await button.click()
    await page.getByRole('region', { name: 'Invitation' }).waitFor()
    await expect.poll(() => new URL(page.url()).search).toBe('?big')

    await page.reload()
    await isLive(page)
    await page.evaluate(() => (location.hash = 'chemistry'))
    await page.locator('.invitation').getByText('192.168.1.20:8000/#chemistry').waitFor()
    await expect.poll(() => button.getAttribute('aria-pressed')).toBe('true')

    await button.click()
    await page.locator('#folk').waitFor()
    await expect.poll(() => new URL(page.url()).search).toBe('')
    await expect.poll(() => page.locator('.strip, .invitation, .crowd').count()).toBe(0)
  })

  test('the screen stays awake while the stage is there', async () => {
    const { url } = await startServer()
    const page = await onLocalhost(await visitor(browser(), PROJECTOR), url, '/#physics-9b', ADDRESSES)
    await page.evaluate(() => {
      const locks = { asked: 0, released: 0 }
      Object.assign(globalThis, { locks })
      navigator.wakeLock.request = async () => {
        locks.asked++
        return { release: async () => void locks.released++ } as unknown as WakeLockSentinel
      }
    })
    const locks = (): Promise<unknown> => page.evaluate(() => ({ ...(globalThis as { locks?: object }).locks }))

    await page.getByRole('button', { name: 'Projector' }).click()
    await expect.poll(locks).toEqual({ asked: 1, released: 0 })
    await page.getByRole('button', { name: 'Projector' }).click()
    await expect.poll(locks).toEqual({ asked: 1, released: 1 })
  })

  test('Share offers an address that works from other machines, and the choice of another is remembered', async () => {
    const { url } = await startServer()
    const page = await onLocalhost(await visitor(browser()), url, '/#physics-9b', ADDRESSES)
    await page.getByRole('button', { name: 'Share' }).click()
    const link = page.getByRole('textbox', { name: 'Link' })
    expect(await link.inputValue()).toBe('http://192.168.1.20:8000/#physics-9b')
    await page.getByRole('combobox', { name: 'Address' }).selectOption('http://10.0.0.7:8000')
    await expect.poll(() => link.inputValue()).toBe('http://10.0.0.7:8000/#physics-9b')
    expect(await readCode(page.getByRole('dialog').getByRole('img'))).toBe('http://10.0.0.7:8000/#physics-9b')
    expect(await violations(page)).toEqual([])

    await page.getByRole('button', { name: 'Close' }).click()
    await page.getByRole('button', { name: 'Projector' }).click()
    await page.locator('.invitation').getByText('10.0.0.7:8000/#physics-9b').waitFor()
  })

  test('a server that listens for its own machine alone says so', async () => {
    const { url } = await startServer()
    const page = await onLocalhost(await visitor(browser(), PROJECTOR), url, '/?big#physics-9b', [])
    await page.getByText('This address works on this machine alone.').waitFor()
    await say(page, 'hello')
    await hears(page, 'hello')
  })
})
