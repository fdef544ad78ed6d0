// Whole lives of a journal, by chance, against a list of its messages: sends, deletions, clears, imports with holes,
// closes and kills, and so little room that the oldest messages go all the time. MINI_CHAT_HISTORIES says how many
// lives.

import { cpSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { encode, idBefore, readHistory } from '../../src/core/rooms/history.js'
import { type Draft, type Message, removed } from '../../src/core/rooms/message.js'
import { search } from '../../src/core/rooms/search.js'
import type { History, Range } from '../../src/core/rooms/store.js'
import { systemClock } from '../../src/platform.js'
import type { Journal } from '../../src/stores/journal.js'
import { FakeClock } from '../support/clock.js'
import { journalIn, quickFolder, segmentsIn } from '../support/journal.js'
import { chanceFrom } from '../support/random.js'

const HISTORIES = Number(process.env['MINI_CHAT_HISTORIES'] ?? (process.env['MINI_CHAT_TEST_ALL'] === '1' ? 10 : 4))
const FIRST_SEED = Number(process.env['MINI_CHAT_SEED'] ?? 1)
const SENDS = 5000
const ROOMS = ['lobby', 'den', 'attic', 'roof']
const RING = 50

/** `epoch`: undefined until it was read. */
type Room = {
  epoch: string | undefined
  said: { readonly message: Message; readonly order: number }[]
  gone: Set<number>
}

/** What a journal should hold: every message that was acknowledged, in the order of the journal. */
class Model {
  readonly rooms = new Map<string, Room>(ROOMS.map((room) => [room, emptyRoom()]))
  #order = 0
  /** Everything before this place in the order has been dropped. */
  #cut = 0

  of(name: string): Room {
    return this.rooms.get(name) ?? emptyRoom()
  }

  add(message: Message): void {
    const { room: name, id, key, type } = message
    // A cleared room begins anew, and so does one of which everything has been dropped.
    if (id === 1) this.rooms.set(name, emptyRoom())
    const room = this.of(name)
    const last = room.said.at(-1)?.message.id
    if (last !== undefined && key === 'imported') expect(id).toBeGreaterThan(last)
    else if (last !== undefined) expect(id).toBe(last + 1)
    room.said.push({ message, order: this.#order++ })
    if (type === 'delete' && message.of !== undefined) room.gone.add(message.of)
  }

  /** Compares all of it. What the journal has dropped must be a beginning of the whole, the same for every room. */
  async compare(journal: Journal): Promise<void> {
    const kept = new Map<string, readonly Message[]>()
    let cut = this.#order
    for (const [name, room] of this.rooms) {
      const { messages, epoch } = await journal.read(name, { limit: 1_000_000 })
      kept.set(name, messages)
      if (messages.length > 0) expect(epoch).toBe((room.epoch ??= epoch))
      const first = room.said.find(({ message }) => message.id === messages[0]?.id)
      if (messages.length > 0) cut = Math.min(cut, first?.order ?? -1)
    }
    expect(cut).toBeGreaterThanOrEqual(this.#cut)
    this.#cut = cut
    for (const [name, room] of this.rooms) {
      room.said = room.said.filter(({ order }) => order >= cut)
      const expected = room.said.map(({ message }) => (room.gone.has(message.id) ? removed(message) : message))
      expect(kept.get(name)).toEqual(expected)
      const subscription = await journal.subscribe(name, () => undefined)
      subscription.close()
      expect(subscription.recent).toEqual(denseEnd(expected).slice(-RING))
    }
  }

  async compareKeys(journal: Journal, share: () => boolean): Promise<void> {
    for (const [name, { said }] of this.rooms) {
      for (const { message } of said) {
        if (message.key === undefined || message.key === 'imported' || !share()) continue
        expect((await journal.find(name, message.username, message.key))?.message).toEqual(message)
      }
    }
  }
}

function emptyRoom(): Room {
  return { epoch: undefined, said: [], gone: new Set() }
}

/** A ring is dense: the newest messages without one missing between them. */
function denseEnd(messages: readonly Message[]): readonly Message[] {
  let from = messages.length - 1
  while (from > 0 && messages[from - 1]?.id === (messages[from]?.id ?? 0) - 1) from--
  return messages.slice(Math.max(from, 0))
}

async function live(seed: number): Promise<void> {
  const chance = chanceFrom(seed)
  const whole = (below: number): number => Math.floor(chance() * below)
  const pick = <T>(values: readonly [T, ...T[]]): T => values[whole(values.length)] ?? values[0]
  const clock = new FakeClock()
  const keepBytes = pick([65_536, 131_072, 262_144])
  const model = new Model()
  let folder = quickFolder()
  const open = (): Promise<Journal> =>
    journalIn(folder, { clock, keepBytes, recent: RING, sync: pick(['never', 'always']) })
  let journal = await open()
  let sent = 0
  const draft = (): Draft => {
    const [room = '', n] = [ROOMS[Math.floor(ROOMS.length * chance() ** 3)], sent++]
    const keyed = chance() < 0.7 ? { key: `k${n}` } : {}
    const text = `${n} ${'x'.repeat(whole(chance() < 0.1 ? 1500 : 60))}`
    return { room, type: 'chat', username: `user${n % 3}`, text, timestamp: clock.date(), ...keyed }
  }

  /** Sends, and stops the journal in the middle of it as a kill does: what was written is there, and nothing else. */
  const kill = async (): Promise<void> => {
    const drafts = Array.from({ length: 1 + whole(60) }, draft)
    let acknowledged = 0
    const sends = drafts.map(async (one) => {
      const { message } = await journal.append(one.room, one)
      acknowledged++
      return message
    })
    await sends[whole(sends.length)]
    const next = quickFolder()
    const told = acknowledged
    cpSync(folder, next, { recursive: true, filter: (source) => !/\/lock[^/]*$/.test(source) })
    const messages = await Promise.all(sends)
    await journal.close()
    rmSync(folder, { recursive: true })
    folder = next
    journal = await open()
    // Of what had not been acknowledged some may be there; then all that was sent before it is too.
    const there = new Set<string>()
    for (const name of ROOMS)
      for (const { text } of (await journal.read(name, { limit: 1_000_000 })).messages) there.add(text)
    const end = drafts.findLastIndex(({ text }) => there.has(text)) + 1
    expect(end).toBeGreaterThanOrEqual(told)
    for (const message of messages.slice(0, end)) model.add(message)
  }

  while (sent < SENDS) {
    clock.stall(whole(50))
    const dice = chance()
    if (dice < 0.03) await kill()
    else if (dice < 0.06) {
      await journal.close()
      journal = await open()
    } else if (dice < 0.07) {
      const one = draft()
      model.add((await journal.append(one.room, { ...one, type: 'clear', text: 'cleared' })).message)
    } else if (dice < 0.1) {
      const { room, key: _, ...one } = draft()
      const last = model.of(room).said.at(-1)?.message.id ?? 0
      if (last > 0)
        model.add((await journal.append(room, { ...one, room, type: 'delete', text: '', of: 1 + whole(last) })).message)
    } else if (dice < 0.11) {
      const one = { ...draft(), key: 'imported' }
      const { epoch, id } = journal.endOf(one.room)
      if (id > 0) model.add((await journal.restore(one, { epoch, id: id + 1 + whole(20) })).message)
    } else {
      const drafts = Array.from({ length: 1 + whole(80) }, draft)
      for (const { message } of await Promise.all(drafts.map((one) => journal.append(one.room, one))))
        model.add(message)
    }
    const bytes = segmentsIn(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)
    // Behind the end there may be room for what comes next, and a group may be a message longer than its bound.
    expect(bytes).toBeLessThanOrEqual(keepBytes + 16_384 + 2000)
    if (dice < 0.2) {
      await model.compare(journal)
      await model.compareKeys(journal, () => chance() < 0.05)
    }
  }
  await model.compare(journal)
  await model.compareKeys(journal, () => true)
  await journal.close()
  rmSync(folder, { recursive: true })
}

for (let seed = FIRST_SEED; seed < FIRST_SEED + HISTORIES; seed++) {
  test(
    `a life of ${SENDS} sends is what was said, its newest part, with its keys and its rings (seed ${seed})`,
    () => live(seed),
    30_000,
  )
}

test('a page, a time and words are found behind a hole that is longer than a page', { timeout: 20_000 }, async () => {
  const journal = await journalIn(quickFolder())
  const one = (id: number, text: string): Draft => ({
    room: 'lobby',
    type: 'chat',
    username: 'ada',
    text,
    timestamp: 1_763_635_200_000 + id,
  })
  for (const id of [1, 2, 2000, 2001]) await journal.restore(one(id, `needle ${id}`), { epoch: 'k3f9qz1a', id })
  const read = (range: Range): Promise<History> => journal.read('lobby', range)
  const page = async (range: Range): Promise<number[]> =>
    (await readHistory(read, encode, range, 1e9)).messages.map(({ id }) => id)
  expect(await page({ limit: 500 })).toEqual([1, 2, 2000, 2001])
  expect(await page({ limit: 10, before: 2000 })).toEqual([1, 2])
  expect(await page({ limit: 500, after: 1 })).toEqual([2, 2000, 2001])
  expect(await idBefore(read, 1_763_635_200_000 + 1000)).toBe(2)
  const parts = { clock: systemClock, read, held: () => undefined, encodeOne: encode, mostBytes: 1e9 }
  const { messages, more } = await search(parts, ['needle'], { limit: 10 })
  expect([messages.map(({ id }) => id), more]).toEqual([[1, 2, 2000, 2001], false])
})
