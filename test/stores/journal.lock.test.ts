import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { takeLock } from '../../src/stores/journal/lock.js'
import { startChild } from '../support/child.js'
import { journalIn, temporaryFolder } from '../support/journal.js'

/** The number of a process that has ended. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' })
  await once(child, 'close')
  return child.pid ?? 0
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
  expect((await fetch(`${server.url}/send?room=lobby&username=ada`, { method: 'POST', body: 'hi' })).status).toBe(201)
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
    lockOf({ pid: process.ppid, began: 'another boot 1' }),
    '',
    '{"pid":',
  ]) {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'lock'), text)
    const unlock = takeLock(folder)
    expect(JSON.parse(readFileSync(join(folder, 'lock'), 'utf8'))).toMatchObject({ pid: process.pid })
    unlock()
    expect(readdirSync(folder)).toEqual([])
  }
})

test('the lock of another machine holds as long as it is touched', () => {
  const folder = temporaryFolder()
  const path = join(folder, 'lock')
  writeFileSync(path, lockOf({ host: 'elsewhere' }))
  expect(() => takeLock(folder)).toThrow('process 1 on "elsewhere"')
  utimesSync(path, new Date(), new Date(Date.now() - 60_000))
  takeLock(folder)()
})

test('a lock that somebody else has taken meanwhile is left alone', () => {
  const folder = temporaryFolder()
  const path = join(folder, 'lock')
  const unlock = takeLock(folder)
  writeFileSync(path, lockOf({ pid: 1 }))
  unlock()
  expect(readFileSync(path, 'utf8')).toBe(lockOf({ pid: 1 }))
})

test('a folder that cannot be used is said in one sentence', async () => {
  const file = join(temporaryFolder(), 'file')
  writeFileSync(file, '')
  await expect(journalIn(file)).rejects.toThrow(/cannot be used \(EEXIST\): see that it can be written to/)
})
