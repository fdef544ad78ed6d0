// Files on the page: how they are taken from a person, how they go out, and how they are shown.

import { readdirSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import type { Config } from '../../src/config.js'
import { temporaryFolder } from '../support/journal.js'
import { JWT, sign } from '../support/jwt.js'
import { picture } from '../support/picture.js'
import { startServer, type TestServer } from '../support/server.js'
import { violations } from './axe.js'
import { hasChromium, hears, holdBack, isAtRest, isLive, PHONE, say, useBrowser, visitor } from './browser.js'

const PNG = picture(800, 400)
const TEXT = Buffer.from('plain words\n'.repeat(200))

/** Puts a file on the clipboard of the page and pastes it, or drops it on an element. */
async function give(page: Page, how: 'paste' | 'drop', name: string, type: string, bytes: Buffer): Promise<void> {
  const given = { how, name, type, base64: bytes.toString('base64') }
  await page.evaluate(({ how: kind, name: called, type: media, base64 }) => {
    const data = new DataTransfer()
    const binary = atob(base64)
    data.items.add(new File([Uint8Array.from(binary, (letter) => letter.charCodeAt(0))], called, { type: media }))
    const more = { bubbles: true, cancelable: true }
    const log = document.querySelector('#log')
    if (kind === 'paste')
      return document
        .querySelector('#message')
        ?.dispatchEvent(new ClipboardEvent('paste', { ...more, clipboardData: data }))
    log?.dispatchEvent(new DragEvent('dragover', { ...more, dataTransfer: data }))
    return log?.dispatchEvent(new DragEvent('drop', { ...more, dataTransfer: data }))
  }, given)
}

const tray = (page: Page) => page.getByRole('list', { name: 'Files to send' })
const shownIn = (page: Page, name: string) => page.locator('#lines').getByRole('img', { name })

/** Resolves when a picture is there, with all that it shows. */
async function isDrawn(page: Page, name: string): Promise<void> {
  await shownIn(page, name).waitFor()
  await expect
    .poll(() => shownIn(page, name).evaluate((image) => image instanceof HTMLImageElement && image.naturalWidth))
    .toBe(800)
}

describe.skipIf(!hasChromium)('files', { timeout: 90_000 }, () => {
  const browser = useBrowser()

  async function start(config: Partial<Config> = {}): Promise<TestServer & { folder: string }> {
    const folder = temporaryFolder()
    return { ...(await startServer({ files: folder, ...config })), folder }
  }

  async function enter({ url }: TestServer, name: string, expectsFailures = false): Promise<Page> {
    return (await visitor(browser(), { expectsFailures })).enter(url, name)
  }

  test('a picture is pasted, goes out with a text, and both see it; a click opens it in a tab of its own', async () => {
    const server = await start()
    const [ada, bob] = [await enter(server, 'Ada'), await enter(server, 'Bob')]
    await give(ada, 'paste', 'hill.png', 'image/png', PNG)
    await tray(ada).getByRole('img', { name: 'hill.png' }).waitFor()
    expect(await violations(ada)).toEqual([])
    await say(ada, 'where we were')
    for (const page of [ada, bob]) {
      await isDrawn(page, 'hill.png')
      await hears(page, 'where we were')
    }
    await expect.poll(() => ada.locator('#log .pending li').count()).toBe(0)
    await expect.poll(() => tray(ada).count()).toBe(0)
    expect(await violations(bob)).toEqual([])
    await ada.getByRole('textbox', { name: 'Message', exact: true }).press('ArrowUp')
    await ada.getByRole('textbox', { name: 'Edit message' }).fill('where we will be')
    await ada.keyboard.press('Enter')
    await hears(bob, 'where we will be (edited)')
    const link = bob.locator('#lines a', { has: bob.getByRole('img', { name: 'hill.png' }) })
    expect(await link.getAttribute('rel')).toBe('noopener')
    expect(await link.getAttribute('href')).toMatch(new RegExp(`^${server.url}/files/[\\w-]{22}$`))
    const [tab] = await Promise.all([bob.context().waitForEvent('page'), link.click()])
    await expect.poll(() => tab.url()).toBe(await link.getAttribute('href'))
  })

  test('a file is dropped on the log, and is a link with its name and size; without a text it has none', async () => {
    const server = await start()
    const ada = await enter(server, 'Ada')
    await give(ada, 'drop', 'notes.txt', 'text/plain', TEXT)
    await tray(ada).getByText('notes.txt').waitFor()
    await ada.getByRole('textbox', { name: 'Message' }).press('Enter')
    const link = ada.locator('#lines').getByRole('link', { name: 'notes.txt 2.3 kB' })
    await link.waitFor()
    expect(await ada.locator('#lines .text:visible').count()).toBe(0)
    const [download] = await Promise.all([ada.waitForEvent('download'), link.click()])
    expect(download.suggestedFilename()).toBe('notes.txt')
  })

  test('several files are chosen by keyboard alone, and one of them is left out', async () => {
    const server = await start()
    const ada = await enter(server, 'Ada')
    const choose = ada.getByRole('button', { name: 'Add a file' })
    // Asked for early: the browser has to be told to ask this test before the key is pressed.
    const asked = ada.waitForEvent('filechooser')
    await ada.getByRole('textbox', { name: 'Message' }).focus()
    await ada.keyboard.press('Tab')
    expect(await choose.evaluate((button) => button === document.activeElement)).toBe(true)
    await ada.keyboard.press('Enter')
    const chooser = await asked
    await chooser.setFiles([
      { name: 'one.png', mimeType: 'image/png', buffer: PNG },
      { name: 'two.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.7\n%%EOF') },
      { name: 'three.zip', mimeType: 'application/zip', buffer: TEXT },
    ])
    await ada.getByRole('button', { name: 'Leave out three.zip' }).press('Enter')
    await tray(ada).getByText('three.zip').waitFor({ state: 'detached' })
    await ada.keyboard.press('Enter')
    await isDrawn(ada, 'one.png')
    const pdf = ada.locator('#lines').getByRole('link', { name: /two\.pdf/ })
    await pdf.waitFor()
    await ada.getByRole('log').focus()
    await ada.keyboard.press('ArrowUp')
    await ada.keyboard.press('Tab')
    expect(await pdf.evaluate((link) => link === document.activeElement)).toBe(true)
  })

  test.each([
    ['long', 40],
    ['short', 1],
  ])('in a %s log the place of a picture is there before it, and nothing moves', async (_, earlier) => {
    const server = await start()
    const ada = await enter(server, 'Ada')
    for (let i = 1; i <= earlier; i++)
      await server.app.chat.send({ room: 'lobby', username: 'cyd', text: `earlier ${i}` })
    const bob = await enter(server, 'Bob')
    await hears(bob, `earlier ${earlier}`)
    await bob.locator('#composer .answering').waitFor({ state: 'attached' })
    const release = await holdBack(bob, '**/files/*')
    const shift = await bob.evaluateHandle(() => {
      const seen = { sum: 0 }
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) seen.sum += 'value' in entry ? Number(entry.value) : 0
      }).observe({ type: 'layout-shift', buffered: false })
      return seen
    })
    for (const name of ['a.png', 'b.png', 'c.png']) {
      await give(ada, 'paste', name, 'image/png', PNG)
      await tray(ada).getByRole('img', { name }).waitFor()
      await say(ada, `this is ${name}`)
      await hears(bob, `this is ${name}`)
    }
    const boxes = () =>
      bob.locator('#lines img').evaluateAll((all) => all.map((one) => one.getBoundingClientRect().toJSON()))
    await expect.poll(boxes).toHaveLength(3)
    await isAtRest(bob)
    const before = await boxes()
    expect(before[0]).toMatchObject({ width: 560, height: 280 })
    release()
    await isDrawn(bob, 'c.png')
    expect(await boxes()).toEqual(before)
    expect((await shift.jsonValue()).sum).toBeLessThanOrEqual(0.02)
    await bob.reload()
    await isDrawn(bob, 'c.png')
    await expect
      .poll(() => bob.locator('#log').evaluate((log) => log.scrollHeight - log.scrollTop - log.clientHeight))
      .toBeLessThan(2)
  })

  test('a file that is too large, or empty, is said at once, and the text stays', async () => {
    const server = await start({ fileBytes: 1024 })
    const ada = await enter(server, 'Ada')
    await ada.getByRole('textbox', { name: 'Message' }).fill('my text')
    await give(ada, 'paste', 'notes.txt', 'text/x', TEXT)
    await ada.getByRole('alert').getByText('notes.txt is too large: a file has at most 1 kB.').waitFor()
    expect(await violations(ada)).toEqual([])
    await give(ada, 'drop', 'nothing.txt', 'text/x', Buffer.alloc(0))
    await ada.getByRole('alert').getByText('nothing.txt is empty, or cannot be read.').waitFor()
    expect(await ada.getByRole('textbox', { name: 'Message' }).inputValue()).toBe('my text')
    expect(readdirSync(server.folder)).toEqual([])
  })

  test('a chat that carries none says so, has no button, and loses nothing', async () => {
    const ada = await enter(await startServer(), 'Ada')
    await ada.locator('#composer .answering').waitFor({ state: 'attached' })
    await expect
      .poll(async () => {
        await give(ada, 'drop', 'hill.png', 'image/png', PNG)
        return ada.getByRole('alert').getByText('This chat carries no files').count()
      })
      .toBe(1)
    expect(await ada.getByRole('button', { name: 'Add a file' }).count()).toBe(0)
    await say(ada, 'still here')
    await hears(ada, 'still here')
  })

  test('no room for more is said, and the file is kept for another try', async () => {
    const server = await start({ filesBytes: PNG.length + 100 })
    const ada = await enter(server, 'Ada', true)
    for (const name of ['first.png', 'second.png']) {
      await give(ada, 'paste', name, 'image/png', PNG)
      await tray(ada).getByRole('img', { name }).waitFor()
      await say(ada, `and ${name}`)
    }
    await ada.getByText(/Not sent: there is no room for more files/).waitFor()
    expect(await violations(ada)).toEqual([])
    await ada.locator('#lines .line', { hasText: 'and first.png' }).hover()
    await ada.locator('#lines').getByRole('button', { name: 'Delete' }).click()
    await ada.locator('#lines').getByRole('button', { name: 'Delete', exact: true }).click()
    await hears(ada, '(removed)')
    await expect.poll(() => shownIn(ada, 'first.png').count()).toBe(0)
    await expect.poll(() => readdirSync(server.folder)).toEqual([])
    await ada.getByRole('button', { name: 'Retry' }).click()
    await isDrawn(ada, 'second.png')
  })

  test('an upload shows how far it is, and can be cancelled', async () => {
    const server = await start()
    const ada = await enter(server, 'Ada')
    const cdp = await ada.context().newCDPSession(ada)
    const slow = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 5000 }
    await cdp.send('Network.emulateNetworkConditions', slow)
    await give(ada, 'paste', 'large.bin', 'application/x', Buffer.alloc(400_000, 1))
    await tray(ada).getByText('large.bin').waitFor()
    await say(ada, 'this takes a while')
    const progress = ada.getByRole('progressbar', { name: 'Sending large.bin' })
    await progress.waitFor()
    await expect
      .poll(() => progress.evaluate((bar) => bar instanceof HTMLProgressElement && bar.value))
      .toBeGreaterThan(0)
    expect(await violations(ada)).toEqual([])
    await ada.getByRole('button', { name: 'Cancel' }).click()
    await ada.getByText('this takes a while').waitFor({ state: 'detached' })
    await expect.poll(() => readdirSync(server.folder)).toEqual([])
  })

  test('without a connection a file is held, and arrives once when there is one', async () => {
    const server = await start()
    const ada = await enter(server, 'Ada', true)
    await give(ada, 'paste', 'hill.png', 'image/png', PNG)
    await tray(ada).getByRole('img', { name: 'hill.png' }).waitFor()
    // What takes it out is loaded with the first file.
    await ada.context().setOffline(true)
    await say(ada, 'from the train')
    await ada.getByText('Not sent yet: no connection to the server').waitFor()
    await ada.context().setOffline(false)
    await isDrawn(ada, 'hill.png')
    await expect.poll(() => ada.locator('#log .pending li').count()).toBe(0)
    expect(await shownIn(ada, 'hill.png').count()).toBe(1)
  })

  test('behind a password, and after a restart on a store, it is there', async () => {
    const config = { password: 'let us in', data: temporaryFolder(), files: temporaryFolder() }
    const server = await startServer(config)
    const who = await visitor(browser(), { expectsFailures: true })
    const ada = await who.open(`${server.url}/#lobby`)
    await ada.getByRole('textbox', { name: 'Your name' }).fill('Ada')
    await ada.getByLabel('Password').fill('let us in')
    await ada.getByRole('button', { name: 'Join' }).click()
    await isLive(ada)
    await give(ada, 'paste', 'hill.png', 'image/png', PNG)
    await tray(ada).getByRole('img', { name: 'hill.png' }).waitFor()
    await say(ada, 'kept')
    await isDrawn(ada, 'hill.png')
    const address = (await shownIn(ada, 'hill.png').getAttribute('src')) ?? ''
    expect((await fetch(address)).status).toBe(401)
    await server.stop()
    await startServer({ ...config, port: server.port })
    await ada.reload()
    await isLive(ada, 20_000)
    await isDrawn(ada, 'hill.png')
  })

  test('where each request shows a token, a picture and a link get it, and nobody else', async () => {
    const server = await start(JWT)
    const who = await visitor(browser(), { expectsFailures: true })
    const refused: string[] = []
    who.context.on('response', (response) => {
      if (response.url().includes('/files') && !response.ok()) refused.push(response.url())
    })
    const ada = await who.open(`${server.url}/#lobby&token=${await sign()}`)
    await isLive(ada)
    for (const [name, bytes] of [
      ['hill.png', PNG],
      ['notes.txt', TEXT],
    ] as const) {
      await give(ada, 'paste', name, name.endsWith('png') ? 'image/png' : 'text/x', bytes)
      await ada.getByRole('button', { name: `Leave out ${name}` }).waitFor()
      await say(ada, `this is ${name}`)
    }
    await isDrawn(ada, 'hill.png')
    const link = ada.locator('#lines a', { has: ada.getByRole('img', { name: 'hill.png' }) })
    expect((await fetch((await link.getAttribute('href')) ?? '')).status).toBe(401)
    const [tab] = await Promise.all([ada.context().waitForEvent('page'), link.click()])
    await expect.poll(() => tab.url()).toMatch(/^blob:/)
    const text = ada.locator('#lines').getByRole('link', { name: /notes\.txt/ })
    const [download] = await Promise.all([ada.waitForEvent('download'), text.click()])
    expect([download.suggestedFilename(), refused]).toEqual(['notes.txt', []])
  })

  test('on a phone it fits, and an answer may be a picture', async () => {
    const server = await start()
    const bob = await (await visitor(browser(), PHONE)).enter(server.url, 'Bob')
    await server.app.chat.send({ room: 'lobby', username: 'ada', text: 'how is it there?' })
    await hears(bob, 'how is it there?')
    await bob.locator('#composer .answering').waitFor({ state: 'attached' })
    await bob.locator('#lines .line', { hasText: 'how is it there?' }).tap()
    await bob.getByRole('button', { name: 'Reply' }).tap()
    await give(bob, 'paste', 'hill.png', 'image/png', PNG)
    await tray(bob).getByRole('img', { name: 'hill.png' }).waitFor()
    expect(await violations(bob)).toEqual([])
    await bob.getByRole('button', { name: 'Send' }).tap()
    await isDrawn(bob, 'hill.png')
    await bob.getByRole('button', { name: 'Answers ada: how is it there?' }).waitFor()
    expect(await bob.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true)
    const size = await shownIn(bob, 'hill.png').boundingBox()
    expect([size?.width, size?.height].map((px) => (px ?? 0) < 360)).toEqual([true, true])
  })
})
