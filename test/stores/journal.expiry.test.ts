// Messages of a folder whose time is over, though their segment is there still.

import { expect, test } from 'vitest'
import type { Message } from '../../src/core/rooms/message.js'
import { createChat } from '../support/chat.js'
import { FakeClock } from '../support/clock.js'
import { journalIn, segmentsIn, temporaryFolder } from '../support/journal.js'

const KEEP_MS = 3_600_000

async function filled(times: readonly number[]) {
  const folder = temporaryFolder()
  const clock = new FakeClock()
  const start = clock.date()
  const journal = await journalIn(folder, { clock, keepMs: KEEP_MS })
  for (const [i, ms] of times.entries()) {
    await journal.append('lobby', {
      room: 'lobby',
      type: 'chat',
      username: 'ada',
      text: `text ${i + 1}`,
      timestamp: start + ms,
    })
  }
  return { folder, clock, journal }
}

const idsOf = ({ messages }: { messages: readonly Message[] }): number[] => messages.map(({ id }) => id)

test('a page has none whose time is over, and first is the oldest that can be had', async () => {
  const { clock, journal, folder } = await filled(Array.from({ length: 100 }, (_, i) => i * 1000))
  clock.stall(KEEP_MS + 40_500)
  expect(segmentsIn(folder).length).toBe(1)
  const newest = await journal.read('lobby', { limit: 500 })
  expect([newest.first, newest.last, newest.more, idsOf(newest).length]).toEqual([42, 100, false, 59])
  expect(idsOf(await journal.read('lobby', { after: 0, limit: 2 }))).toEqual([42, 43])
  const before = await journal.read('lobby', { before: 44, limit: 500 })
  expect([before.first, before.more, idsOf(before)]).toEqual([42, false, [42, 43]])
})

test('whichever page is asked for first', async () => {
  const { clock, journal } = await filled(Array.from({ length: 1000 }, (_, i) => i * 1000))
  clock.stall(KEEP_MS + 900_500)
  const after = await journal.read('lobby', { after: 0, limit: 10 })
  expect([after.first, after.more, idsOf(after)[0], idsOf(after).length]).toEqual([902, true, 902, 10])
  const before = await journal.read('lobby', { before: 500, limit: 10 })
  expect([before.first, before.more, idsOf(before)]).toEqual([902, false, []])
})

test('a log whose every message has expired keeps its epoch and its ids, after a restart too while its segment is there', async () => {
  const { clock, journal, folder } = await filled([0, 1000, 2000])
  const { epoch } = await journal.read('lobby', { limit: 1 })
  const den = { room: 'den', type: 'chat', username: 'ada', text: 'stays', timestamp: clock.date() + 60_000 }
  await journal.append('den', den)
  clock.stall(KEEP_MS + 10_000)
  const gone = { messages: [], epoch, first: 4, last: 3, more: false }
  expect(await journal.read('lobby', { limit: 50 })).toEqual(gone)
  await journal.close()
  const again = await journalIn(folder, { clock, keepMs: KEEP_MS })
  const { chat, clock: own } = createChat({ keepMs: KEEP_MS }, again)
  own.stall(KEEP_MS + 10_000)
  const room = await chat.rooms.open('lobby')
  expect([room.epoch, room.first, room.last]).toEqual([epoch, 4, 3])
  expect(room.read({ epoch, id: 3 }, 500).gap).toBeUndefined()
  await chat.send({ room: 'lobby', username: 'ada', text: 'again' })
  expect([room.epoch, room.first, room.last]).toEqual([epoch, 4, 4])
  expect(idsOf(await again.read('lobby', { limit: 50 }))).toEqual([4])
})

test('a room that is opened has none whose time is over, and the others go in their time', async () => {
  const { clock, journal } = await filled([0, 1000, 2000])
  clock.stall(KEEP_MS + 500)
  const { recent } = await journal.subscribe('lobby', () => undefined)
  expect(recent.map(({ id }) => id)).toEqual([2, 3])
})
