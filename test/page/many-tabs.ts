// Many tabs of one person, of which one polls for all: what the tests of tabs do with them in any browser.

import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { count, hears, isLive, parked, say, type Visitor } from './browser.js'

const EIGHT = 8

/** Opens so many tabs of one person in the lobby, one of them first. */
export async function openTabs(who: Visitor, url: string, many = EIGHT): Promise<Page[]> {
  const first = await who.enter(url, 'Ada')
  const open = async (): Promise<Page> => {
    const tab = await who.open(`${url}/#lobby`)
    await isLive(tab, 30_000)
    return tab
  }
  return [first, ...(await Promise.all(Array.from({ length: many - 1 }, open)))]
}

/** Each tab says something, and all hear it within a second, or so many milliseconds. */
export async function talk(tabs: readonly Page[], url: string, ms = 1000): Promise<void> {
  for (const [i, tab] of tabs.entries()) {
    await say(tab, `from ${i}`)
    await Promise.all(tabs.map((other) => hears(other, `from ${i}`, ms)))
  }
  expect(await Promise.all(tabs.map((tab) => tab.locator('#log .line').count()))).toEqual(tabs.map(() => tabs.length))
  await expect.poll(() => parked(url)).toBe(1)
}

/** Those who are left receive within 40 s, once each, and with one poll again. */
export async function goOn(tabs: readonly Page[], url: string): Promise<void> {
  const post = (text: string): Promise<Response> =>
    fetch(`${url}/send?room=lobby&username=curl`, { method: 'POST', body: text })
  await post('afterwards 1')
  await Promise.all(tabs.map((tab) => hears(tab, 'afterwards 1', 40_000)))
  await post('afterwards 2')
  await Promise.all(tabs.map((tab) => hears(tab, 'afterwards 2', 40_000)))
  for (const text of ['afterwards 1', 'afterwards 2'])
    expect(await Promise.all(tabs.map((tab) => count(tab, text)))).toEqual(tabs.map(() => 1))
}

/** The tab that polls, as soon as there is just one. */
export async function leaderOf(tabs: readonly Page[]): Promise<Page> {
  let leaders: Page[] = []
  const look = async (): Promise<number> => {
    const leading = await Promise.all(tabs.map(leads))
    leaders = tabs.filter((_, i) => leading[i])
    return leaders.length
  }
  await expect.poll(look).toBe(1)
  return leaders[0] ?? expect.unreachable('nobody leads')
}

/** Is this the tab that polls? The page says so in an attribute, for people who look and for this test. */
export async function leads(tab: Page): Promise<boolean> {
  return tab.evaluate(() => document.documentElement.dataset['leads'] === '')
}
