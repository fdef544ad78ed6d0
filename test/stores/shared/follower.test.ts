// A follower beside a log in memory that other processes write to, over a network that loses, doubles and delays.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NO_EPOCH } from '../../../src/core/rooms/cursor.js'
import type { Message } from '../../../src/core/rooms/message.js'
import { Follower, type Found, type Marked, type News, type Place } from '../../../src/stores/shared/follower.js'
import { draft } from '../contract.js'

/** A log as a store keeps it: it can be cut, and then it has another epoch once a follower tells what it had seen. */
class Elsewhere {
  epoch = 'epoch001'
  entries: Marked[] = []
  #marks = 0
  #epochs = 1

  append(count: number): News {
    const before = this.entries.at(-1)?.mark ?? ''
    const added = Array.from({ length: count }, () => {
      const mark = String(++this.#marks)
      const entry = { mark, message: { id: this.entries.length + 1, ...draft(mark) } }
      this.entries.push(entry)
      return entry
    })
    return { ...this.end, before, entries: () => added }
  }

  cut(count: number): void {
    this.entries = this.entries.slice(0, Math.max(0, this.entries.length - count))
  }

  get end(): Place {
    return { epoch: this.epoch, id: this.entries.length, mark: this.entries.at(-1)?.mark ?? '' }
  }

  async readAfter(place: Place): Promise<Found | undefined> {
    if (this.entries.length === 0 && place.epoch === NO_EPOCH) return undefined
    const known = this.entries[place.id - 1]?.mark ?? ''
    if (place.epoch === this.epoch && known !== place.mark) this.epoch = `epoch00${++this.#epochs}`
    const from = place.epoch === this.epoch ? place.id : 0
    return { ...this.end, messages: this.entries.slice(from).map(({ message }) => message) }
  }
}

function follow(log: Elsewhere) {
  const heard = { epoch: NO_EPOCH, messages: [] as Message[] }
  const bugs: unknown[] = []
  const follower = new Follower(
    (place) => log.readAfter(place),
    (error) => bugs.push(error),
  )
  const subscriber = {
    deliver(message: Message, epoch: string) {
      if (epoch !== heard.epoch) heard.messages = []
      heard.epoch = epoch
      heard.messages.push(message)
    },
    restart(epoch: string) {
      heard.epoch = epoch
      heard.messages = []
    },
  }
  return { follower, heard, subscriber, bugs }
}

test('whatever the network does to the news and the server to the log, a follower ends with the log as it is', async () => {
  const step = fc.oneof(
    fc.record({ append: fc.integer({ min: 1, max: 3 }), times: fc.integer({ min: 0, max: 2 }), isLate: fc.boolean() }),
    fc.record({ cut: fc.integer({ min: 1, max: 4 }) }),
    fc.constant('wait' as const),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const log = new Elsewhere()
      const { follower, heard, subscriber, bugs } = follow(log)
      await follower.join(subscriber)
      const late: News[] = []
      for (const what of steps) {
        if (what === 'wait') await new Promise((resolve) => setImmediate(resolve))
        else if ('cut' in what) log.cut(what.cut)
        else {
          const news = log.append(what.append)
          for (let i = 0; i < what.times; i++) (what.isLate ? late : [news]).push(news)
          if (!what.isLate) for (let i = 0; i < what.times; i++) void follower.hear(news)
        }
        // In order within a log, nothing twice, whatever is missing still.
        expect(heard.messages.map(({ id }) => id)).toEqual(heard.messages.map((_, i) => i + 1))
      }
      for (const news of late) void follower.hear(news)
      // News of what the log has lost may still come behind a read; the next one finds out.
      await follower.catchUp()
      await follower.catchUp()
      expect(heard.messages).toEqual(log.entries.map(({ message }) => message))
      expect(bugs).toEqual([])
    }),
    { numRuns: 300 },
  )
})

test('news that go on where it is are delivered without asking the log', async () => {
  const log = new Elsewhere()
  log.append(2)
  let asked = 0
  const { heard, subscriber } = follow(log)
  const follower = new Follower(
    (place) => {
      asked++
      return log.readAfter(place)
    },
    () => undefined,
  )
  const { recent } = await follower.join(subscriber)
  for (let i = 0; i < 5; i++) expect(follower.hear(log.append(2))).toBe(undefined)
  expect([recent.length, heard.messages.length, asked]).toEqual([2, 10, 1])
})

test('what a subscriber throws is told, and the others are given the message', async () => {
  const log = new Elsewhere()
  const { follower, heard, subscriber, bugs } = follow(log)
  const broken = {
    deliver(): void {
      throw new Error('a bug')
    },
    restart: undefined,
  }
  await follower.join(broken)
  await follower.join(subscriber)
  await follower.hear(log.append(1))
  expect([heard.messages.length, bugs.length]).toEqual([1, 1])
})

test('a read that fails leaves the follower where it was, and the next one goes on from there', async () => {
  const log = new Elsewhere()
  log.append(1)
  let isAway = true
  const { heard, subscriber } = follow(log)
  const follower = new Follower(
    async (place) => {
      if (isAway) throw new Error('away')
      return log.readAfter(place)
    },
    () => undefined,
  )
  await expect(follower.join(subscriber)).rejects.toThrow('away')
  isAway = false
  await follower.join(subscriber)
  log.append(3)
  await follower.catchUp()
  expect(heard.messages.map(({ id }) => id)).toEqual([2, 3, 4])
})
