// Files that messages carry: how one comes in, who is given it, as what, and when it is gone.

import { readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Config } from '../../../src/config.js'
import { UNSENT_MS } from '../../../src/files/shelf.js'
import { bearer, join, parse, poll, post, send } from '../../support/http.js'
import { temporaryFolder } from '../../support/journal.js'
import { ask, head, RawClient, type RawAnswer } from '../../support/raw.js'
import { startServer, type TestServer, until } from '../../support/server.js'

const PNG = Buffer.concat([
  Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'),
  Buffer.from('0000028000000040', 'hex'),
  Buffer.alloc(64, 7),
])

type Up = TestServer & { readonly ada: string; readonly folder: string }

async function start(config: Partial<Config> = {}): Promise<Up> {
  const folder = temporaryFolder()
  const server = await startServer({ files: folder, ...config })
  return { ...server, folder, ada: await join(server.port, 'lobby', 'ada') }
}

async function upload(port: number, token: string, name: string, bytes: Buffer | string, room = 'lobby') {
  const response = await fetch(`http://127.0.0.1:${port}/files?room=${room}&name=${encodeURIComponent(name)}`, {
    method: 'POST',
    headers: bearer(token),
    body: typeof bytes === 'string' ? bytes : new Uint8Array(bytes),
  })
  const body = (await response.json()) as { file: { id: string; type: string; bytes: number; name: string } }
  return { status: response.status, file: body.file, body: JSON.stringify(body) }
}

const sendFile = (port: number, token: string, file: string, more: object = {}): Promise<RawAnswer> =>
  ask(port, post('/send', { room: 'lobby', file, ...more }, bearer(token)))

const filesIn = (folder: string): string[] => readdirSync(folder).toSorted()

describe('a file', () => {
  test('comes in, goes with a message to everybody, and is served as what its bytes say', async () => {
    const { port, ada, folder } = await start()
    const { status, file } = await upload(port, ada, 'C:\\pläne\\plan "1".html', PNG)
    expect([status, file]).toEqual([
      201,
      {
        id: expect.stringMatching(/^[\w-]{22}$/),
        type: 'image/png',
        bytes: PNG.length,
        name: 'plan "1".html',
        width: 640,
        height: 64,
      },
    ])
    expect(parse(await sendFile(port, ada, file.id))).toMatchObject({ message: { text: 'plan "1".html', file } })
    const { messages } = await poll(port, 'room=lobby&since=0')
    expect(messages.at(-1)).toMatchObject({ type: 'chat', file })
    const response = await fetch(`http://127.0.0.1:${port}/files/${file.id}`)
    expect(Buffer.from(await response.arrayBuffer()).equals(PNG)).toBe(true)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'image/png',
      'content-length': String(PNG.length),
      'content-disposition': `inline; filename="plan__1_.html"; filename*=UTF-8''plan%20%221%22.html`,
      'content-security-policy': "sandbox; default-src 'none'",
      'cross-origin-resource-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
      'cache-control': 'private, max-age=3600',
    })
    expect((await ask(port, { path: `/files/${file.id}`, headers: { 'If-None-Match': `"${file.id}"` } })).status).toBe(
      304,
    )
    expect(filesIn(folder)).toEqual([file.id, `${file.id}.json`].toSorted())
  })

  test.each([
    ['a page with a script', '<html><script>alert(1)</script>', 'application/octet-stream'],
    ['an SVG', '<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', 'application/octet-stream'],
    ['a PDF', '%PDF-1.7 …', 'application/pdf'],
  ])('that is %s is only ever a download', async (_, bytes, type) => {
    const { port, ada } = await start()
    const { file } = await upload(port, ada, 'picture.png', bytes)
    const { headers } = await ask(port, { path: `/files/${file.id}` })
    expect([file.type, headers.get('content-type'), headers.get('content-disposition')]).toEqual([
      type,
      type,
      expect.stringMatching(/^attachment;/),
    ])
  })

  test('is named by its uploader alone, in its room, once, and repeated with a key', async () => {
    const { port, ada } = await start()
    const bob = await join(port, 'lobby', 'bob')
    const { file } = await upload(port, ada, 'a.png', PNG)
    expect((await sendFile(port, bob, file.id)).status).toBe(404)
    expect((await ask(port, post('/send', { room: 'lobby', username: 'eve', file: file.id }))).status).toBe(401)
    expect((await sendFile(port, ada, '../../etc/passwd')).status).toBe(400)
    const first = await sendFile(port, ada, file.id, { key: 'k1', text: 'look' })
    expect(parse(first)).toMatchObject({ message: { text: 'look', file } })
    expect((await sendFile(port, ada, file.id, { key: 'k1', text: 'look' })).headers.get('idempotency-replayed')).toBe(
      'true',
    )
    expect((await sendFile(port, ada, file.id)).status).toBe(404)
  })

  test('is refused without a session, elsewhere than in its rooms, too large, past the whole, empty, and without a name', async () => {
    const { port, ada, folder } = await start({ fileBytes: 1000, filesBytes: 1500 })
    expect((await upload(port, 'nobody', 'a', PNG)).status).toBe(401)
    expect((await upload(port, ada, 'a', PNG, 'den')).status).toBe(403)
    expect((await upload(port, ada, 'a', Buffer.alloc(1001))).status).toBe(413)
    expect((await upload(port, ada, 'a', Buffer.alloc(1000))).status).toBe(201)
    expect((await upload(port, ada, 'a', Buffer.alloc(600))).status).toBe(507)
    expect((await upload(port, ada, 'a', '')).status).toBe(400)
    for (const name of ['', '..', 'x'.repeat(101), 'a\u202eb'])
      expect((await upload(port, ada, name, PNG)).status).toBe(400)
    expect(filesIn(folder)).toHaveLength(2)
  })

  test('that says no length is cut where it is too large, and one that breaks off leaves nothing', async () => {
    const { port, ada, folder } = await start({ fileBytes: 1000 })
    const chunked = new RawClient(port)
    const headers = { ...bearer(ada), 'Transfer-Encoding': 'chunked' }
    chunked.write(head({ method: 'POST', path: '/files?room=lobby&name=a', headers }))
    chunked.write(`400\r\n${'x'.repeat(0x400)}\r\n`)
    expect((await chunked.answer())?.status).toBe(413)
    chunked.destroy()
    const broken = new RawClient(port)
    broken.write(
      head({ method: 'POST', path: '/files?room=lobby&name=a', headers: { ...bearer(ada), 'Content-Length': '900' } }),
    )
    broken.write('x'.repeat(500))
    await until(
      () => filesIn(folder),
      (names) => names.length === 1,
    )
    broken.destroy()
    await until(
      () => filesIn(folder),
      (names) => names.length === 0,
      5000,
    )
  })

  test('goes with its message, with its room’s log, and with the time in which it was not sent', async () => {
    const { port, ada, folder, app } = await start({ adminKey: 'key' })
    const ids: string[] = []
    for (const name of ['one', 'two', 'three', 'unsent']) ids.push((await upload(port, ada, name, PNG)).file.id)
    const [one = '', two = '', , unsent = ''] = ids
    const said = parse<{ message: { id: number } }>(await sendFile(port, ada, one))
    await sendFile(port, ada, two)
    await sendFile(port, ada, ids[2] ?? '')
    const status = async (id: string): Promise<number> => (await ask(port, { path: `/files/${id}` })).status
    await ask(port, post('/remove', { room: 'lobby', id: said.message.id }, bearer(ada)))
    await expect.poll(() => status(one), { timeout: 15_000 }).toBe(404)
    expect([await status(two), await status(unsent)]).toEqual([200, 200])
    const session = app.chat.sessions.get(ada)
    await app.chat.moderation.appoint(session)
    await app.chat.moderation.clear(session, 'lobby')
    await expect.poll(() => status(two)).toBe(404)
    expect(await status(unsent)).toBe(200)
    await expect.poll(() => filesIn(folder)).toHaveLength(2)
    expect(UNSENT_MS).toBe(600_000)
  })

  test('outlives a restart with its messages, and none of one that had them in memory alone', async () => {
    const [data, files] = [temporaryFolder(), temporaryFolder()]
    const first = await start({ data, files })
    const { file } = await upload(first.port, first.ada, 'plan.png', PNG)
    await sendFile(first.port, first.ada, file.id)
    await first.stop()
    const second = await startServer({ data, files })
    expect((await poll(second.port, 'room=lobby&since=0')).messages.find(({ type }) => type === 'chat')).toMatchObject({
      file,
    })
    expect((await ask(second.port, { path: `/files/${file.id}` })).status).toBe(200)
    await second.stop()
    await startServer({ files })
    expect(filesIn(files)).toEqual([])
  })

  test('is a name in a line', async () => {
    const { port, ada, app } = await start({ tcp: 0 })
    const { file } = await upload(port, ada, 'plan.png', PNG)
    await sendFile(port, ada, file.id)
    await send(port, 'lobby', 'bob', 'hi')
    const { LINES } = await import('../../support/visits.js')
    const visit = await LINES.open(app.tcpPort ?? 0, 'lobby', 'linus')
    await until(
      () => visit.raw,
      (lines) => lines.includes('MSG lobby ada [plan.png]'),
    )
    visit.close()
  })
})

test('without --files there are none, and the page says so; with it the page says how large one may be', async () => {
  const { port } = await startServer()
  const ada = await join(port, 'lobby', 'ada')
  const { status, body } = await upload(port, ada, 'a.png', PNG)
  expect([status, body]).toEqual([404, expect.stringContaining('carries no files')])
  expect((await ask(port, { path: `/files/${'x'.repeat(22)}` })).body).toContain('carries no files')
  expect((await ask(port, { path: '/' })).body).not.toContain('data-files')
  const other = await start({ fileBytes: 5000 })
  expect((await ask(other.port, { path: '/' })).body).toContain(' data-files="5000"')
})

test('a file of a room that a token forbids is forbidden', async () => {
  const { port, ada, app } = await start()
  const { file } = await upload(port, ada, 'a.png', PNG)
  const bob = await join(port, 'lobby', 'bob')
  const session = app.chat.sessions.get(bob)
  session.identity = { subject: 'b', username: 'bob', rooms: new Set(['den']), until: Infinity }
  expect((await ask(port, { path: `/files/${file.id}`, headers: bearer(bob) })).status).toBe(403)
})
