import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { run, startChild } from '../support/child.js'
import { journalIn, reread, temporaryFolder } from '../support/journal.js'
import { draft } from './contract.js'

async function filled(): Promise<string> {
  const folder = temporaryFolder()
  const journal = await journalIn(folder)
  for (let i = 1; i <= 4; i++) await journal.append('lobby', { ...draft(`text ${i} "ü"\n😀`), key: `k${i}` })
  await journal.append('den', draft('other', 'den'))
  await journal.close()
  return folder
}

describe('export and import', () => {
  test('carry every message to another folder, with its place, and twice is as good as once', async () => {
    const [from, to] = [await filled(), join(temporaryFolder(), 'new')]
    const { out } = await run(['export', from])
    expect(await run(['import', to], out)).toMatchObject({ code: 0, out: '5 messages added, 0 were there already\n' })
    for (const room of ['lobby', 'den']) expect(await reread(to, room)).toEqual(await reread(from, room))
    expect((await run(['import', to], out)).out).toBe('0 messages added, 5 were there already\n')
    expect((await run(['export', to])).out).toBe(out)
  })

  test('of one room is that room alone, a message a line', async () => {
    const { out } = await run(['export', await filled(), '--room', 'den'])
    const lines = out
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line))
    expect(lines).toEqual([{ id: 1, epoch: expect.stringMatching(/^[a-z0-9]{8}$/), ...draft('other', 'den') }])
  })

  test('work on lines that a person wrote', async () => {
    const folder = temporaryFolder()
    const lines =
      '{"room":"lobby","username":"ada","text":"one"}\n\n{"room":"lobby","username":"bob","text":"two","timestamp":5}\n'
    expect((await run(['import', folder], lines)).out).toMatch(/^2 messages added/)
    expect((await reread(folder)).messages).toMatchObject([
      { id: 1, text: 'one', type: 'chat' },
      { id: 2, text: 'two', timestamp: 5 },
    ])
  })

  test.each([
    ['no JSON', 'nonsense', /line 2: this is no JSON/],
    ['no room', '{"username":"ada","text":"x"}', /line 2: room is required/],
    [
      'a text that no client could send',
      '{"room":"a","username":"ada","text":"\\u202e"}',
      /line 2: text has a control character/,
    ],
    ['an id without an epoch', '{"id":3,"room":"a","username":"ada","text":"x"}', /line 2: epoch is 8 characters/],
    [
      'another log of a room',
      '{"id":9,"epoch":"abcdefgh","room":"lobby","username":"ada","text":"x"}',
      /line 2: the folder has another log of the room lobby/,
    ],
  ])('stop at a line that is %s, and keep what was before it', async (_what, line, sentence) => {
    const folder = temporaryFolder()
    const first = '{"id":7,"epoch":"k3f9qz1a","room":"lobby","username":"ada","text":"one","timestamp":1}'
    const { code, err } = await run(['import', folder], `${first}\n${line}\n`)
    expect([code, err.split('\n').length]).toEqual([1, 2])
    expect(err).toMatch(sentence)
    expect((await reread(folder)).messages).toMatchObject([{ id: 7, text: 'one' }])
  })

  test('an export of a running server is what it has kept; an import into one is refused', async () => {
    const folder = temporaryFolder()
    const server = await startChild(['--data', folder])
    await fetch(`${server.url}/send?room=lobby&username=ada`, { method: 'POST', body: 'hi' })
    expect((await run(['export', folder])).out).toMatch(/"text":"hi"/)
    for (const name of ['import', 'repair'])
      expect(await run([name, folder])).toMatchObject({ code: 1, err: expect.stringMatching(/is in use by process/) })
    await server.end('SIGTERM')
  })
})

describe('repair', () => {
  test('is what a damaged start asks for, and the start goes on after it', async () => {
    const folder = await filled()
    // What is written next says that all before it was on the disk: so what follows is no torn tail.
    const journal = await journalIn(folder)
    await journal.append('den', draft('later', 'den'))
    await journal.close()
    const path = join(folder, '00000001.log')
    const bytes = readFileSync(path)
    bytes[bytes.indexOf('text 2')] = 0
    writeFileSync(path, bytes)
    await expect(startChild(['--data', folder])).rejects.toThrow(
      /^it ended: mini-chat: .* is damaged at byte \d+ \(a record fails its checksum\): run `mini-chat repair [^\n]*\n$/,
    )
    expect((await run(['export', folder])).code).toBe(1)
    expect((await run(['repair', folder])).out).toMatch(
      /took out \d+ bytes at byte \d+\n.*as it was it is kept in .*\.damaged-\d+\n$/,
    )
    const server = await startChild(['--data', folder])
    await server.end('SIGTERM')
    expect((await reread(folder)).messages.map(({ id }) => id)).toEqual([1, 3, 4])
  })

  test('of a whole folder says so', async () => {
    expect(await run(['repair', await filled()])).toMatchObject({
      code: 0,
      out: 'nothing to repair: every message is whole\n',
    })
  })
})

test.each([
  ['repair'],
  ['export'],
  ['import'],
  ['repair', 'a', 'b'],
  ['export', 'a', '--nope'],
  ['import', 'a', '--room', 'x'],
])('mini-chat %s %s %s is wrong usage', async (...args) => {
  const { code, err } = await run(args)
  expect([code, err.split('\n').length]).toEqual([2, 2])
})

test('a folder that is not there is said to be missing, and not made', async () => {
  for (const name of ['repair', 'export'])
    expect(await run([name, '/nowhere/at all'])).toEqual({
      code: 1,
      out: '',
      err: 'mini-chat: there is no folder "/nowhere/at all"\n',
    })
})

test('an export has nothing of what was cleared, and no text of what was removed; it can be imported', async () => {
  const folder = temporaryFolder()
  const journal = await journalIn(folder)
  await journal.append('lobby', draft('cleared'))
  await journal.append('lobby', { ...draft('cleared'), type: 'clear' })
  for (const text of ['secret', 'stays']) await journal.append('lobby', draft(text))
  await journal.append('lobby', { ...draft('removed'), type: 'delete', of: 2 })
  await journal.close()
  const { out } = await run(['export', folder])
  expect(out).not.toContain('secret')
  const other = temporaryFolder()
  expect((await run(['import', other], out)).code).toBe(0)
  expect((await reread(other)).messages).toEqual((await reread(folder)).messages)
  expect((await reread(other)).messages.map(({ id, type }) => [id, type])).toEqual([
    [1, 'clear'],
    [2, 'removed'],
    [3, 'chat'],
    [4, 'delete'],
  ])
})
