// Text that people write stays text, whatever it looks like; and the page talks only to its own server.

import type { Request } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { startServer } from '../support/server.js'
import { count, hasChromium, hears, isLive, useBrowser, visitor } from './browser.js'

const MARKUP = [
  '<img src=x onerror="document.title=1">',
  '<script>document.title = 1</script>',
  '"><svg/onload=alert(1)>',
  '<iframe srcdoc="<script>top.document.title=1</script>">',
  '</li></ol><h1>out</h1>',
  '${document.title = 1} {{constructor.constructor("document.title=1")()}} <%= 1 %>',
  'javascript:document.title=1 JaVaScRiPt://example.com/%0adocument.title=1',
  'data:text/html,<script>1</script> vbscript:x file:///etc/passwd ftp://example.com',
  'https://example.com/"onmouseover="document.title=1" https://example.com/<b>',
  '`<b>code</b>` ```<i>fenced</i>```',
  '&lt;b&gt; &#60;script&#62; %3Cscript%3E',
  `Z${'\u0301\u0316\u0334'.repeat(33)}algo`,
  '\u200b\u200d\u2060 zero width \u00ad\ufeff',
  'שלום (עברית) abc',
  'x'.repeat(3000),
  'https://' + 'a'.repeat(1500) + '.example',
]
const NAMES = ['<b>bold</b>', '"><script>1</script>', '__proto__', 'constructor', "';--", '${1}', '&amp;']
const ROOMS = ['__proto__', 'constructor', 'toString', '-_-']

describe.skipIf(!hasChromium)('safety', { timeout: 60_000 }, () => {
  const browser = useBrowser()

  test('stars at words make them bold or stressed, and stars that multiply stay as they are', async () => {
    const { url, app } = await startServer()
    const ada = await (await visitor(browser())).enter(url, 'Ada')
    const texts = [
      '**bold** and *stressed*, **@Ada**',
      '2 * 3 * 4, a*b*c, ** no **',
      '`*code*` https://example.com/*x*',
    ]
    for (const text of texts) await app.chat.send({ room: 'lobby', username: 'bob', text })
    await hears(ada, '2 * 3 * 4, a*b*c, ** no **')
    const marked = (tag: string): Promise<string[]> => ada.locator(`#log .text ${tag}`).allTextContents()
    await expect.poll(() => marked('a')).toEqual(['https://example.com/*x*'])
    expect([await marked('strong'), await marked('em'), await marked('code'), await marked('mark')]).toEqual([
      ['bold', '@Ada'],
      ['stressed'],
      ['*code*'],
      ['@Ada'],
    ])
  })

  test('markup, links that are none, overrides and floods are text, and the layout holds', async () => {
    const { url, app } = await startServer()
    const ada = await (await visitor(browser())).enter(url, 'Ada')
    const reports = await ada.evaluateHandle(() => {
      const list: string[] = []
      addEventListener('securitypolicyviolation', (event) => list.push(event.violatedDirective))
      return list
    })
    for (const [i, text] of MARKUP.entries())
      await app.chat.send({ room: 'lobby', username: NAMES[i % NAMES.length], text })
    await app.chat.send({ room: 'lobby', username: 'bob', text: 'the end' })
    await hears(ada, 'the end')
    const texts = await ada.locator('#log .text').allTextContents()
    expect(texts).toEqual([...MARKUP.map((text) => text.replace(/```|`/g, '').normalize('NFC')), 'the end'])
    expect(await ada.locator('#log').locator('img, script, iframe, svg, h1, i, b').count()).toBe(0)
    const schemes = await ada
      .locator('#log a')
      .evaluateAll((links) => links.map((link) => new URL(link.getAttribute('href') ?? '').protocol))
    expect(new Set(schemes)).toEqual(new Set(['https:']))
    expect(await reports.evaluate((list) => list)).toEqual([])
    expect(await ada.title()).toBe('lobby · mini-chat')
    expect(await ada.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true)
    expect(await ada.locator('#log').evaluate((log) => log.scrollWidth <= log.clientWidth)).toBe(true)
  })

  test('rooms and people that are named like parts of the language are just names', async () => {
    const { url } = await startServer()
    const ada = await (await visitor(browser())).enter(url, '__proto__', 'constructor')
    for (const room of ROOMS) {
      await ada.evaluate((name) => (location.hash = name), room)
      await ada.getByRole('heading', { name: room }).waitFor()
      await ada.getByRole('textbox', { name: 'Message' }).fill(`hello ${room}`)
      await ada.keyboard.press('Enter')
      await ada.locator('#lines').getByText(`hello ${room}`).waitFor()
    }
    await expect.poll(() => ada.getByRole('list', { name: 'People' }).getByText('__proto__').count()).toBe(1)
    await expect.poll(() => ada.getByRole('list', { name: 'Rooms' }).getByRole('listitem').count()).toBe(4)
  })

  test('an address that names no room is said, and runs nothing', async () => {
    const { url } = await startServer()
    const page = await (await visitor(browser())).open(`${url}/#<img src=x onerror=alert(1)>`)
    await page.getByRole('alert').filter({ hasText: 'A room’s name is' }).waitFor()
    expect(await page.getByRole('textbox', { name: 'Room' }).inputValue()).toBe('<img src=x onerror=alert(1)>')
    expect(await page.locator('img:not([src="static/icon.svg"])').count()).toBe(0)
  })

  test('the browser enforces Trusted Types: HTML from a string is refused', async () => {
    const { url } = await startServer()
    const who = await visitor(browser())
    const page = await who.open(url)
    const refused = await page.evaluate(() => {
      try {
        document.createElement('div').innerHTML = '<b>x</b>'
        return false
      } catch {
        return true
      }
    })
    expect(refused).toBe(true)
    await expect.poll(() => who.said.splice(0)).toEqual([expect.stringContaining('TrustedHTML')])
  })

  test('the first load is seven files and 13 kB at the most, from one host, without a word to the console', async () => {
    const { url } = await startServer()
    const who = await visitor(browser())
    const page = await who.context.newPage()
    const origins = new Set<string>()
    const finished: Request[] = []
    page.on('request', (request) => origins.add(new URL(request.url()).origin))
    page.on('requestfinished', (request) => finished.push(request))
    page.on('console', (message) => who.said.push(message.text()))
    await page.goto(url)
    await page.getByRole('textbox', { name: 'Your name' }).waitFor()
    // On a slow machine nothing may be under way for half a second between two of them.
    await expect.poll(() => finished.filter(isFile).length).toBeGreaterThanOrEqual(7)
    await page.waitForLoadState('networkidle')
    const before = [...finished]
    const first = await bytesOf(before)
    await page.getByRole('textbox', { name: 'Your name' }).fill('Ada')
    await page.getByRole('button', { name: 'Join' }).click()
    await isLive(page)
    const all = await bytesOf(finished.filter(isFile))
    process.stdout.write(`  first load ${first} bytes; with the chat ${all} bytes\n`)
    expect([...origins]).toEqual([url])
    expect(before.filter(isFile)).toHaveLength(7)
    expect(first).toBeLessThanOrEqual(13_000)
    expect(await count(page, 'anything')).toBe(0)
  })

  test('below a path of a proxy everything is asked for below that path', async () => {
    const { port } = await startServer()
    const url = await startPrefix(port)
    const ada = await (await visitor(browser())).enter(url.replace(/\/$/, ''), 'Ada')
    await ada.getByRole('textbox', { name: 'Message' }).fill('hello')
    await ada.keyboard.press('Enter')
    await ada.locator('#lines').getByText('hello').waitFor()
  })
})

/** A file of the page, not what it asked of the chat. */
function isFile(request: Request): boolean {
  return /\.(html|css|js|svg)$|\/$/.test(request.url())
}

/** Asked for by the test, not by a listener: what a poll weighed could be asked when the page has gone. */
async function bytesOf(requests: readonly Request[]): Promise<number> {
  const sizes = await Promise.all(requests.map((request) => request.sizes()))
  return sizes.reduce((total, { responseBodySize }) => total + responseBodySize, 0)
}

/** A proxy that serves the chat below `/chat/`, and nothing beside it. */
async function startPrefix(port: number): Promise<string> {
  const { createServer, request } = await import('node:http')
  const { onTestFinished } = await import('vitest')
  const proxy = createServer((incoming, outgoing) => {
    if (incoming.url?.startsWith('/chat/') !== true) return void outgoing.writeHead(404).end()
    const path = incoming.url.slice('/chat'.length)
    const upstream = request(
      { port, host: '127.0.0.1', path, method: incoming.method, headers: incoming.headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(outgoing)
      },
    )
    upstream.on('error', () => outgoing.destroy())
    outgoing.on('close', () => upstream.destroy())
    incoming.pipe(upstream)
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    proxy.closeAllConnections()
    proxy.close()
  })
  const address = proxy.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
  return `http://127.0.0.1:${address.port}/chat/`
}
