// The lab in a real browser: the chat page and the readers of /inside keep their counts at zero through every fault.

import type { Page } from 'playwright-core'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type LabState, parseLab } from '../../src/client/lab.js'
import { startChild } from '../support/child.js'
import { startServer } from '../support/server.js'
import { violations } from './axe.js'
import { hasChromium, useBrowser, visitor } from './browser.js'

type Fault = {
  readonly name: string
  readonly set: (inside: Page) => Promise<unknown>
  readonly newLogs: number
  /** A small ring may overrun a page too, which then has to be told of it. */
  readonly isSmall?: boolean
}

const FAULTS: readonly Fault[] = [
  { name: 'one answer in ten dropped', set: (page) => page.getByLabel('Drop one answer in ten').check(), newLogs: 0 },
  { name: 'each answer delayed', set: (page) => page.getByLabel('Delay each answer').selectOption('500'), newLogs: 0 },
  { name: 'all connections cut', set: (page) => button(page, 'Cut all connections'), newLogs: 0 },
  { name: 'the world stopped', set: (page) => button(page, 'Stop the world for ten seconds'), newLogs: 0 },
  { name: 'the process killed', set: (page) => button(page, 'Kill it and start it again'), newLogs: 1 },
  { name: 'a slow reader', set: (page) => page.getByLabel('A slow reader').selectOption('poll'), newLogs: 0 },
  { name: 'a ring of 8 and a slow reader', set: overrun, newLogs: 1, isSmall: true },
  { name: 'a crowd', set: (page) => page.getByLabel(TRAFFIC).selectOption({ label: THOUSAND }), newLogs: 0 },
]

describe.skipIf(!hasChromium)('the lab', { timeout: 150_000 }, () => {
  const browser = useBrowser()

  test.for(FAULTS)('with $name no page loses a message', async ({ set, newLogs, isSmall = false }) => {
    const server = await startChild(['--lab', '--websocket'])
    const { url } = server
    onTestFinished(async () => void (await server.end('SIGTERM')))
    const person = await visitor(browser(), { expectsFailures: true })
    const chat = await person.open(`${url}/#lobby`)
    await chat.getByLabel('Your name').fill('ada')
    await chat.keyboard.press('Enter')
    await chat.getByText('The lab is on').waitFor()
    const teacher = await visitor(browser(), { expectsFailures: true })
    const inside = await teacher.open(`${url}/inside`)
    await inside.getByText('The lab is on').waitFor()
    await inside.getByLabel(TRAFFIC).selectOption({ label: CROWD })
    await inside.getByLabel('This page reads too').check()
    const before = await untilAll(url, (pages) => pages.length === 4 && pages.every(({ got }) => got > 5))

    await set(inside)

    const most = Math.max(...before.map(({ got }) => got))
    const after = await untilAll(
      url,
      (pages) => pages.length === 4 && pages.every(({ got, restarts }) => got > most + 40 && restarts === newLogs),
    )
    for (const { name, lost, doubled, disordered, missed } of after) {
      expect({ name, lost, doubled, disordered }).toEqual({ name, lost: 0, doubled: 0, disordered: 0 })
      if (!isSmall) expect([name, missed]).toEqual([name, 0])
    }
    await expect.poll(() => inside.locator('.verdict').textContent()).toContain('Nothing is lost')
    await expect.poll(() => chat.locator('.lab-on').textContent()).toContain('0 lost, 0 twice, 0 out of order')
  })

  for (const colorScheme of ['light', 'dark'] as const)
    test(`axe finds nothing in ${colorScheme}, at the switches and at the race`, async () => {
      const { url } = await startServer({ inside: true, lab: true })
      const page = await (await visitor(browser(), { colorScheme })).open(`${url}/inside`)
      await page.getByText('Nobody counts yet').waitFor()
      expect(await violations(page)).toEqual([])
    })

  test('without the lab no code of it is loaded, and nothing says that it is on', async () => {
    const { url } = await startServer({ inside: true })
    const person = await visitor(browser())
    for (const path of ['/', '/inside']) {
      const page = await person.open(url + path)
      await page.waitForLoadState('networkidle').catch(() => undefined)
      const loaded = await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name))
      expect(loaded.filter((name) => /\/lab/.test(name))).toEqual([])
      expect(await page.getByText('The lab is on').count()).toBe(0)
    }
  })
})

const TRAFFIC = 'Readers and writers of the lab'
const THOUSAND = '1,000 readers, 1,000 writers, 5 messages a second'
const CROWD = '30 readers, 3 writers, 20 messages a second'

/** A new process has a ring of 8, which runs past a reader that is slow: it is told what it missed. */
async function overrun(page: Page): Promise<void> {
  await button(page, 'The same, with a ring of 8')
  // A slow reader that was set before would have gone with the old process.
  await page.locator('.did').filter({ hasText: 'a ring of 8,' }).waitFor()
  await page.getByLabel('A slow reader').selectOption('websocket')
  const told = page.locator('.lab tbody tr').filter({ hasText: 'lab-r3 ' }).locator('td').nth(4)
  await expect.poll(async () => Number(await told.textContent()), { timeout: 30_000 }).toBeGreaterThan(0)
}

async function button(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name }).click()
}

/** Waits until the pages' accounts are so, as the server is told them. */
async function untilAll(url: string, isSo: (pages: LabState['pages']) => boolean): Promise<LabState['pages']> {
  let pages: LabState['pages'] = []
  await expect
    .poll(
      async () => {
        const text = await fetch(`${url}/inside/lab`).then(
          (response) => response.text(),
          () => '',
        )
        pages = parseLab(text)?.pages ?? pages
        return isSo(pages) ? 'so' : JSON.stringify(pages)
      },
      { timeout: 60_000, interval: 200 },
    )
    .toBe('so')
  return pages
}
