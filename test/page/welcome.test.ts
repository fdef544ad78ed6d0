// The first sheet: what it says about a link to a room, and a page that can be installed.

import { describe, expect, test } from 'vitest'
import { startServer } from '../support/server.js'
import { violations } from './axe.js'
import { hasChromium, isLive, useBrowser, visitor } from './browser.js'

describe.skipIf(!hasChromium)('the first sheet', { timeout: 60_000 }, () => {
  const browser = useBrowser()

  test('of a link to a room says which one, and how many people are there', async () => {
    const { url } = await startServer()
    for (const name of ['Ada', 'Ben']) await (await visitor(browser())).enter(url, name, 'physics-9b')
    const page = await (await visitor(browser())).open(`${url}/#physics-9b`)

    await page.getByRole('heading', { name: 'Join #physics-9b' }).waitFor()
    await page.getByText('2 people are there.').waitFor()
    expect(await violations(page)).toEqual([])

    await page.getByRole('textbox', { name: 'Room' }).fill('den')
    await page.getByRole('heading', { name: 'mini-chat' }).waitFor()
  })

  test('of an address without a room says what this is', async () => {
    const { url } = await startServer()
    const page = await (await visitor(browser())).open(url)
    await page.getByRole('heading', { name: 'mini-chat' }).waitFor()
    await page.getByText('Pick a name, and step into a room.').waitFor()
  })

  test('has a manifest, below a path too, so that browsers install the page', async () => {
    const { url } = await startServer({ base: '/chat' })
    const page = await (await visitor(browser())).enter(`${url.replace('127.0.0.1', 'localhost')}/chat`, 'Ada')
    await isLive(page)
    const cdp = await page.context().newCDPSession(page)
    const { errors, data, url: address } = await cdp.send('Page.getAppManifest')
    expect(errors).toEqual([])
    const { start_url: start, icons }: { start_url: string; icons: { src: string }[] } = JSON.parse(data ?? '{}')
    expect(new URL(start, address).pathname).toBe('/chat/')
    for (const { src } of icons) {
      const answer = await page.request.get(new URL(src, address).href)
      expect(answer.headers()['content-type'], src).toMatch(/^image\/(?:png|svg\+xml)$/)
    }
    const { installabilityErrors } = await cdp.send('Page.getInstallabilityErrors')
    expect(installabilityErrors.map(({ errorId }) => errorId).filter((id) => id !== 'in-incognito')).toEqual([])
  })
})
