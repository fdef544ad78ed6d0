// People move between the folder, Redis and PostgreSQL by `export` and `import`, without loss.

import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Message } from '../../src/core/rooms/message.js'
import { run } from '../support/child.js'
import { journalIn, temporaryFolder } from '../support/journal.js'
import { hasPostgres, postgresForTest, storeIn as storeInPostgres } from '../support/postgres.js'
import { hasRedis, redisForTest, storeIn as storeInRedis } from '../support/redis.js'
import { draft } from './contract.js'

/** The messages of an export, whatever the order of rooms in it. */
const sorted = (lines: string): unknown[] =>
  lines
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Message)
    .toSorted((a, b) => a.room.localeCompare(b.room) || a.id - b.id)

const now = Date.now()
const chat = (text: string, key: string, room = 'lobby') => ({ ...draft(text, room), key, timestamp: now })

/** A folder with a room that was cleared, a removed message, keys, and more messages than travel together. */
async function filled(): Promise<string> {
  const folder = temporaryFolder()
  const journal = await journalIn(folder)
  await journal.append('lobby', chat('cleared', 'k0'))
  await journal.append('lobby', { ...chat('cleared', 'k'), type: 'clear' })
  for (let i = 2; i <= 700; i++) await journal.append('lobby', chat(`text ${i} "ü"\n😀`, `k${i}`))
  await journal.append('lobby', { ...draft('removed'), type: 'delete', of: 3, key: 'd' })
  await journal.append('den', chat('other', 'k1', 'den'))
  await journal.close()
  return folder
}

describe.skipIf(!hasPostgres || !hasRedis)('export and import', () => {
  test('carry every message from a folder to PostgreSQL, to Redis and back, with its place and its key', async () => {
    const [postgres, redis] = [await postgresForTest(['fsync=off']), await redisForTest()]
    const [inPostgres, inRedis] = [
      ['--postgres', postgres.url],
      ['--redis', redis.url],
    ] as const
    const { out } = await run(['export', await filled()])
    expect(sorted(out)).toHaveLength(702)
    for (const place of [inPostgres, inRedis]) {
      expect(await run(['import', ...place], out)).toEqual({
        code: 0,
        out: '702 messages added, 0 were there already\n',
        err: expect.any(String),
      })
      expect((await run(['import', ...place], out)).out).toBe('0 messages added, 702 were there already\n')
      expect(sorted((await run(['export', ...place])).out)).toEqual(sorted(out))
      expect((await run(['export', ...place, '--room', 'den'])).out.split('\n')).toHaveLength(2)
    }
    const back = join(temporaryFolder(), 'back')
    expect((await run(['import', back], (await run(['export', ...inRedis])).out)).code).toBe(0)
    expect(sorted((await run(['export', back])).out)).toEqual(sorted(out))
    for (const store of [await storeInPostgres(postgres.url), await storeInRedis(redis.url, { keepMs: 1e9 })]) {
      const { epoch, last } = await store.read('lobby', { limit: 1 })
      const again = await store.appendOnce('lobby', chat('text 9 "ü"\n😀', 'k9'))
      expect([again.replayed, again.message.id, again.epoch, last]).toEqual([true, 9, epoch, 701])
      expect(await store.appendOnce('lobby', chat('new', 'new'))).toMatchObject({ message: { id: 702 }, epoch })
    }
  }, 180_000)

  test('into a store that has another log of the room are refused, and lines that a person wrote are new messages', async () => {
    const [postgres, redis] = [await postgresForTest(['fsync=off']), await redisForTest()]
    for (const place of [
      ['--postgres', postgres.url],
      ['--redis', redis.url],
    ]) {
      const line = '{"room":"lobby","username":"ada","text":"one"}\n'
      expect((await run(['import', ...place], line + line)).out).toMatch(/^2 messages added/)
      const other = '{"id":9,"epoch":"abcdefgh","room":"lobby","username":"ada","text":"x"}\n'
      const { code, err } = await run(['import', ...place], other)
      expect([code, err]).toEqual([1, expect.stringMatching(/line 1: the store has another log of the room lobby/)])
    }
  })
})

test('one place at a time: more or none are wrong usage', async () => {
  for (const args of [
    ['chat', '--redis'],
    ['--redis', '--postgres'],
    ['--redis', 'http://x'],
  ])
    for (const { code, err } of await Promise.all(['export', 'import'].map((name) => run([name, ...args]))))
      expect([code, err.split('\n').length]).toEqual([2, 2])
})
