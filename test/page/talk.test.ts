// The shortest proof that the page works: two people in one room. chat.test.ts has the rest.

import { describe, expect, test } from 'vitest'
import { startServer } from '../support/server.js'
import { count, hasChromium, hears, say, useBrowser, visitor } from './browser.js'

describe.skipIf(!hasChromium)('the page', { timeout: 60_000 }, () => {
  const browser = useBrowser()

  test('two people talk, and see each other', async () => {
    const { url } = await startServer()
    const ada = await (await visitor(browser())).enter(url, 'Ada')
    const bob = await (await visitor(browser())).enter(url, 'Bob')
    await say(ada, 'hello Bob')
    await hears(bob, 'hello Bob')
    await bob.getByRole('textbox', { name: 'Message' }).fill('hello Ada')
    await bob.keyboard.press('Enter')
    await hears(ada, 'hello Ada')
    const names = (): Promise<string[]> =>
      ada.getByRole('list', { name: 'People' }).getByRole('listitem').allTextContents()
    await expect.poll(names).toEqual(['Ada(you)', 'Bob'])
    expect(await count(ada, 'hello Bob')).toBe(1)
  })
})
