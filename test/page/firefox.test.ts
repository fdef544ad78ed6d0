// The page in Firefox: what differs most between browsers is how tabs share one poll, what a lost connection looks like,
// and what is kept while it is lost.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { startDropper } from '../support/dropper.js'
import { temporaryFolder } from '../support/journal.js'
import { picture } from '../support/picture.js'
import { startServer } from '../support/server.js'
import { count, hasFirefox, hears, isLive, parked, say, useFirefox, visitor } from './browser.js'
import { goOn, leaderOf, openTabs, talk } from './many-tabs.js'
import { textsOf, writeThroughRestart } from './restarted.js'

const FAILING = { expectsFailures: true }

describe.skipIf(!hasFirefox())('Firefox', { timeout: 120_000 }, () => {
  const browser = useFirefox(['chat.test'])

  test('two people see each other, and what each of them says', async () => {
    const { url } = await startServer()
    const ada = await (await visitor(browser())).enter(url, 'Ada')
    const bob = await (await visitor(browser())).enter(url, 'Bob')
    for (const page of [ada, bob])
      for (const name of ['Ada', 'Bob']) await page.getByRole('list', { name: 'People' }).getByText(name).waitFor()
    await say(ada, 'good morning, Bob')
    await hears(bob, 'good morning, Bob')
    await say(bob, 'good morning, Ada')
    await hears(ada, 'good morning, Ada')
    for (const page of [ada, bob])
      expect([await count(page, 'good morning, Bob'), await count(page, 'good morning, Ada')]).toEqual([1, 1])
  })

  test('a picture is chosen, sent, and shown to both', async () => {
    const { url } = await startServer({ files: temporaryFolder() })
    const ada = await (await visitor(browser())).enter(url, 'Ada')
    const bob = await (await visitor(browser())).enter(url, 'Bob')
    const file = join(temporaryFolder(), 'hill.png')
    writeFileSync(file, picture(800, 400))
    await ada.locator('#composer input[type=file]').setInputFiles(file)
    await ada.getByRole('list', { name: 'Files to send' }).getByRole('img', { name: 'hill.png' }).waitFor()
    await say(ada, 'look')
    for (const page of [ada, bob]) {
      const image = page.locator('#lines').getByRole('img', { name: 'hill.png' })
      await expect.poll(() => image.evaluate((one) => one instanceof HTMLImageElement && one.naturalWidth)).toBe(800)
      expect((await image.boundingBox())?.height).toBeCloseTo(280, 0)
    }
  })

  // With Web Locks where the page is secure, and with a lease in localStorage on plain http.
  for (const host of ['localhost', 'chat.test'])
    test(`eight tabs on ${host} share one parked poll, and go on when the tab that polls is closed`, async () => {
      const { url } = await startServer({ allowHost: ['chat.test'] })
      const tabs = await openTabs(await visitor(browser()), url.replace('127.0.0.1', host))
      expect(await tabs[0]?.evaluate(() => 'locks' in navigator)).toBe(host === 'localhost')
      // Eight windows of Firefox share the processor with whatever else is tested.
      await talk(tabs, url, 10_000)
      const leader = await leaderOf(tabs)
      await leader.close()
      await goOn(
        tabs.filter((tab) => tab !== leader),
        url,
      )
      await expect.poll(() => parked(url), { timeout: 30_000 }).toBe(1)
    })

  test('the server is killed and comes back: what was said meanwhile arrives once, and the gap is told', async () => {
    await writeThroughRestart(await visitor(browser(), FAILING))
  })

  test('the answers to a message are lost on their way, and the page is loaded anew: it arrives once', async () => {
    const server = await startServer()
    const dropper = await startDropper(server.port)
    const ada = await (await visitor(browser(), FAILING)).enter(dropper.url, 'Ada')
    dropper.drop = 2
    await say(ada, 'only once')
    await expect.poll(() => dropper.dropped, { timeout: 20_000 }).toBeGreaterThan(0)
    await ada.reload()
    await isLive(ada, 20_000)
    await expect.poll(() => ada.locator('#pending li').count(), { timeout: 20_000 }).toBe(0)
    await say(ada, 'the end')
    await expect.poll(() => textsOf(server), { timeout: 20_000 }).toEqual(['only once', 'the end'])
    expect(await count(ada, 'only once')).toBe(1)
  })
})
