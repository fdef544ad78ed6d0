// The page where another server serves it: behind an nginx that says no more than where the chat is, and inside Express.

import express from 'express'
import { createServer } from 'node:http'
import { describe, onTestFinished, test } from 'vitest'
import { createChat } from '../../src/index.js'
import { needs } from '../support/needs.js'
import { startNginx } from '../support/nginx.js'
import { startServer } from '../support/server.js'
import { hasChromium, hears, isLive, say, useBrowser, visitor } from './browser.js'

describe.skipIf(!hasChromium)('the page', { timeout: 60_000 }, () => {
  const browser = useBrowser()

  test.runIf(needs('nginx', 'nginx-light'))(
    'joins and talks behind one line of nginx, which rewrites Host',
    async () => {
      const { port: target, app } = await startServer({ base: '/chat' })
      const port = await startNginx(
        (own) => `server { listen 127.0.0.1:${own}; location /chat { proxy_pass http://127.0.0.1:${target}; } }`,
      )
      const page = await (await visitor(browser())).enter(`http://localhost:${port}/chat`, 'Ada')
      await say(page, 'hello through nginx')
      await hears(page, 'hello through nginx')
      await app.chat.send({ room: 'lobby', username: 'bob', text: 'hello Ada' })
      await hears(page, 'hello Ada')
    },
  )

  test('works below a path of Express, also from the address without its last slash', async () => {
    const chat = createChat({ quiet: true })
    const app = express()
    app.use('/chat', chat.handler)
    const server = createServer(app)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(async () => {
      await chat.close()
      server.closeAllConnections()
      server.close()
    })
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : undefined
    const page = await (await visitor(browser())).open(`http://localhost:${port}/chat#lobby`)
    await page.getByRole('textbox', { name: 'Your name' }).fill('Ada')
    await page.getByRole('button', { name: 'Join' }).click()
    await isLive(page)
    await say(page, 'hello inside Express')
    await hears(page, 'hello inside Express')
  })
})
