// Quick: a full room opens at once, a busy one stays smooth, and nothing grows.

import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { MEASURES } from '../support/retried.js'
import { startServer, type TestServer } from '../support/server.js'
import { loopMs, slowness } from '../support/slowness.js'
import { hasChromium, hears, useBrowser, visitor } from './browser.js'
import { longestTaskMs, scriptMs } from './trace.js'

/** Long enough for the log to be another one altogether; run where everything is. */
const SOAK_MS = process.env['MINI_CHAT_TEST_ALL'] === '1' ? 15_000 : 8000
const RATE_HZ = 50

describe.skipIf(!hasChromium)('the page is quick', { timeout: 90_000 }, () => {
  const browser = useBrowser(['--enable-precise-memory-info', '--js-flags=--expose-gc'])

  test('500 messages on open are drawn within 100 ms of script', MEASURES, async () => {
    const server = await startServer()
    await fill(server, 500)
    const ada = await (await visitor(browser())).enter(server.url, 'Ada', 'elsewhere')
    await browser().startTracing(ada, { categories: ['v8', 'v8.execute', 'devtools.timeline', '__metadata'] })
    // Waited for in the page itself: what the test's own tools run there would count too.
    await ada.evaluate(openLobby)
    const took = scriptMs(await browser().stopTracing())
    const times = slowness(await ada.evaluate(loopMs))
    process.stdout.write(
      `  500 messages: ${took.toFixed(0)} ms of script, on a machine ${times.toFixed(1)} times as slow\n`,
    )
    expect(took).toBeGreaterThan(0)
    expect(took).toBeLessThan(100 * times)
  })

  test(`${RATE_HZ} messages a second for ${SOAK_MS / 1000} s: no task over 100 ms, memory flat`, MEASURES, async () => {
    const server = await startServer()
    await fill(server, 500)
    const ada = await (await visitor(browser())).enter(server.url, 'Ada')
    // Until the log is as long as it will ever be, it may grow.
    await fill(server, 600)
    await ada.waitForTimeout(1000)
    const before = await heapMb(ada)
    await browser().startTracing(ada, { categories: ['disabled-by-default-devtools.timeline', '__metadata'] })
    const many = await speak(server, SOAK_MS)
    await hears(ada, `soak ${many}`)
    const longest = longestTaskMs(await browser().stopTracing())
    const after = await heapMb(ada)
    const times = slowness(await ada.evaluate(loopMs))
    process.stdout.write(
      `  ${many} messages: longest task ${longest.toFixed(0)} ms, on a machine ${times.toFixed(1)} times as slow, heap ${before.toFixed(1)} -> ${after.toFixed(1)} MB\n`,
    )
    expect(longest).toBeGreaterThan(0)
    expect(longest).toBeLessThanOrEqual(100 * times)
    expect(after - before).toBeLessThan(3)
  })
})

async function fill({ app }: TestServer, many: number): Promise<void> {
  for (let i = 1; i <= many; i++) {
    const text =
      i % 10 === 0 ? `line ${i}` : `line ${i}, see https://example.com/${i} and \`code\`, said to @Ada, who listens`
    await app.chat.send({ room: 'lobby', username: `person ${i % 7}`, text })
  }
}

/** Says something fifty times a second, by the clock; returns how often. */
async function speak({ app }: TestServer, ms: number): Promise<number> {
  const start = performance.now()
  let said = 0
  while (performance.now() - start < ms) {
    const due = Math.floor(((performance.now() - start) / 1000) * RATE_HZ)
    while (said < due) await app.chat.send({ room: 'lobby', username: `person ${said % 7}`, text: `soak ${++said}` })
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return said
}

async function heapMb(page: Page): Promise<number> {
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('HeapProfiler.collectGarbage')
  const { usedSize } = await cdp.send('Runtime.getHeapUsage')
  await cdp.detach()
  return usedSize / 1e6
}

/** Goes to the lobby, and resolves when all of it is drawn and painted. */
async function openLobby(): Promise<void> {
  location.hash = 'lobby'
  const lines = document.querySelector('#lines')
  await new Promise<void>((resolve) => {
    const observer = new MutationObserver(() => {
      if (lines?.lastElementChild?.textContent?.includes('Ada') !== true || lines.childElementCount < 500) return
      observer.disconnect()
      requestAnimationFrame(() => setTimeout(resolve))
    })
    if (lines !== null) observer.observe(lines, { childList: true, subtree: true })
  })
}
