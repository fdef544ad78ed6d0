// Behind a real nginx, with the requests that a browser makes: as docs/proxies.md has it, and as people write it first.

import { readFileSync } from 'node:fs'
import { describe, expect, onTestFinished, test } from 'vitest'
import WebSocket from 'ws'
import { createApp } from '../../../src/app.js'
import { defaults } from '../../../src/command.js'
import type { Config } from '../../../src/config.js'
import { PACKAGE_ROOT } from '../../../src/platform.js'
import { parse } from '../../support/http.js'
import { needs } from '../../support/needs.js'
import { startNginx } from '../../support/nginx.js'
import { ask, type RawAnswer } from '../../support/raw.js'
import { startServer } from '../../support/server.js'

const blocks = [...readFileSync(`${PACKAGE_ROOT}/docs/proxies.md`, 'utf8').matchAll(/```nginx\n([\s\S]*?)```/g)].map(
  ([, block = '']) => block,
)

/** What Chromium sends with a request of the page's own. Over http to a name it leaves `Sec-Fetch-*` out. */
const browser = (origin: string, site: string | undefined): Record<string, string | undefined> => ({
  Host: new URL(origin).host,
  'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
  Accept: '*/*',
  'Accept-Encoding': 'gzip, deflate, br, zstd',
  'Accept-Language': 'en-GB,en;q=0.9',
  Origin: origin,
  'Sec-Fetch-Site': site,
  'Sec-Fetch-Mode': site === undefined ? undefined : 'cors',
  'Sec-Fetch-Dest': site === undefined ? undefined : 'empty',
})

function joinFrom(port: number, path: string, headers: Record<string, string | undefined>): Promise<RawAnswer> {
  return ask(port, {
    method: 'POST',
    path,
    headers: { 'Content-Type': 'application/json', ...headers },
    body: '{"room":"lobby","username":"ada"}',
  })
}

describe.runIf(needs('nginx', 'nginx-light'))('behind nginx', () => {
  /** The block of docs/proxies.md for another port, on loopback. */
  const documented = (block: string, target: number): Promise<number> =>
    startNginx((port) =>
      block.replace('listen 80', `listen 127.0.0.1:${port}`).replace(/127\.0\.0\.1:8000/, `127.0.0.1:${target}`),
    )

  test.each([
    ['the chat has a name of its own', 0, 'http://chat.example', ''],
    ['the chat is below a path', 1, 'http://school.example', '/chat'],
  ])('as documented, %s: the page, people and a WebSocket get through', async (_title, at, origin, base) => {
    const host = new URL(origin).host
    const { port: target } = await startServer({ base, trustProxy: 1, allowHost: [host], websocket: true })
    const port = await documented(blocks[at] ?? '', target)
    expect((await ask(port, { path: `${base}/`, headers: { Host: host } })).status).toBe(200)
    expect((await joinFrom(port, `${base}/join`, browser(origin, undefined))).status).toBe(201)
    expect((await joinFrom(port, `${base}/join`, browser('http://evil.example', undefined))).status).toBe(403)
    const socket = new WebSocket(`ws://127.0.0.1:${port}${base}/ws/lobby/bob`, {
      headers: { Host: host, Origin: origin },
    })
    onTestFinished(() => socket.terminate())
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  })

  test('one that only names where to go lets a browser join that proves where its page is from', async () => {
    const { port: target } = await startServer({ base: '/chat' })
    const port = await startNginx(
      (own) => `server { listen 127.0.0.1:${own}; location /chat { proxy_pass http://127.0.0.1:${target}; } }`,
    )
    const page = 'https://school.example'
    expect((await joinFrom(port, '/chat/join', browser(page, 'same-origin'))).status).toBe(201)
    expect((await joinFrom(port, '/chat/join', browser(page, 'same-site'))).status).toBe(403)
    expect((await joinFrom(port, '/chat/join', browser(page, 'cross-site'))).status).toBe(403)
    const refused = await joinFrom(port, '/chat/join', browser('http://school.example', undefined))
    expect(refused.status).toBe(403)
    const { detail } = parse(refused)
    expect(detail).toContain('proxy_set_header Host $http_host;')
    expect(detail).toContain('--allow-origin http://school.example')
  })

  test('one with a named upstream is refused in a sentence that says what to set, and logged once', async () => {
    const logged: unknown[] = []
    const settings = (given: Partial<Config>): Config => defaults({ port: 0, host: '127.0.0.1', ...given })
    const log = { info: (...line: unknown[]) => void logged.push(line), error: () => undefined }
    const app = await createApp(settings({}), log)
    const allowing = await createApp(settings({ allowHost: ['chat_api'] }), log)
    onTestFinished(() => Promise.all([app.stop(), allowing.stop()]).then(() => undefined))
    const [target, second] = [await app.listen(), await allowing.listen()]
    const upstream = (to: number): Promise<number> =>
      startNginx(
        (own) => `upstream chat_api { server 127.0.0.1:${to}; }
          server { listen 127.0.0.1:${own}; location / { proxy_pass http://chat_api; } }`,
      )
    const port = await upstream(target)
    for (const path of ['/', '/poll?room=lobby', '/rooms']) {
      const answer = await ask(port, { path })
      expect(answer.status).toBe(403)
      expect(parse(answer)['detail']).toMatch(/--allow-host chat_api;.*proxy_set_header Host \$http_host;/)
    }
    expect(logged.filter((line) => JSON.stringify(line).includes('unknown_host'))).toEqual([
      ['unknown_host', expect.objectContaining({ host: 'chat_api' })],
    ])
    expect((await ask(await upstream(second), { path: '/' })).status).toBe(200)
  })
})
