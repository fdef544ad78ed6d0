import { pbkdf2 } from 'node:crypto'
import { readdirSync, statSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Appended } from '../../src/core/rooms/store.js'
import type { Subscription } from '../../src/core/rooms/store.js'
import type { Journal } from '../../src/stores/journal.js'
import { KEY_MS } from '../../src/core/rooms/idempotency.js'
import { SPAN } from '../../src/stores/journal/folder.js'
import { JournalReader } from '../../src/stores/journal/journal-reader.js'
import { KeyIndex } from '../../src/stores/journal/key-index.js'
import { exportLines, parseLine } from '../../src/stores/journal/lines.js'
import { load } from '../../src/stores/journal/load.js'
import type { Log } from '../../src/stores/journal/log.js'
import { OffsetIndex } from '../../src/stores/journal/offset-index.js'
import { Retention } from '../../src/stores/journal/retention.js'
import { SteadyDate } from '../../src/stores/journal/steady-date.js'
import { FakeClock } from '../support/clock.js'
import { journalIn, quickFolder, reread, segmentsIn, temporaryFolder } from '../support/journal.js'
import { fixedRandom } from '../support/random.js'
import { startServer, until } from '../support/server.js'
import { Model, steps } from './changes.js'
import { draft, storeContract } from './contract.js'

for (const sync of ['always', 'everysec', 'never'] as const) {
  storeContract(`journal, sync ${sync}`, (recent) =>
    journalIn(temporaryFolder(), { recent, sync, random: fixedRandom() }),
  )
}

function messageOfLine(line: string): unknown {
  const { epoch: _, ...message } = JSON.parse(line) as Record<string, unknown>
  return message
}

const texts = (messages: readonly { readonly text: string }[]): string[] => messages.map(({ text }) => text)

describe('after a restart', () => {
  test('messages are as edits, deletes and reactions left them, in the ring, in history and in an export', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const [folder, model] = [quickFolder(), new Model(all)]
        const first = await journalIn(folder)
        for (const one of model.drafts) await first.append('lobby', one)
        await first.close()
        expect((await reread(folder)).messages).toEqual(model.messages)
        const lines = [...exportLines(folder, undefined)]
          .join('')
          .split('\n')
          .filter((line) => line !== '')
        expect(lines.map(messageOfLine)).toEqual(model.messages)
        const copy = quickFolder()
        const second = await journalIn(copy)
        for (const line of lines) {
          const { draft: one, given } = parseLine(line, 0)
          if (given === undefined) expect.unreachable('a line has its place')
          else await second.restore(one, given)
        }
        await second.close()
        expect((await reread(copy)).messages).toEqual(model.messages)
      }),
      { numRuns: 40 },
    )
  })

  test('a room has the messages, the ids and the epoch it had', async () => {
    const folder = temporaryFolder()
    const first = await journalIn(folder)
    const sent = await Promise.all(['a', 'ü😀\u2028', '"\\\n'].map((text) => first.append('lobby', draft(text))))
    const { epoch } = await first.read('lobby', { limit: 1 })
    await first.close()
    expect(await reread(folder)).toEqual({ messages: sent.map(({ message }) => message), epoch, said: [] })
  })

  test('the next message has the next id, and the epoch stays', async () => {
    const folder = temporaryFolder()
    for (let id = 1; id <= 3; id++) {
      const journal = await journalIn(folder, { random: fixedRandom(id / 10) })
      expect((await journal.append('lobby', draft(`n${id}`))).message.id).toBe(id)
      await journal.close()
    }
    const { messages } = await reread(folder)
    expect(texts(messages)).toEqual(['n1', 'n2', 'n3'])
  })

  test('a subscriber is given the newest messages, as many as fit a ring', async () => {
    const folder = temporaryFolder()
    const first = await journalIn(folder)
    await Promise.all(Array.from({ length: 30 }, (_, i) => first.append('lobby', draft(`n${i + 1}`))))
    await first.close()
    const second = await journalIn(folder, { recent: 4 })
    const { recent } = await second.subscribe('lobby', () => undefined)
    expect(recent.map(({ id }) => id)).toEqual([27, 28, 29, 30])
  })

  test('the rooms are known, the one that spoke last first', async () => {
    const folder = temporaryFolder()
    const first = await journalIn(folder)
    for (const room of ['a', 'b', 'c', 'a']) await first.append(room, draft('hi', room))
    await first.close()
    expect((await journalIn(folder)).rooms()).toEqual(['a', 'c', 'b'])
  })
})

test('a room that nobody listens to keeps its log', async () => {
  const journal = await journalIn(temporaryFolder())
  const subscription = await journal.subscribe('lobby', () => undefined)
  await journal.append('lobby', draft('a'))
  const { epoch } = await journal.read('lobby', { limit: 1 })
  subscription.close()
  expect(await journal.subscribe('lobby', () => undefined)).toMatchObject({ epoch, recent: [{ id: 1, text: 'a' }] })
})

test('no file is named by a room', async () => {
  const folder = temporaryFolder()
  const journal = await journalIn(folder)
  for (const room of ['CON', 'lock', '00000001', '__proto__']) await journal.append(room, draft('hi', room))
  const files = readdirSync(folder).filter((name) => !name.endsWith('.sock'))
  expect(files.toSorted()).toEqual(['00000001.log', 'lock'])
})

test('a subscriber that throws takes nothing from the others, and the message is kept', async () => {
  const said: { event: string }[] = []
  const journal = await journalIn(temporaryFolder(), {}, said)
  await journal.subscribe('lobby', () => {
    throw new Error('a reader’s own fault')
  })
  expect((await journal.append('lobby', draft('hi'))).message.id).toBe(1)
  expect(said.map(({ event }) => event)).toEqual(['bug'])
})

test('a subscriber that comes while a group is told is given each message once', async () => {
  const journal = await journalIn(temporaryFolder())
  const delivered: number[] = []
  let late: Promise<Subscription> | undefined
  await journal.subscribe('lobby', () => {
    late ??= journal.subscribe('lobby', ({ id }) => delivered.push(id))
  })
  await Promise.all(['a', 'b', 'c'].map((text) => journal.append('lobby', draft(text))))
  expect((await late)?.recent.map(({ id }) => id)).toEqual([1, 2, 3])
  await journal.append('lobby', draft('d'))
  expect(delivered).toEqual([4])
})

test('a disk that is behind has so many messages wait for it, and no more', async () => {
  const journal = await journalIn(temporaryFolder())
  const sends = Array.from({ length: 20_001 }, () => journal.append('lobby', draft('hi')))
  await expect(sends.pop()).rejects.toMatchObject({ code: 'unavailable' })
  expect((await Promise.all(sends)).at(-1)?.message.id).toBe(20_000)
  expect((await journal.append('lobby', draft('hi'))).message.id).toBe(20_001)
})

test('a page whose beginning goes while it is read begins later', async () => {
  const folder = temporaryFolder()
  const keep = { keepMs: undefined, keepBytes: 65_536 }
  const journal = await journalIn(folder, keep)
  for (let i = 0; i < 50; i++) await journal.append('lobby', draft('x'.repeat(200)))
  await journal.close()
  const [logs, keys, said] = [new Map<string, Log>(), new KeyIndex(KEY_MS), new Array<unknown>()]
  load({ folder, clock: new FakeClock(), logs, keys, retention: new Retention(keep), onTorn: () => undefined })
  const reader = new JournalReader({
    folder,
    logs,
    keys,
    keepMs: undefined,
    clock: new FakeClock(),
    onUnreadable: (error) => said.push(error),
  })
  // The threads that read files are busy, so the file is gone before they come to it.
  const busy = Array.from({ length: 8 }, () => promisify(pbkdf2)('', '', 100_000, 32, 'sha512'))
  const reading = reader.read('lobby', { after: 0, limit: 500 })
  logs.get('lobby')?.positions.dropBefore(2 * SPAN)
  unlinkSync(join(folder, '00000001.log'))
  const { messages, first } = await reading
  await Promise.all(busy)
  expect([messages.at(0)?.id, messages.at(-1)?.id, said]).toEqual([first, 50, []])
  expect(first).toBeGreaterThan(1)
})

test('a closed journal refuses, and says that it is not ready', async () => {
  const journal = await journalIn(temporaryFolder())
  const sending = journal.append('lobby', draft('hi'))
  await journal.close()
  expect((await sending).message.id).toBe(1)
  await expect(journal.append('lobby', draft('hi'))).rejects.toMatchObject({ code: 'unavailable' })
  expect(journal.ready()).toBe(false)
})

describe('keys', () => {
  test('are found after a restart, for their own user and room alone', async () => {
    const folder = temporaryFolder()
    const first = await journalIn(folder)
    const sent = await first.append('lobby', { ...draft('hi'), username: 'a "b" ü', key: 'k1', timestamp: Date.now() })
    await first.close()
    const second = await journalIn(folder)
    expect(await second.find('lobby', 'a "b" ü', 'k1')).toEqual(sent)
    for (const [room, user, key] of [
      ['den', 'a "b" ü', 'k1'],
      ['lobby', 'bob', 'k1'],
      ['lobby', 'a "b" ü', 'k2'],
    ] as const) {
      expect(await second.find(room, user, key)).toBeUndefined()
    }
  })

  test('live ten minutes at least, also where the ring has long moved on', async () => {
    const folder = temporaryFolder()
    const clock = new FakeClock()
    const journal = await journalIn(folder, { clock })
    const sent = await journal.append('lobby', { ...draft('hi'), key: 'k1', timestamp: clock.date() })
    for (let i = 0; i < 9; i++) {
      clock.stall(KEY_MS / 10)
      await journal.append('lobby', { ...draft('hi'), key: `other${i}`, timestamp: clock.date() })
    }
    expect(await journal.find('lobby', 'ada', 'k1')).toEqual(sent)
    await journal.close()
    expect(await (await journalIn(folder, { clock })).find('lobby', 'ada', 'k1')).toEqual(sent)
  })

  test('of a message that was cleared are free again', async () => {
    const journal = await journalIn(temporaryFolder())
    await journal.append('lobby', { ...draft('hi'), key: 'k1' })
    await journal.append('lobby', { ...draft('cleared'), type: 'clear', key: 'k2' })
    expect(await journal.find('lobby', 'ada', 'k1')).toBeUndefined()
    expect((await journal.find('lobby', 'ada', 'k2'))?.message.id).toBe(1)
  })

  test('a resend after a restart gets the first answer, from the ring and from behind it', async () => {
    const data = temporaryFolder()
    const post = (url: string, i: number): Promise<Response> =>
      fetch(`${url}/send?room=lobby&username=ada&key=k${i}`, { method: 'POST', body: `text ${i}` })
    const first = await startServer({ data, sync: 'never', ring: 5 })
    const answers = []
    for (let i = 0; i < 20; i++) answers.push(await (await post(first.url, i)).text())
    await first.stop()
    const second = await startServer({ data, ring: 5 })
    for (const i of [0, 3, 19, 0]) {
      const again = await post(second.url, i)
      expect([again.status, again.headers.get('Idempotency-Replayed'), await again.text()]).toEqual([
        201,
        'true',
        answers[i],
      ])
    }
    const other = await fetch(`${second.url}/send?room=lobby&username=ada&key=k2`, { method: 'POST', body: 'another' })
    expect(other.status).toBe(422)
  })

  test('hold for a session that comes back under the same name', async () => {
    const data = temporaryFolder()
    const send = async (url: string): Promise<Response> => {
      const body = JSON.stringify({ room: 'lobby', username: 'ada' })
      const joined: { token: string } = await (
        await fetch(`${url}/join`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body })
      ).json()
      return fetch(`${url}/send?room=lobby&key=k1`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${joined.token}` },
        body: 'hi',
      })
    }
    const first = await startServer({ data })
    const answer = await (await send(first.url)).text()
    await first.stop()
    const again = await send((await startServer({ data })).url)
    expect([again.headers.get('Idempotency-Replayed'), await again.text()]).toEqual(['true', answer])
  })
})

describe('a server with --data', () => {
  test('goes on where it stopped: cursors stay good, and nobody is told of a gap', async () => {
    const data = temporaryFolder()
    const first = await startServer({ data })
    await fetch(`${first.url}/send?room=lobby&username=ada`, { method: 'POST', body: 'one' })
    const { next }: { next: string } = await (await fetch(`${first.url}/poll?room=lobby&since=0`)).json()
    await first.stop()
    const second = await startServer({ data })
    expect(await (await fetch(`${second.url}/rooms`)).json()).toMatchObject({
      rooms: [{ room: 'lobby', first: 1, last: 1 }],
    })
    await fetch(`${second.url}/send?room=lobby&username=ada`, { method: 'POST', body: 'two' })
    const poll = await (await fetch(`${second.url}/poll?room=lobby&since=${next}`)).json()
    expect(poll).toMatchObject({ messages: [{ id: 2, text: 'two' }], gaps: [] })
  })

  test('brings a room that had to be forgotten back as it was', async () => {
    const { url } = await startServer({ data: temporaryFolder(), rooms: 1 })
    const send = (room: string): Promise<Response> =>
      fetch(`${url}/send?room=${room}&username=ada`, { method: 'POST', body: 'hi' })
    const { next }: { next: string } = await (await send('a')).json()
    await send('b')
    const poll = await (await fetch(`${url}/poll?room=a&since=${next}&wait=0`)).json()
    expect(poll).toMatchObject({ messages: [], gaps: [], next })
  })

  test('pages through all it keeps, far beyond the ring', async () => {
    const { app, url } = await startServer({ data: temporaryFolder(), ring: 5, sync: 'never' })
    await Promise.all(
      Array.from({ length: 100 }, (_, i) => app.chat.send({ room: 'lobby', username: 'ada', text: `n${i + 1}` })),
    )
    const page: { messages: { id: number }[] } = await (
      await fetch(`${url}/history?room=lobby&before=51&limit=3`)
    ).json()
    expect(page).toMatchObject({ first: 1, last: 100, more: true })
    expect(page.messages.map(({ id }) => id)).toEqual([48, 49, 50])
  })
})

describe('what is kept', () => {
  test('never outgrows --keep-bytes; the oldest goes first, and the log goes on', async () => {
    const folder = temporaryFolder()
    const keepBytes = 256 * 1024
    const journal = await journalIn(folder, { keepBytes })
    const size = (): number => segmentsIn(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)
    for (let i = 0; i < 40; i++) {
      await Promise.all(Array.from({ length: 100 }, () => journal.append('lobby', draft('x'.repeat(100)))))
      expect(size()).toBeLessThanOrEqual(keepBytes)
    }
    const { first, last, epoch } = await journal.read('lobby', { limit: 1 })
    expect([first > 1000, last]).toEqual([true, 4000])
    const { messages } = await journal.read('lobby', { after: 0, limit: 2 })
    expect(messages.map(({ id }) => id)).toEqual([first, first + 1])
    await journal.close()
    expect((await reread(folder)).epoch).toBe(epoch)
  })

  test('goes when its time is over, also where nobody speaks', async () => {
    const folder = temporaryFolder()
    const clock = new FakeClock()
    const journal = await journalIn(folder, { clock, keepMs: 30 * 60_000 })
    await journal.append('lobby', { ...draft('old'), timestamp: clock.date() })
    for (let minutes = 0; minutes <= 31; minutes++) {
      clock.advance(60_000)
      // What the timer began is done before the clock goes on.
      await until(
        () => clock.timers,
        (timers) => timers > 0,
      )
    }
    expect((await journal.read('lobby', { limit: 9 })).messages).toEqual([])
    expect(segmentsIn(folder)).not.toContain('00000001.log')
    await journal.close()
    expect((await reread(folder)).messages).toEqual([])
  })

  describe('for a day, by a clock', () => {
    const [DAY_MS, WEEK_MS, MINUTE_MS] = [86_400_000, 7 * 86_400_000, 60_000]

    /** A journal of the last 20 hours, in as many segments. */
    async function lastHours() {
      const [folder, clock] = [temporaryFolder(), new FakeClock()]
      const open = (): Promise<Journal> => journalIn(folder, { clock, keepMs: DAY_MS })
      const journal = await open()
      const say = (text: string, to = journal): Promise<Appended> =>
        to.append('lobby', { ...draft(text), key: `k-${text}`, timestamp: clock.date() })
      for (let hour = 1; hour <= 20; hour++) {
        await say(`hour ${hour}`)
        clock.stall(60 * MINUTE_MS)
      }
      const oldestOf = async (from: Journal): Promise<string | undefined> =>
        (await from.read('lobby', { after: 0, limit: 1 })).messages[0]?.text
      return { folder, clock, journal, open, say, oldestOf }
    }

    test('that is a week ahead for one message: nothing goes, and keys are still known', async () => {
      const { clock, journal, say, oldestOf, folder } = await lastHours()
      const keyed = await say('just now')
      const segments = segmentsIn(folder).length
      clock.ahead = WEEK_MS
      await say('of next week')
      expect(await oldestOf(journal)).toBe('of next week')
      for (let i = 0; i < 10; i++) await say(`and ${i}`)
      clock.ahead = 0
      await say('of today')
      expect(segmentsIn(folder).length).toBeLessThanOrEqual(segments + 1)
      expect(await oldestOf(journal)).toBe('hour 1')
      expect(await journal.find('lobby', 'ada', 'k-just now')).toEqual(keyed)
      // What bears a date of next week goes with the others of its day.
      for (let hour = 0; hour < 27; hour++) {
        clock.stall(60 * MINUTE_MS)
        await say(`later ${hour}`)
      }
      const { messages } = await journal.read('lobby', { limit: 500 })
      expect(texts(messages)).not.toContain('of next week')
    })

    test('that is a week ahead at a start, and is set right: nothing goes', async () => {
      const { clock, journal, open, say, oldestOf } = await lastHours()
      await journal.close()
      clock.ahead = WEEK_MS
      const again = await open()
      await say('of next week', again)
      clock.stall(4 * MINUTE_MS)
      await say('still of next week', again)
      clock.ahead = 0
      for (let i = 0; i < 10; i++) {
        clock.stall(MINUTE_MS)
        await say(`minute ${i}`, again)
      }
      expect(await oldestOf(again)).toBe('hour 1')
    })

    test('that jumps again before its first jump counts: the minutes begin anew', () => {
      const clock = new FakeClock()
      const date = new SteadyDate(clock, 5 * MINUTE_MS)
      expect(date.read()).toBeUndefined()
      clock.stall(5 * MINUTE_MS)
      expect(date.read()).toBe(clock.date())
      for (const ahead of [10 * MINUTE_MS, WEEK_MS]) {
        clock.ahead = ahead
        expect(date.read()).toBe(clock.date() - ahead)
        clock.stall(4 * MINUTE_MS)
        expect(date.read()).toBe(clock.date() - ahead)
      }
      clock.stall(MINUTE_MS)
      expect(date.read()).toBe(clock.date())
    })

    test('that stays a week ahead: it is right, and what is over goes after some minutes', async () => {
      const { folder, clock, journal, open, oldestOf } = await lastHours()
      await journal.close()
      clock.ahead = WEEK_MS
      const again = await open()
      expect(segmentsIn(folder).length).toBeGreaterThan(15)
      clock.advance(6 * MINUTE_MS)
      // The timer's look is on its way.
      await until(
        () => segmentsIn(folder).length,
        (segments) => segments === 1,
      )
      expect(await oldestOf(again)).toBeUndefined()
    })
  })

  test('takes 12 bytes a message in memory, and no more', () => {
    const positions = new OffsetIndex()
    for (let id = 1; id <= 100_000; id++) positions.add(id, id * 100)
    expect(positions.bytes / 100_000).toBeLessThanOrEqual(12)
    positions.dropBefore(50_000 * 100)
    expect([
      positions.first,
      positions.size,
      positions.of(49_999),
      positions.of(50_000),
      positions.of(100_000),
    ]).toEqual([50_000, 50_001, undefined, 5_000_000, 10_000_000])
    expect(positions.bytes / positions.size).toBeLessThanOrEqual(24)
  })
})
