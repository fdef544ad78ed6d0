// The page of a chat that asks for a token: it comes with the address, and goes no further.

import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { inSeconds, JWT, sign } from '../support/jwt.js'
import { startServer, type TestServer } from '../support/server.js'
import { finds, hasChromium, hears, isLive, say, useBrowser, visitor } from './browser.js'

const NEEDED = 'This chat is for people with a token'

describe.skipIf(!hasChromium)('a chat that asks for a token', { timeout: 60_000 }, () => {
  const browser = useBrowser()
  const failing = { expectsFailures: true }

  test('lets in whoever has it in the address, under its name, and again after a reload and a restart', async () => {
    const first = await startServer(JWT)
    const ada = await (await visitor(browser(), failing)).open(`${first.url}/#den&token=${await sign()}`)
    await isLive(ada)
    await say(ada, 'I am in')
    await hears(ada, 'I am in')
    await ada.reload()
    await isLive(ada)
    await expect.poll(() => membersOf(first, 'den')).toEqual(['Ada Lovelace'])
    await first.stop()
    const second = await startServer({ ...JWT, port: first.port })
    await expect.poll(() => membersOf(second, 'den'), { timeout: 15_000 }).toEqual(['Ada Lovelace'])
  })

  test('it is out of the address at once, in no request’s address, and kept for the tab alone', async () => {
    const { url } = await startServer({ ...JWT, base: '/chat' })
    const token = await sign()
    const who = await visitor(browser(), failing)
    const asked: string[] = []
    who.context.on('request', (request) => asked.push(request.url(), request.headers()['referer'] ?? ''))
    const ada = await who.open(`${url}/chat/#lobby&token=${token}`)
    await isLive(ada)
    expect(ada.url()).toBe(`${url}/chat/#lobby`)
    expect(asked.filter((part) => part.includes(token))).toEqual([])
    expect(await ada.evaluate(() => JSON.stringify(localStorage) + document.cookie)).not.toContain(token)
    await ada.goBack()
    expect(ada.url()).toBe('about:blank')
  })

  test('it goes with what is asked of the past: older messages, and those around one that was found', async () => {
    const { url, app } = await startServer({ ...JWT, ring: 1000 })
    for (let i = 1; i <= 500; i++) await app.chat.send({ room: 'lobby', username: 'bob', text: `line ${i}` })
    const ada = await (await visitor(browser(), failing)).open(`${url}/#lobby&token=${await sign()}`)
    await hears(ada, 'line 500')
    await expect
      .poll(async () => {
        await ada.locator('#log').evaluate((log) => log.scrollTo(0, 0))
        return ada.locator('#lines').getByText('line 390', { exact: true }).count()
      })
      .toBe(1)
    await ada.getByRole('button', { name: 'Search', exact: true }).click()
    await ada.getByRole('combobox').fill('line 123')
    await finds(ada, ['line 123'])
    await ada.getByRole('option').click()
    await ada.locator('#lines .line.found').getByText('line 123', { exact: true }).waitFor()
  })

  test('another person’s link in the same browser is another person', async () => {
    const server = await startServer(JWT)
    const page = await (await visitor(browser(), failing)).open(`${server.url}/#lobby&token=${await sign()}`)
    await isLive(page)
    await page.goto(`${server.url}/#lobby&token=${await sign({ sub: 'u2', name: 'Bob' })}`)
    await page.getByText('You are Bob').waitFor()
    expect(page.url()).toBe(`${server.url}/#lobby`)
  })

  test.each<[string, () => Promise<string> | string]>([
    ['without one', () => ''],
    ['with one whose time is over', async () => `&token=${await sign({}, inSeconds(-60))}`],
    ['with what is none', () => '&token=none%0A'],
  ])('%s it says in one sentence what is needed', async (_name, part) => {
    const { url } = await startServer(JWT)
    const page = await (await visitor(browser(), failing)).open(`${url}/#lobby${await part()}`)
    await page.getByRole('alert').getByText(NEEDED).waitFor()
    expect(await page.getByRole('textbox').count()).toBe(0)
  })

  test('whoever gives the name back is out of it', async () => {
    const { url } = await startServer(JWT)
    const page = await (await visitor(browser(), failing)).open(`${url}/#lobby&token=${await sign()}`)
    await isLive(page)
    await page.getByRole('button', { name: 'Change' }).click()
    await page.getByRole('alert').getByText(NEEDED).waitFor()
  })

  test('on an open chat it is shown to nobody, and a name is asked for', async () => {
    const { url } = await startServer()
    const page = await (await visitor(browser(), failing)).open(`${url}/#lobby&token=${await sign()}`)
    await enter(page, 'Eve')
    await isLive(page)
    expect(page.url()).toBe(`${url}/#lobby`)
  })
})

async function enter(page: Page, name: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Your name' }).fill(name)
  await page.getByRole('button', { name: 'Join' }).click()
}

function membersOf({ app }: TestServer, room: string): readonly string[] {
  return app.chat.rooms.get(room)?.presence.state.presence.members ?? []
}
