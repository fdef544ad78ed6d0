// A server that is killed and comes back while a person writes: what any browser's page makes of it.

import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { startServer, type TestServer } from '../support/server.js'
import { count, hears, isLive, say, type Visitor } from './browser.js'

/** Says something before and while the server is away. Each arrives once, and the gap is told. Resolves with the page. */
export async function writeThroughRestart(who: Visitor): Promise<Page> {
  const first = await startServer()
  const ada = await who.enter(first.url, 'Ada')
  await say(ada, 'before')
  await hears(ada, 'before')
  first.app.http.server.closeAllConnections()
  await first.stop()
  await say(ada, 'while away 1')
  await say(ada, 'while away 2')
  await ada.getByText('Reconnecting').waitFor()
  const second = await startServer({ port: first.port })
  await isLive(ada, 30_000)
  // A call that is lost is given up after 15 seconds.
  await expect.poll(() => textsOf(second), { timeout: 40_000 }).toEqual(['while away 1', 'while away 2'])
  await ada.getByText('The server restarted').waitFor()
  await ada.locator('#pending li').first().waitFor({ state: 'detached' })
  for (const text of ['before', 'while away 1', 'while away 2'])
    expect([text, await count(ada, text)]).toEqual([text, 1])
  return ada
}

/** What was said in the lobby. */
export function textsOf({ app }: TestServer): string[] {
  const entries = app.chat.rooms.get('lobby')?.slice(1, 100) ?? []
  return entries.flatMap(({ message }) => (message.type === 'chat' ? [message.text] : []))
}
