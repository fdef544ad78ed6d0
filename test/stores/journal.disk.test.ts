// The journal when the disk refuses, and what it waits for before it acknowledges.

import { spawnSync } from 'node:child_process'
import { appendFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type ChildServer, startChild } from '../support/child.js'
import { FakeClock } from '../support/clock.js'
import { journalIn, reread, temporaryFolder } from '../support/journal.js'
import { needs } from '../support/needs.js'
import { draft } from './contract.js'

const send = (server: ChildServer, text: string): Promise<Response> =>
  fetch(`${server.url}/send?room=lobby&username=ada`, { method: 'POST', body: text })
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

async function serve(args: readonly string[], before: readonly string[] = []): Promise<ChildServer> {
  const server = await startChild(args, before)
  onTestFinished(async () => void (await server.end('SIGKILL')))
  return server
}

/** Asks again and again until the answer is as wanted; the last status. */
async function statusWithin(ms: number, ask: () => Promise<Response>, wanted: number): Promise<number> {
  const end = performance.now() + ms
  for (;;) {
    const { status } = await ask()
    if (status === wanted || performance.now() > end) return status
    await sleep(20)
  }
}

/** A disk of one megabyte; undefined, loudly, where this user may not have one. */
function smallDisk(): string | undefined {
  const folder = temporaryFolder()
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], { stdio: 'ignore' })
  if (status === 0) {
    onTestFinished(() => void spawnSync('umount', ['-l', folder]))
    return folder
  }
  if (process.env['MINI_CHAT_TEST_ALL'] === '1')
    throw new Error('a small disk needs the right to mount: run the tests as root')
  process.stderr.write('\n  SKIPPED  a small disk needs the right to mount: run the tests as root\n\n')
  return undefined
}

test('a full disk refuses sends, serves reads, says so, and is used again when there is space, without a restart', async () => {
  const disk = smallDisk()
  if (disk === undefined) return
  const server = await serve(['--data', join(disk, 'chat')])
  const kept: string[] = []
  for (let i = 0; i < 20; i++) if ((await send(server, `before ${i}`)).status === 201) kept.push(`before ${i}`)
  expect(kept.length).toBe(20)
  const filler = join(disk, 'filler')
  expect(() => writeFileSync(filler, Buffer.alloc(2 ** 20))).toThrow(/ENOSPC/)
  const statuses = new Set<number>()
  for (let i = 0; i < 40; i++) {
    const { status } = await send(server, `full ${i} ${'x'.repeat(3000)}`)
    statuses.add(status)
    if (status === 201) kept.push(`full ${i} ${'x'.repeat(3000)}`)
  }
  expect([...statuses].filter((status) => status !== 201)).toEqual([507])
  expect((await fetch(`${server.url}/ready`)).status).toBe(503)
  const texts = async (): Promise<string[]> => {
    const history: { messages: { text: string }[] } = await (
      await fetch(`${server.url}/history?room=lobby&limit=500`)
    ).json()
    return history.messages.map(({ text }) => text)
  }
  // It is said once, however many are refused.
  expect(server.output().match(/"event":"store_away"/g)).toHaveLength(1)
  expect(await texts()).toEqual(kept)
  const poll: { messages: { text: string }[] } = await (await fetch(`${server.url}/poll?room=lobby&since=0`)).json()
  expect(poll.messages.map(({ text }) => text)).toEqual(kept)
  rmSync(filler)
  expect((await send(server, 'after')).status).toBe(201)
  expect(await statusWithin(15_000, () => fetch(`${server.url}/ready`), 200)).toBe(200)
  await server.end('SIGKILL')
  expect((await reread(join(disk, 'chat'))).messages.map(({ text }) => text)).toEqual([...kept, 'after'])
})

test('a disk that is full and then is not is found ready by itself, where nobody sends', async () => {
  const disk = smallDisk()
  if (disk === undefined) return
  const server = await serve(['--data', join(disk, 'chat')])
  const filler = join(disk, 'filler')
  expect(() => writeFileSync(filler, Buffer.alloc(2 ** 20))).toThrow(/ENOSPC/)
  expect(await statusWithin(15_000, () => send(server, 'x'.repeat(4000)), 507)).toBe(507)
  expect((await fetch(`${server.url}/ready`)).status).toBe(503)
  rmSync(filler)
  expect(await statusWithin(15_000, () => fetch(`${server.url}/ready`), 200)).toBe(200)
  expect(server.output()).toMatch(/"event":"store_away".*ENOSPC[^]*"event":"store_back"/)
})

test('what is too old goes from a full disk too, and so there is room again', async () => {
  const disk = smallDisk()
  if (disk === undefined) return
  const [DAY_MS, clock] = [86_400_000, new FakeClock()]
  const journal = await journalIn(join(disk, 'chat'), { clock, keepMs: DAY_MS })
  const say = (text: string): Promise<unknown> => journal.append('lobby', { ...draft(text), timestamp: clock.date() })
  for (let hour = 1; hour <= 20; hour++) {
    await say(`hour ${hour}`)
    clock.stall(DAY_MS / 24)
  }
  expect(() => writeFileSync(join(disk, 'filler'), Buffer.alloc(2 ** 20))).toThrow(/ENOSPC/)
  clock.stall(2 * DAY_MS)
  // The clock's date counts when it has kept to it for a while: `now` has gone on as far.
  await expect(say('full')).rejects.toMatchObject({ code: 'full' })
  await say('after')
  expect((await journal.read('lobby', { limit: 9 })).messages.map(({ text }) => text)).toEqual(['after'])
})

test('a full disk does not keep a server from starting: it serves reads, and takes sends when there is room', async () => {
  const disk = smallDisk()
  if (disk === undefined) return
  const data = join(disk, 'chat')
  const first = await serve(['--data', data])
  for (let i = 0; i < 20; i++) expect((await send(first, `n${i}`)).status).toBe(201)
  await first.end('SIGKILL')
  // What a crash tears is to be kept beside, and there is no room for it.
  const torn = Buffer.alloc(9000, 7)
  appendFileSync(join(data, '00000001.log'), torn)
  const filler = join(disk, 'filler')
  expect(() => writeFileSync(filler, Buffer.alloc(2 ** 20))).toThrow(/ENOSPC/)
  // One that is stopped before there is room leaves everything as it is.
  const stopped = await serve(['--data', data])
  expect(await stopped.end('SIGTERM')).toBe(0)
  const server = await serve(['--data', data])
  const kept = Array.from({ length: 20 }, (_, i) => `n${i}`)
  const texts = async (): Promise<string[]> => {
    const answer = await fetch(`${server.url}/history?room=lobby&limit=500`)
    const history: { messages: { text: string }[] } = await answer.json()
    return history.messages.map(({ text }) => text)
  }
  expect(await texts()).toEqual(kept)
  expect((await fetch(`${server.url}/ready`)).status).toBe(503)
  expect((await send(server, 'full')).status).toBe(507)
  rmSync(filler)
  expect(await statusWithin(15_000, () => fetch(`${server.url}/ready`), 200)).toBe(200)
  expect((await send(server, 'after')).status).toBe(201)
  expect(await texts()).toEqual([...kept, 'after'])
  const side = readdirSync(data).filter((name) => name.includes('.torn-'))
  expect(side.length).toBe(1)
  expect(readFileSync(join(data, side[0] ?? '')).includes(torn)).toBe(true)
  await server.end('SIGKILL')
  expect((await reread(data)).messages.map(({ text }) => text)).toEqual([...kept, 'after'])
})

for (const sync of ['always', 'everysec', 'never']) {
  test(`a start has what it loaded on the disk before it writes behind it (${sync})`, async () => {
    if (!needs('strace', 'strace')) return
    const folder = temporaryFolder()
    const first = await serve(['--data', folder, '--sync', sync])
    expect((await send(first, 'before')).status).toBe(201)
    await first.end('SIGKILL')
    const trace = join(temporaryFolder(), 'trace')
    const calls = 'trace=pwrite64,fsync,fdatasync'
    const server = await serve(
      ['--data', folder, '--sync', sync],
      ['strace', '-D', '-f', '-y', '-qq', '-o', trace, '-e', calls],
    )
    expect((await send(server, 'after')).status).toBe(201)
    await server.end('SIGKILL')
    const lines = readFileSync(trace, 'latin1').split('\n')
    const written = lines.findIndex((line) => line.includes(' pwrite64(') && line.includes('00000001.log>'))
    expect(written).toBeGreaterThan(0)
    const before = lines.slice(0, written).join('\n')
    expect(before).toMatch(/fdatasync\(\d+<[^>]*00000001\.log>/)
    expect(before).toContain(`<${folder}>`)
  })
}

for (const sync of ['always', 'everysec']) {
  test(`an fdatasync that fails acknowledges nothing more, and the next that succeeds does (${sync})`, async () => {
    if (!needs('strace', 'strace')) return
    const folder = temporaryFolder()
    // The start needs one; from the third on three of them fail.
    const inject = [
      'strace',
      '-D',
      '-f',
      '-qq',
      '-o',
      '/dev/null',
      '-e',
      'trace=fdatasync',
      '-e',
      'inject=fdatasync:error=EIO:when=3..5',
    ]
    const server = await serve(['--data', folder, '--sync', sync], inject)
    const kept: string[] = []
    const statuses: number[] = []
    for (let i = 0; i < 400 && !(statuses.includes(503) && statuses.at(-1) === 201); i++) {
      const { status } = await send(server, `n${i}`)
      statuses.push(status)
      if (status === 201) kept.push(`n${i}`)
      await sleep(sync === 'always' ? 0 : 20)
    }
    expect(new Set(statuses)).toEqual(new Set([201, 503]))
    const { messages }: { messages: { text: string }[] } = await (
      await fetch(`${server.url}/history?room=lobby&limit=500`)
    ).json()
    expect(messages.map(({ text }) => text)).toEqual(kept)
    expect(server.output()).toMatch(/"event":"store_away".*EIO/)
  })
}

test('no 2xx leaves before the fdatasync that covers it has returned', async () => {
  if (!needs('strace', 'strace')) return
  const folder = temporaryFolder()
  const trace = join(temporaryFolder(), 'trace')
  const strace = ['strace', '-D', '-f', '-qq', '-s', '4000', '-o', trace, '-e', 'trace=pwrite64,write,writev,fdatasync']
  const server = await serve(['--data', folder], strace)
  await Promise.all(
    Array.from({ length: 8 }, async (_, sender) => {
      for (let i = 0; i < 25; i++) expect((await send(server, `mark-${sender}-${i}.`)).status).toBe(201)
    }),
  )
  await server.end('SIGKILL')
  const { written, synced, answered } = readTrace(readFileSync(trace, 'latin1'))
  expect([written.size, answered.size]).toEqual([200, 200])
  for (const [mark, at] of answered) {
    const writtenAt = written.get(mark) ?? Infinity
    const covering = synced.find(({ began }) => began > writtenAt)
    expect(covering?.ended, mark).toBeLessThan(at)
  }
}, 60_000)

/** By line of the trace: when each mark was written to the journal and answered, and each fdatasync from its beginning to its end. */
function readTrace(text: string): {
  written: Map<string, number>
  answered: Map<string, number>
  synced: { began: number; ended: number }[]
} {
  const [written, answered] = [new Map<string, number>(), new Map<string, number>()]
  const synced: { began: number; ended: number }[] = []
  const open = new Map<string, number>()
  for (const [line, call] of text.split('\n').entries()) {
    const thread = call.split(' ', 1)[0] ?? ''
    const marks = call.match(/mark-\d+-\d+\./g) ?? []
    // A call that others come between is two lines: `fdatasync(20 <unfinished ...>`, `<... fdatasync resumed>) = 0`.
    if (/ pwrite64\(/.test(call)) for (const mark of marks) written.set(mark, line)
    else if (call.includes('HTTP/1.1 201')) for (const mark of marks) answered.set(mark, line)
    if (call.includes(' fdatasync(')) open.set(thread, line)
    const began = open.get(thread)
    if (began === undefined || !/fdatasync.* = 0$/.test(call)) continue
    synced.push({ began, ended: line })
    open.delete(thread)
  }
  return { written, answered, synced }
}
