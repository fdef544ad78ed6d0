import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { takeLock } from '../../src/stores/journal/lock.js'
import { MAIN, startChild } from '../support/child.js'
import { canContain, freeze, startContained } from '../support/container.js'
import { journalIn, temporaryFolder } from '../support/journal.js'
import { needs } from '../support/needs.js'

/** The number of a process that has ended. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' })
  await once(child, 'close')
  return child.pid ?? 0
}

async function send(url: string, text: string): Promise<number> {
  return (await fetch(`${url}/send?room=lobby&username=ada`, { method: 'POST', body: text })).status
}

async function texts(url: string): Promise<string[]> {
  const { messages } = JSON.parse(await (await fetch(`${url}/history?room=lobby&limit=500`)).text())
  return messages.map(({ text }: { text: string }) => text)
}

/** Makes a lock look as if its owner had not touched it for a minute. */
function age(folder: string): void {
  utimesSync(join(folder, 'lock'), new Date(), new Date(Date.now() - 60_000))
}

const lockOf = (owner: object): string => JSON.stringify({ pid: 1, host: hostname(), began: '', ...owner })

test('a second journal on a folder is refused, and says who has it', async () => {
  const folder = temporaryFolder()
  const journal = await journalIn(folder)
  await expect(journalIn(folder)).rejects.toThrow(`is in use by process ${process.pid}:`)
  await journal.close()
  await (await journalIn(folder)).close()
})

test('a second server on a folder ends with one line, and the first goes on', async () => {
  const folder = temporaryFolder()
  const server = await startChild(['--data', folder])
  await expect(startChild(['--data', folder])).rejects.toThrow(
    new RegExp(`^it ended: mini-chat: the folder .* is in use by process ${server.pid}: [^\\n]*\\n$`),
  )
  expect(await send(server.url, 'hi')).toBe(201)
  expect(await server.end('SIGTERM')).toBe(0)
  expect(existsSync(join(folder, 'lock'))).toBe(false)
})

test('the lock of a server that was killed is taken over', async () => {
  const folder = temporaryFolder()
  const first = await startChild(['--data', folder])
  await first.end('SIGKILL')
  expect(existsSync(join(folder, 'lock'))).toBe(true)
  const second = await startChild(['--data', folder])
  await second.end('SIGTERM')
})

test('a stale lock is taken over: of a process that is gone, of an earlier one with our number, or one cut short', async () => {
  for (const text of [
    lockOf({ pid: await deadPid() }),
    lockOf({ pid: process.pid }),
    lockOf({ pid: process.pid, claim: 'lock-00000000-000000000000.sock' }),
    '',
    '{"pid":',
  ]) {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'lock'), text)
    const lock = await takeLock(folder)
    expect(JSON.parse(readFileSync(join(folder, 'lock'), 'utf8'))).toMatchObject({ pid: process.pid })
    lock.release()
    expect(readdirSync(folder)).toEqual([])
  }
})

test('after a reboot the lock of before it is stale, whatever process has the number now', async () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'lock'), lockOf({ pid: process.ppid, began: 'another-boot 1' }))
  age(folder)
  writeFileSync(join(folder, 'lock-0b0070fb-000000000000.sock'), '')
  const lock = await takeLock(folder)
  lock.release()
  expect(readdirSync(folder)).toEqual([])
})

test('the lock of another machine holds as long as it is touched', async () => {
  const folder = temporaryFolder()
  const path = join(folder, 'lock')
  writeFileSync(path, lockOf({ host: 'elsewhere', began: 'another-boot 1' }))
  const touching = setInterval(() => utimesSync(path, new Date(), new Date()), 400)
  await expect(takeLock(folder)).rejects.toThrow('process 1 on "elsewhere"')
  clearInterval(touching)
  age(folder)
  ;(await takeLock(folder)).release()
})

test('a restart right after a crash of another machine waits until nobody touches the lock, and is not refused', async () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'lock'), lockOf({ host: 'elsewhere', began: 'another-boot 1' }))
  ;(await takeLock(folder)).release()
})

test('a lock that another process has taken meanwhile is left alone', async () => {
  const folder = temporaryFolder()
  const path = join(folder, 'lock')
  const lock = await takeLock(folder)
  writeFileSync(path, lockOf({ pid: 1 }))
  lock.release()
  expect(readFileSync(path, 'utf8')).toBe(lockOf({ pid: 1 }))
})

test('of many that start together one takes the folder', async () => {
  for (const isStale of [false, true]) {
    const folder = temporaryFolder()
    if (isStale) writeFileSync(join(folder, 'lock'), lockOf({ pid: await deadPid() }))
    const taken = await Promise.allSettled(Array.from({ length: 6 }, () => takeLock(folder)))
    const locks = taken.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    expect(locks.length).toBe(1)
    locks[0]?.check()
    locks[0]?.release()
    expect(readdirSync(folder)).toEqual([])
  }
})

test('a folder whose path is longer than a socket’s address may be is locked all the same', async () => {
  const folder = join(temporaryFolder(), 'x'.repeat(120))
  mkdirSync(folder)
  const lock = await takeLock(folder)
  expect(JSON.parse(readFileSync(join(folder, 'lock'), 'utf8')).claim).toMatch(/^lock-[0-9a-f-]+\.sock$/)
  await expect(takeLock(folder)).rejects.toThrow('is in use by process')
  lock.release()
  expect(readdirSync(folder)).toEqual([])
})

test('a lock that leads nowhere is refused in one sentence', async () => {
  const folder = temporaryFolder()
  symlinkSync('/nowhere', join(folder, 'lock'))
  await expect(takeLock(folder)).rejects.toThrow('remove the file')
})

test('of two servers in containers with one host name the second is refused, also while the first is stopped', async () => {
  if (!canContain()) return
  const folder = temporaryFolder()
  const first = await startContained(['--data', folder])
  await send(first.url, 'one')
  await expect(startContained(['--data', folder])).rejects.toThrow(/is in use by process 1:/)
  await freeze(first.inside)
  age(folder)
  await expect(startContained(['--data', folder])).rejects.toThrow(/is in use by process 1:/)
  process.kill(first.inside, 'SIGCONT')
  expect(await send(first.url, 'two')).toBe(201)
  expect(await texts(first.url)).toEqual(['one', 'two'])
  await first.end('SIGKILL')
  const second = await startContained(['--data', folder])
  expect(await texts(second.url)).toEqual(['one', 'two'])
  await second.end('SIGKILL')
}, 60_000)

test('where no socket can be made, a stopped server that comes back to a folder of another keeps nothing and says so', async () => {
  if (!canContain() || !needs('strace', 'strace')) return
  const folder = temporaryFolder()
  // The first socket that a server binds is its claim; one that listens on a port comes later.
  const noSocket = [
    'strace',
    '-D',
    '-f',
    '--seccomp-bpf',
    '-qq',
    '-o',
    '/dev/null',
    '-e',
    'trace=bind',
    '-e',
    'inject=bind:error=EOPNOTSUPP:when=1',
  ]
  const first = await startContained(['--data', folder], noSocket)
  expect(readdirSync(folder).filter((name) => name.endsWith('.sock'))).toEqual([])
  await expect(startContained(['--data', folder])).rejects.toThrow(/is in use by process 1:/)
  await send(first.url, 'one')
  await freeze(first.inside)
  age(folder)
  const second = await startContained(['--data', folder])
  for (const text of ['two', 'three']) expect(await send(second.url, text)).toBe(201)
  process.kill(first.inside, 'SIGCONT')
  const refusal = await fetch(`${first.url}/send?room=lobby&username=ada`, { method: 'POST', body: 'lost' })
  expect([refusal.status, await refusal.text()]).toEqual([
    503,
    expect.stringContaining('belongs to another server now'),
  ])
  expect((await fetch(`${first.url}/ready`)).status).toBe(503)
  expect(first.output()).toMatch(/"event":"folder_lost"/)
  process.kill(first.inside, 'SIGTERM')
  await first.end('SIGCONT')
  expect(await send(second.url, 'four')).toBe(201)
  await second.end('SIGKILL')
  const third = await startChild(['--data', folder])
  expect(await texts(third.url)).toEqual(['one', 'two', 'three', 'four'])
  await third.end('SIGTERM')
}, 60_000)

test('a server whose lock was removed or replaced keeps nothing any more', async () => {
  const folder = temporaryFolder()
  const server = await startChild(['--data', folder])
  expect(await send(server.url, 'one')).toBe(201)
  renameSync(join(folder, 'lock'), join(folder, 'away'))
  writeFileSync(join(folder, 'lock'), lockOf({ pid: 1 }))
  expect(await send(server.url, 'two')).toBe(503)
  renameSync(join(folder, 'away'), join(folder, 'lock'))
  expect(await send(server.url, 'three')).toBe(503)
  expect(server.output().match(/folder_lost/g)?.length).toBe(1)
  await server.end('SIGTERM')
})

test('a server that was killed and whose parent takes no note of it, a zombie, is gone', async () => {
  if (process.platform !== 'linux') return
  const folder = temporaryFolder()
  const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] })
  const [bytes] = await once(parent.stdout, 'data')
  const pid = Number(String(bytes))
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  writeFileSync(join(folder, 'lock'), lockOf({ pid, began: `${boot} ${fields[21]}` }))
  await expect(takeLock(folder)).rejects.toThrow(`in use by process ${pid}`)
  process.kill(pid, 'SIGKILL')
  while (!/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))) await sleep(5)
  ;(await takeLock(folder)).release()
  parent.kill('SIGKILL')
})

test('a folder that cannot be used is said in one sentence', async () => {
  const file = join(temporaryFolder(), 'file')
  writeFileSync(file, '')
  await expect(journalIn(file)).rejects.toThrow(/cannot be used \(EEXIST\): see that it can be written to/)
})

test('a server with a folder that cannot be made ends at once, with one sentence and exit code 1', async () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'file'), '')
  symlinkSync(join(folder, 'nowhere'), join(folder, 'dangling'))
  const places = ['file', 'file/below', 'dangling', 'dangling/below'].map((name) => join(folder, name))
  if (process.platform === 'linux')
    places.push('/proc/x', '/proc/x/y', '/proc/self/fd', '/sys/x', '/dev/full', '/dev/null/x')
  for (const place of places) {
    const child = spawn(process.execPath, [MAIN, '--port', '0', '--data', place], { stdio: ['ignore', 'pipe', 'pipe'] })
    const timer = setTimeout(() => child.kill('SIGKILL'), 15_000)
    let written = ''
    child.stderr.on('data', (bytes: Buffer) => (written += bytes.toString()))
    const [code] = await once(child, 'close')
    clearTimeout(timer)
    expect([place, code, written]).toEqual([place, 1, expect.stringMatching(/^mini-chat: the folder [^\n]*\n$/)])
  }
}, 60_000)
