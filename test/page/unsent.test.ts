// Files that are not sent yet, across a reload.

import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../support/journal.js'
import { picture } from '../support/picture.js'
import { startServer } from '../support/server.js'
import { hasChromium, hears, isLive, say, useBrowser, visitor } from './browser.js'

const PNG = picture(80, 40)

const tray = (page: Page) => page.getByRole('list', { name: 'Files to send' })
const shownIn = (page: Page, name: string) => page.locator('#lines').getByRole('img', { name })

async function choose(page: Page, name: string): Promise<void> {
  const [chooser] = await Promise.all([
    page.waitForEvent('filechooser'),
    page.getByRole('button', { name: 'Add a file' }).click(),
  ])
  await chooser.setFiles([{ name, mimeType: 'image/png', buffer: PNG }])
  await tray(page).getByRole('img', { name }).waitFor()
}

/** Notes that the page asks before it is left, and leaves it. */
function asked(page: Page): string[] {
  const kinds: string[] = []
  page.on('dialog', (dialog) => {
    kinds.push(dialog.type())
    void dialog.accept()
  })
  return kinds
}

/** Would the page ask now? It does until the browser keeps all files. */
function asks(page: Page): Promise<boolean> {
  return page.evaluate(() => {
    const leaving = new Event('beforeunload', { cancelable: true })
    dispatchEvent(leaving)
    return leaving.defaultPrevented
  })
}

/** What the tab has noted of files that are not sent: nothing when the server has said that all are there. */
function noted(page: Page): Promise<string | undefined> {
  return page.evaluate(() => Object.entries(sessionStorage).find(([key]) => key.endsWith(' files'))?.[1])
}

describe.skipIf(!hasChromium)('a file that is not sent', { timeout: 60_000 }, () => {
  const browser = useBrowser()

  async function enter(url: string, isForbidden = false): Promise<Page> {
    const who = await visitor(browser(), { expectsFailures: true })
    if (isForbidden)
      await who.context.addInitScript(() =>
        Object.defineProperty(globalThis, 'indexedDB', {
          get() {
            throw new DOMException('not in this window', 'SecurityError')
          },
        }),
      )
    return who.enter(url, 'Ada')
  }

  test('goes out after a reload, once, with its text; and what is in the tray is there again', async () => {
    const { url } = await startServer({ files: temporaryFolder() })
    const ada = await enter(url)
    const questions = asked(ada)
    await ada.route('**/files?*', (route) => route.abort())
    for (const name of ['one.png', 'two.png']) {
      await choose(ada, name)
      await say(ada, `with ${name}`)
    }
    await ada
      .getByText(/^Not sent yet/)
      .first()
      .waitFor()
    await choose(ada, 'three.png')
    await ada.getByRole('textbox', { name: 'Message' }).fill('a draft')
    await expect.poll(() => asks(ada)).toBe(false)
    await ada.unroute('**/files?*')
    await ada.reload()
    await isLive(ada, 20_000)
    for (const name of ['one.png', 'two.png']) {
      await shownIn(ada, name).waitFor()
      await hears(ada, `with ${name}`)
    }
    await tray(ada).getByRole('img', { name: 'three.png' }).waitFor()
    await say(ada, 'with three.png')
    await shownIn(ada, 'three.png').waitFor()
    await expect.poll(() => ada.locator('#log .pending li').count()).toBe(0)
    await ada.reload()
    await shownIn(ada, 'three.png').waitFor()
    expect(await ada.locator('#log .attachment').count()).toBe(3)
    expect(await tray(ada).count()).toBe(0)
    expect(questions).toEqual([])
  })

  test('whose answer was lost is there once after a reload', async () => {
    const { url } = await startServer({ files: temporaryFolder() })
    const ada = await enter(url)
    asked(ada)
    let sends = 0
    const arrived = new Promise<void>(
      (resolve) =>
        void ada.route('**/send', async (route) => {
          sends++
          await route.fetch()
          resolve()
          // The page is gone before it is answered.
          await route.abort().catch(() => undefined)
        }),
    )
    // What came in is not heard before the reload either.
    await ada.route('**/poll?*', (route) => route.abort())
    await choose(ada, 'one.png')
    await say(ada, 'only once')
    await arrived
    await ada.unrouteAll({ behavior: 'ignoreErrors' })
    await ada.reload()
    await shownIn(ada, 'one.png').waitFor()
    // It stands among what is not sent until the server says that it has it.
    await expect.poll(() => noted(ada)).toContain('"files":[]')
    await expect.poll(() => ada.locator('#log .pending li').count()).toBe(0)
    expect(sends).toBeGreaterThan(0)
    expect(await ada.locator('#log .attachment').count()).toBe(1)
  })

  test('is asked about where the browser keeps nothing, and goes out all the same', async () => {
    const { url } = await startServer({ files: temporaryFolder() })
    const ada = await enter(url, true)
    const questions = asked(ada)
    await choose(ada, 'one.png')
    await ada.reload()
    expect(questions).toEqual(['beforeunload'])
    await isLive(ada, 20_000)
    await ada.getByRole('alert').getByText('one.png is empty, or cannot be read.').waitFor()
    await choose(ada, 'two.png')
    await say(ada, 'this one')
    await shownIn(ada, 'two.png').waitFor()
    await expect.poll(() => ada.locator('#log .pending li').count()).toBe(0)
    await ada.reload()
    expect(questions).toEqual(['beforeunload'])
  })
})
