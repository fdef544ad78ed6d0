// Origins: every Host, Origin and Sec-Fetch-Site with every kind of method, against the contract's sentences.

import { hostname } from 'node:os'
import { describe, expect, test } from 'vitest'
import { ChatError } from '../../../src/core/errors.js'
import { Origins } from '../../../src/transports/http/origins.js'
import { parse } from '../../support/http.js'
import { ask, head, RawClient } from '../../support/raw.js'
import { startServer } from '../../support/server.js'

type Case = {
  readonly method: string
  readonly host: string | undefined
  readonly origin: string | undefined
  readonly site: string | undefined
  readonly version?: string
}

/** The code with which a origins refuses; undefined when it lets pass. */
function refusal({ method, host, origin, site, version = '1.1' }: Case, origins: Origins): string | undefined {
  const headers = Object.entries({ HOST: host, Origin: origin, 'Sec-Fetch-Site': site })
  const rawHeaders = headers.flatMap(([name, value]) => (value === undefined ? [] : [name, value]))
  try {
    origins.check({ method, httpVersion: version, rawHeaders })
    return undefined
  } catch (error) {
    if (error instanceof ChatError) return error.code
    throw error
  }
}

const origins = new Origins({ hosts: ['Chat.Example'], origins: ['https://School.example'] })
const plain = { method: 'POST', origin: undefined, site: undefined }

describe('a host', () => {
  const ours = [
    'localhost',
    'LOCALHOST:8000',
    '127.0.0.1',
    '127.0.0.1:8000',
    '10.1.2.3:80',
    '[::1]',
    '[::1]:8000',
    '[fe80::1]:1',
    'chat.example',
    'CHAT.example:443',
    hostname(),
  ]
  test.each(ours)('%s is ours', (host) => {
    expect([refusal({ ...plain, host }, origins), refusal({ ...plain, method: 'GET', host }, origins)]).toEqual([
      undefined,
      undefined,
    ])
  })

  const others = [
    'evil.example',
    'localhost.evil.example',
    'chat.example.evil',
    'xlocalhost',
    '127.0.0.1.evil.example',
    '127.0.0.1@evil',
    '1.2.3',
    '2130706433',
    '0x7f.1',
  ]
  const broken = [
    '',
    ':8000',
    'localhost:',
    'localhost:x',
    '[::1',
    '::1',
    '[localhost]',
    'localhost/',
    'local host',
    'localhost:8000:1',
    '[::1]x',
  ]
  test.each([...others, ...broken])('%j is not', (host) => {
    expect([refusal({ ...plain, host }, origins), refusal({ ...plain, method: 'GET', host }, origins)]).toEqual([
      'forbidden_host',
      'forbidden_host',
    ])
  })

  test('may lack in HTTP/1.0 alone', () => {
    expect(refusal({ ...plain, host: undefined, version: '1.0' }, origins)).toBeUndefined()
    expect(refusal({ ...plain, host: undefined }, origins)).toBe('bad_request')
    expect(refusal({ ...plain, host: undefined, version: '1.0', origin: 'http://localhost' }, origins)).toBe(
      'forbidden_origin',
    )
  })

  test('that was refused once is refused again, and one that was taken does not let another in', () => {
    expect(refusal({ ...plain, host: 'localhost' }, origins)).toBeUndefined()
    expect(refusal({ ...plain, host: 'evil.example' }, origins)).toBe('forbidden_host')
    expect(refusal({ ...plain, host: 'evil.example' }, origins)).toBe('forbidden_host')
  })
})

describe('every method × origin × site', () => {
  const host = 'localhost:8000'
  const safe = ['GET', 'HEAD', 'OPTIONS']
  const changing = ['POST', 'PUT', 'DELETE', 'PATCH', 'PURGE']
  const own = [undefined, 'http://localhost:8000', 'https://localhost:8000', 'HTTP://LOCALHOST:8000']
  const foreign = [
    'null',
    '',
    'http://localhost',
    'http://localhost:8001',
    'http://evil.example',
    'http://evil.localhost:8000',
    'http://localhost:8000.evil',
    'http://localhost:8000@evil',
    'file://',
    'localhost:8000',
    'http://127.0.0.1:8000',
    'http://localhost:8000/',
  ]
  const sites: [string | undefined, boolean][] = [
    [undefined, true],
    ['same-origin', true],
    ['none', true],
    ['same-site', false],
    ['cross-site', false],
    ['Same-Origin', false],
    ['', false],
  ]

  test('reading is anybody’s', () => {
    for (const method of safe) {
      for (const origin of [...own, ...foreign])
        for (const [site] of sites) expect(refusal({ method, host, origin, site }, origins)).toBeUndefined()
    }
  })

  test('changing is our own page’s, or no page’s', () => {
    for (const method of changing) {
      for (const [site, isOwn] of sites) {
        for (const origin of own)
          expect([origin, site, refusal({ method, host, origin, site }, origins)]).toEqual([
            origin,
            site,
            isOwn ? undefined : 'forbidden_origin',
          ])
        for (const origin of foreign)
          expect([origin, site, refusal({ method, host, origin, site }, origins)]).toEqual([
            origin,
            site,
            'forbidden_origin',
          ])
      }
    }
  })

  test('and an allowed site’s, whatever the browser says of where it is', () => {
    for (const [site] of sites) {
      expect(refusal({ method: 'POST', host, origin: 'https://school.example', site }, origins)).toBeUndefined()
      expect(refusal({ method: 'POST', host, origin: 'http://school.example', site }, origins)).toBe('forbidden_origin')
      expect(refusal({ method: 'POST', host, origin: 'https://school.example:444', site }, origins)).toBe(
        'forbidden_origin',
      )
    }
  })

  test('a port that goes without saying is the same port', () => {
    for (const [ours, origin] of [
      ['chat.example', 'https://chat.example'],
      ['chat.example', 'http://chat.example:80'],
      ['chat.example:443', 'https://chat.example'],
      ['chat.example:80', 'http://chat.example'],
    ]) {
      expect(refusal({ method: 'POST', host: ours, origin, site: undefined }, origins)).toBeUndefined()
    }
    expect(
      refusal({ method: 'POST', host: 'chat.example:8443', origin: 'https://chat.example', site: undefined }, origins),
    ).toBe('forbidden_origin')
  })
})

describe('over a socket', () => {
  const evil = { Origin: 'http://evil.example' }

  test.each(['/send', '/nothing', '/poll', '/', '/join'])(
    'a foreign POST to %s is a 403, before 404, 405, 413 and 415',
    async (path) => {
      const { port } = await startServer()
      const headers = { ...evil, 'Content-Type': 'application/xml', 'Content-Length': '9999999' }
      expect(parse(await ask(port, { method: 'POST', path, headers }))).toMatchObject({
        status: 403,
        code: 'forbidden_origin',
      })
    },
  )

  test('a foreign page’s form changes nothing', async () => {
    const { port, app } = await startServer()
    for (const headers of [
      evil,
      { 'Sec-Fetch-Site': 'cross-site' },
      { 'Sec-Fetch-Site': 'same-site' },
      { Origin: 'null' },
    ]) {
      expect(
        (await ask(port, { method: 'POST', path: '/send?room=lobby&username=ada', headers, body: 'hi' })).status,
      ).toBe(403)
    }
    expect([...app.chat.rooms.all()]).toEqual([])
  })

  test('another name that points at this machine is a 403 for every path and method', async () => {
    const { port } = await startServer()
    for (const method of ['GET', 'POST', 'OPTIONS', 'DELETE']) {
      for (const path of ['/', '/poll?room=lobby', '/nothing']) {
        expect(parse(await ask(port, { method, path, headers: { Host: 'evil.example' } }))).toMatchObject({
          status: 403,
          code: 'forbidden_host',
        })
      }
    }
  })

  test('a name and a site that were allowed may', async () => {
    const { port } = await startServer({
      allowHost: ['chat.example'],
      allowOrigin: ['https://school.example'],
    })
    const headers = {
      Host: 'Chat.Example:8000',
      Origin: 'https://school.example',
      'Sec-Fetch-Site': 'cross-site',
    }
    expect(
      (await ask(port, { method: 'POST', path: '/send?room=lobby&username=ada', headers, body: 'hi' })).status,
    ).toBe(201)
  })

  test('two hosts are none', async () => {
    const { port } = await startServer()
    const client = new RawClient(port)
    client.write('GET /health HTTP/1.1\r\nHost: localhost\r\nhost: localhost\r\n\r\n')
    expect((await client.answer())?.status).toBe(400)
    client.destroy()
  })

  test('HTTP/1.0 comes without one', async () => {
    const { port } = await startServer()
    for (const version of ['1.0', '1.1']) {
      const client = new RawClient(port)
      client.write(head({ path: '/poll?room=lobby', version, headers: { Host: undefined } }))
      expect((await client.answer())?.status).toBe(version === '1.0' ? 200 : 400)
      client.destroy()
    }
  })
})

describe('behind a proxy that asks by a name of its own', () => {
  const proxied = new Origins({ hosts: ['chat.example'], origins: [], proxies: 1 })
  const refused = (headers: Record<string, string>, by = proxied): string | undefined => {
    const rawHeaders = Object.entries({ Host: '127.0.0.1:8000', ...headers }).flat()
    try {
      by.check({ method: 'POST', httpVersion: '1.1', rawHeaders })
      return undefined
    } catch (error) {
      if (error instanceof ChatError) return error.code
      throw error
    }
  }
  const page = { Origin: 'https://site.example' }

  test('the whole of a browser’s Sec-Fetch-* proves a page of ours, and one field of it does not', () => {
    const fetch = { ...page, 'Sec-Fetch-Mode': 'cors', 'Sec-Fetch-Dest': 'empty' }
    expect(refused({ ...fetch, 'Sec-Fetch-Site': 'same-origin' }, origins)).toBeUndefined()
    for (const site of ['none', 'same-site', 'cross-site', ''])
      expect([site, refused({ ...fetch, 'Sec-Fetch-Site': site }, origins)]).toEqual([site, 'forbidden_origin'])
    expect(refused({ ...page, 'Sec-Fetch-Site': 'same-origin' }, origins)).toBe('forbidden_origin')
  })

  test.each([
    [{ 'X-Forwarded-Host': 'site.example' }],
    [{ 'X-Forwarded-Host': 'evil.example, site.example' }],
    [{ Forwarded: 'for=10.1.2.3;host=site.example;proto=https' }],
    [{ Forwarded: 'host=evil.example, for="[2001:db8::1]:9"; Host="site.example:443"' }],
  ])('%j of a trusted proxy is what an https page is compared with', (headers) => {
    expect(refused({ ...page, ...headers })).toBeUndefined()
    expect(refused({ ...page, ...headers }, origins)).toBe('forbidden_origin')
    expect(refused({ Origin: 'https://evil.example', ...headers })).toBe('forbidden_origin')
  })

  test('over http, where a name can be made to lead here, the forwarded name has to be ours', () => {
    expect(refused({ Origin: 'http://chat.example', 'X-Forwarded-Host': 'chat.example' })).toBeUndefined()
    expect(refused({ Origin: 'http://10.1.2.3:80', Forwarded: 'host=10.1.2.3' })).toBeUndefined()
    expect(refused({ Origin: 'http://evil.example', 'X-Forwarded-Host': 'evil.example' })).toBe('forbidden_origin')
  })

  test('a forwarded name does not stand in for a Host that is not ours', () => {
    expect(refused({ Host: 'evil.example', 'X-Forwarded-Host': 'chat.example' })).toBe('forbidden_host')
  })

  test('the first refused Host is told once, printable and short', () => {
    const told: string[] = []
    const telling = new Origins({ hosts: [], origins: [], onUnknownHost: (host) => told.push(host) })
    for (const host of [`a\u009b2Jb${'x'.repeat(300)}`, 'other'])
      expect(refused({ Host: host }, telling)).toBe('forbidden_host')
    expect(told).toEqual([`a?2Jb${'x'.repeat(95)}`])
  })
})
