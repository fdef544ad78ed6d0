// A real browser for the tests of the page: Chromium, Chrome or Edge, and Firefox for some; a new profile each time,
// nothing that phones home.
//
// A `Visitor` is one browser of one person, with as many tabs as it opens. What its tabs write to the console, or
// throw, is kept: a test that ends with anything there fails, unless it said that it expects lost connections.

import { type Browser, type BrowserContext, chromium, firefox, type Page } from 'playwright-core'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest'
import { PACKAGE_ROOT } from '../../src/platform.js'
import { findChromium, findFirefox, HERE } from '../support/browsers.js'
import { lacks } from '../support/needs.js'

const CHROMIUM = findChromium(HERE)
const FIREFOX = findFirefox(HERE)
const LAUNCHER = join(PACKAGE_ROOT, 'test/support/firefox.mjs')

/**
 * Newer Chromium draws the list below its address box as two web pages, for each window. That is more work than to open
 * the chat and join, and no test looks at it. Of several lists Chromium takes the last, so those that Playwright switches
 * off and that concern a page on this machine stand here too.
 */
const FEATURES = [
  'WebUIOmniboxPopup',
  'WebUIOmniboxAimPopup',
  'AimEnabled',
  'AvoidCorsURLLoaderRestartOnRedirect',
  'AvoidUnnecessaryBeforeUnloadCheckSync',
  'DestroyProfileOnBrowserClose',
  'HttpsFirstBalancedModeAutoEnable',
  'HttpsUpgrades',
  'LensOverlay',
  'MediaRouter',
  'NetworkTimeServiceQuerying',
  'OptimizationHints',
  'PaintHolding',
  'PreconnectToSearch',
  'ThirdPartyStoragePartitioning',
]

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  `--disable-features=${FEATURES.join()}`,
]

export const hasChromium =
  CHROMIUM !== undefined ||
  lacks('no Chromium, Chrome or Edge was found: install one, or say where it is with CHROME_PATH')

/** Firefox as it is installed, driven by WebDriver BiDi; asked for in the files that need it. */
export function hasFirefox(): boolean {
  return (
    FIREFOX !== undefined ||
    lacks('no Firefox was found: install it with `apt-get install firefox-esr`, or say where it is with FIREFOX_PATH')
  )
}

/** Opens one browser for the tests of a file, and closes it behind them. */
export function useBrowser(flags: readonly string[] = []): () => Browser {
  return use(async () =>
    CHROMIUM === undefined ? undefined : chromium.launch({ executablePath: CHROMIUM, args: [...FLAGS, ...flags] }),
  )
}

/** The same with Firefox. `hosts`: names of this machine. */
export function useFirefox(hosts: readonly string[] = []): () => Browser {
  const firefoxUserPrefs = { 'network.dns.localDomains': hosts.join(',') }
  return use(async () => {
    if (FIREFOX === undefined) return undefined
    const env = { ...process.env, FIREFOX_PATH: FIREFOX }
    return firefox.launch({ channel: 'moz-firefox', executablePath: LAUNCHER, env, firefoxUserPrefs })
  })
}

function use(launch: () => Promise<Browser | undefined>): () => Browser {
  let browser: Browser | undefined
  beforeAll(async () => {
    browser = await launch()
  }, 60_000)
  afterAll(() => browser?.close())
  return () => {
    if (browser === undefined) throw new Error('there is no browser')
    return browser
  }
}

export type VisitorOptions = {
  readonly viewport?: { readonly width: number; readonly height: number }
  readonly colorScheme?: 'light' | 'dark'
  readonly reducedMotion?: 'reduce' | 'no-preference'
  /** The browser's language. */
  readonly locale?: string
  /** A finger and a screen keyboard. */
  readonly isTouched?: boolean
  /** Lost connections and refusals are part of the test: the browser writes those to the console by itself. */
  readonly expectsFailures?: boolean
}

export class Visitor {
  readonly context: BrowserContext
  readonly said: string[] = []
  readonly #expectsFailures: boolean

  constructor(context: BrowserContext, expectsFailures: boolean) {
    this.context = context
    this.#expectsFailures = expectsFailures
  }

  /** Opens a tab at an address. */
  async open(url: string): Promise<Page> {
    const page = await this.context.newPage()
    page.on('pageerror', (error) => this.said.push(String(error.stack ?? error)))
    page.on('console', (message) => {
      const isFailure = /^(?:Failed to load resource|WebSocket connection to .* failed)/.test(message.text())
      if (!isFailure || !this.#expectsFailures)
        this.said.push(`${message.type()}: ${message.text()} ${message.location().url}`)
    })
    await page.goto(url)
    return page
  }

  /** Opens a tab and enters a room. All that the page loads behind the chat is there then, also the keys. */
  async enter(url: string, name: string, room = 'lobby'): Promise<Page> {
    const page = await this.open(`${url}/#${room}`)
    await page.getByRole('textbox', { name: 'Your name' }).fill(name)
    await page.getByRole('button', { name: 'Join' }).click()
    await isLive(page)
    await hasAll(page)
    return page
  }
}

/** A browser of its own for one person; it is closed with the test. */
export async function visitor(browser: Browser, options: VisitorOptions = {}): Promise<Visitor> {
  const {
    viewport = { width: 1366, height: 768 },
    colorScheme = 'light',
    reducedMotion = 'no-preference',
    locale = 'en-GB',
    isTouched = false,
    expectsFailures = false,
  } = options
  const context = await browser.newContext({
    viewport,
    colorScheme,
    reducedMotion,
    locale,
    hasTouch: isTouched,
    isMobile: isTouched,
  })
  const made = new Visitor(context, expectsFailures)
  onTestFinished(async () => {
    await context.close()
    expect(made.said).toEqual([])
  })
  return made
}

/** Resolves when the page says that it is live. */
export async function isLive(page: Page, ms = 15_000): Promise<void> {
  await page.getByRole('status', { name: 'Connection' }).filter({ hasText: 'Live' }).waitFor({ timeout: ms })
}

/** Resolves when all that the page loads behind the chat is there. */
export async function hasAll(page: Page): Promise<void> {
  await page.locator('.head [aria-keyshortcuts]').waitFor({ state: 'attached' })
}

export const PHONE = { viewport: { width: 390, height: 844 }, isTouched: true, expectsFailures: true }

export async function say(page: Page, text: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Message' }).fill(text)
  await page.getByRole('button', { name: 'Send' }).click()
}

/** Resolves when a text is in the log. One's own is there when a poll has brought it: before, it is below the log. */
export async function hears(page: Page, text: string, ms = 15_000): Promise<void> {
  await page.locator('#lines').getByText(text, { exact: true }).first().waitFor({ timeout: ms })
}

/** How often a text is in the log, and below it. */
export async function count(page: Page, text: string): Promise<number> {
  return page.getByRole('log', { name: 'Messages' }).getByText(text, { exact: true }).count()
}

/** Holds back what the page asks of these addresses, until the answer is called. */
export async function holdBack(page: Page, url: string): Promise<() => void> {
  let release = (): void => undefined
  const released = new Promise<void>((resolve) => (release = resolve))
  await page.route(url, async (route) => {
    await released
    await route.continue()
  })
  return release
}

/** Resolves when every scroll so far has been told of, and lines that came into sight have their height. */
export async function isAtRest(page: Page): Promise<void> {
  await page.evaluate(async () => {
    // Two frames tell of a scroll; it takes the page four to put a line to its place.
    for (let frame = 0; frame < 6; frame++) await new Promise(requestAnimationFrame)
  })
}

/** Resolves when a search has found just these: it goes on from where a busy server has stopped looking for the moment. */
export async function finds(page: Page, texts: readonly string[]): Promise<void> {
  const goOn = page.getByRole('button', { name: 'Search further back' })
  const look = async (): Promise<string[]> => {
    if (await goOn.isVisible()) await goOn.click()
    return page.locator('#found .said').allTextContents()
  }
  // What is looked for has its time: a further press would begin it anew.
  await expect.poll(look, { interval: 1000, timeout: 30_000 }).toEqual(texts)
}

/** Polls that are parked in a server, as its own statistics say. */
export async function parked(url: string): Promise<number> {
  const stats: unknown = await (await fetch(`${url}/stats`)).json()
  return typeof stats === 'object' && stats !== null && 'parked' in stats ? Number(stats.parked) : Number.NaN
}
