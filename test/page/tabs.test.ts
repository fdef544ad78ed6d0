// Many tabs of one browser: one of them polls for all, and another one takes its place.

import type { CDPSession } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { MEASURES } from '../support/retried.js'
import { startServer } from '../support/server.js'
import { count, hasChromium, hears, parked, useBrowser, visitor } from './browser.js'
import { goOn, leaderOf, leads, openTabs, talk } from './many-tabs.js'

describe.skipIf(!hasChromium)('eight tabs of one browser', { timeout: 90_000 }, () => {
  const browser = useBrowser(['--host-resolver-rules=MAP chat.test 127.0.0.1'])

  test('all receive within a second and all can send, with one parked poll', MEASURES, async () => {
    const { url } = await startServer()
    const tabs = await openTabs(await visitor(browser()), url.replace('127.0.0.1', 'localhost'))
    await talk(tabs, url)
  })

  test('the same on plain http, where there are no Web Locks', MEASURES, async () => {
    const { url } = await startServer({ allowHost: ['chat.test'] })
    const tabs = await openTabs(await visitor(browser()), url.replace('127.0.0.1', 'chat.test'))
    expect(await tabs[0]?.evaluate(() => [isSecureContext, 'locks' in navigator])).toEqual([false, false])
    await talk(tabs, url)
  })

  for (const host of ['localhost', 'chat.test']) {
    test(`the leader's tab is closed by force on ${host}: the others go on`, async () => {
      const { url } = await startServer({ allowHost: ['chat.test'] })
      const who = await visitor(browser())
      const tabs = await openTabs(who, url.replace('127.0.0.1', host), 4)
      const leader = await leaderOf(tabs)
      const cdp = await who.context.newCDPSession(leader)
      const { targetInfo } = await cdp.send('Target.getTargetInfo')
      const root = await browser().newBrowserCDPSession()
      await root.send('Target.closeTarget', { targetId: targetInfo.targetId })
      await goOn(
        tabs.filter((tab) => tab !== leader),
        url,
      )
    })

    test(`the leader's tab crashes on ${host}: the others go on`, async () => {
      const { url } = await startServer({ allowHost: ['chat.test'] })
      const who = await visitor(browser())
      const tabs = await openTabs(who, url.replace('127.0.0.1', host), 4)
      const leader = await leaderOf(tabs)
      // The call never comes back: the process that would answer it is gone.
      void leader.goto('chrome://crash').catch(() => undefined)
      await goOn(
        tabs.filter((tab) => tab !== leader),
        url,
      )
    })

    test(`the leader's tab is frozen on ${host}: the others go on, and it catches up when it thaws`, async () => {
      const { url } = await startServer({ allowHost: ['chat.test'] })
      const who = await visitor(browser())
      const tabs = await openTabs(who, url.replace('127.0.0.1', host), 4)
      const leader = await leaderOf(tabs)
      const cdp = await who.context.newCDPSession(leader)
      await cdp.send('Page.setWebLifecycleState', { state: 'frozen' })
      const rest = tabs.filter((tab) => tab !== leader)
      await goOn(rest, url)
      await cdp.send('Page.setWebLifecycleState', { state: 'active' })
      await hears(leader, 'afterwards 2', 15_000)
      expect(await Promise.all(tabs.map((tab) => count(tab, 'afterwards 1')))).toEqual(tabs.map(() => 1))
    })
  }

  test('the leader hangs: the others notice, go on, and it follows afterwards', async () => {
    const { url } = await startServer()
    const who = await visitor(browser())
    const tabs = await openTabs(who, url.replace('127.0.0.1', 'localhost'), 4)
    const leader = await leaderOf(tabs)
    const cdp = await who.context.newCDPSession(leader)
    await cdp.send('Debugger.enable')
    const paused = new Promise((resolve) => cdp.once('Debugger.paused', resolve))
    await cdp.send('Debugger.pause')
    await paused
    await goOn(
      tabs.filter((tab) => tab !== leader),
      url,
    )
    await cdp.send('Debugger.resume')
    await cdp.send('Debugger.disable')
    await hears(leader, 'afterwards 2', 15_000)
    expect(await count(leader, 'afterwards 1')).toBe(1)
  })

  test('the leader is slowed down to a twentieth: everybody is served', async () => {
    const { url } = await startServer()
    const who = await visitor(browser())
    const tabs = await openTabs(who, url.replace('127.0.0.1', 'localhost'), 4)
    const cdp: CDPSession = await who.context.newCDPSession(await leaderOf(tabs))
    await cdp.send('Emulation.setCPUThrottlingRate', { rate: 20 })
    await goOn(tabs, url)
  })

  test('a tab that is hidden hands over to one that is seen', async () => {
    const { url } = await startServer()
    const tabs = await openTabs(await visitor(browser()), url.replace('127.0.0.1', 'localhost'), 2)
    const leader = await leaderOf(tabs)
    await leader.evaluate(() => {
      Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true })
      document.dispatchEvent(new Event('visibilitychange'))
    })
    const other = tabs.find((tab) => tab !== leader)
    await expect.poll(async () => other !== undefined && (await leads(other))).toBe(true)
    await expect.poll(() => parked(url)).toBe(1)
  })

  test('a tab whose lease another one has written stops polling, though the other one says nothing', async () => {
    const { url } = await startServer({ allowHost: ['chat.test'] })
    const place = url.replace('127.0.0.1', 'chat.test')
    const who = await visitor(browser())
    const [leader] = await openTabs(who, place, 1)
    await expect.poll(() => parked(url)).toBe(1)
    const other = await who.context.newPage()
    await other.goto(`${place}/health`)
    await other.evaluate(() => {
      const name = Object.keys(localStorage).find((key) => key.endsWith('leader'))
      localStorage.setItem(name ?? '', JSON.stringify({ id: 'another', until: Date.now() + 6000 }))
    })
    await expect.poll(() => parked(url), { timeout: 5000 }).toBe(0)
    // The lease runs out, and the tab has the lock again.
    await expect.poll(() => parked(url), { timeout: 20_000 }).toBe(1)
    expect(leader !== undefined && (await leads(leader))).toBe(true)
  })
})
