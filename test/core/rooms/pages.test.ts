// A page of the past beside the plainest thing that could do its work: a list of everything, cut at both ends.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encode, findMessage, noSuchMessage, readHistory } from '../../../src/core/rooms/history.js'
import type { Message } from '../../../src/core/rooms/message.js'
import type { History, Range } from '../../../src/core/rooms/store.js'
import { createRoom, fill, message } from '../../support/chat.js'

/** A log whose ids up to `last` are there, but for those that were lost. It looks at no more ids than it is asked for. */
function logOf(last: number, lost: ReadonlySet<number> = new Set()) {
  const all = Array.from({ length: last }, (_, i) => message(i + 1, { text: 'x'.repeat((i * 7) % 50) }))
  const kept = all.filter(({ id }) => !lost.has(id))
  const asked: Range[] = []
  const read = async (range: Range): Promise<History> => {
    asked.push(range)
    const { before = last + 1, after, limit } = range
    const [from, to] = after === undefined ? [Math.max(1, before - limit), before - 1] : [after + 1, after + limit]
    const messages = kept.filter(({ id }) => id >= from && id <= to)
    return { epoch: 'epoch001', first: 1, last, messages, more: after === undefined ? from > 1 : to < last }
  }
  return { kept, read, asked }
}

/** What a page should have: one message in any case, and as many as fit. */
function pageOf(messages: readonly Message[], limit: number, most: number): Message[] {
  let bytes = 0
  const end = messages.findIndex((one, i) => (bytes += encode(one).bytes) > most && i > 0)
  return messages.slice(0, Math.min(limit, end === -1 ? Infinity : end))
}

const sizes = fc.record({
  last: fc.integer({ min: 1, max: 300 }),
  edge: fc.option(fc.integer({ min: 0, max: 310 }), { nil: undefined }),
  limit: fc.integer({ min: 1, max: 250 }),
  most: fc.oneof(fc.constant(Infinity), fc.integer({ min: 1, max: 20_000 })),
  lost: fc.oneof(
    fc.constant(new Set<number>()),
    fc.tuple(fc.nat(300), fc.nat(200)).map(([from, many]) => new Set(Array.from({ length: many }, (_, i) => from + i))),
  ),
})

test('the newest messages before an id, and the oldest after one, as many as are asked for and fit', async () => {
  await fc.assert(
    fc.asyncProperty(sizes, fc.boolean(), async ({ last, edge, limit, most, lost }, isAfter) => {
      const { kept, read, asked } = logOf(last, lost)
      const after = edge ?? 0
      const range = isAfter ? { after, limit } : { ...(edge === undefined ? {} : { before: edge }), limit }
      const wanted = isAfter
        ? pageOf(
            kept.filter(({ id }) => id > after),
            limit,
            most,
          )
        : pageOf(kept.filter(({ id }) => id < (edge ?? Infinity)).toReversed(), limit, most).toReversed()
      const { messages, json, more } = await readHistory(read, encode, range, most)
      expect(messages.map(({ id }) => id)).toEqual(wanted.map(({ id }) => id))
      expect(json).toEqual(wanted.map((one) => encode(one).json))
      if (lost.size > 0) return
      const [newest, oldest] = [messages.at(-1)?.id ?? last, messages[0]?.id ?? 1]
      expect(more).toBe(isAfter ? newest < last && messages.length > 0 : oldest > 1)
      expect(asked.map((one) => one.limit).every((count, i) => count <= 64 * 2 ** i)).toBe(true)
    }),
  )
})

test('a page of a log that is begun anew meanwhile ends there', async () => {
  const { read } = logOf(300)
  let looks = 0
  const other = async (range: Range): Promise<History> =>
    ++looks === 1 ? read(range) : { epoch: 'epoch002', first: 1, last: 1, messages: [message(1)], more: false }
  const { messages, json, more, epoch } = await readHistory(other, encode, { limit: 200 }, Infinity)
  expect(messages.map(({ id }) => id)).toEqual(Array.from({ length: 64 }, (_, i) => 237 + i))
  expect([json.length, more, epoch]).toEqual([64, false, 'epoch001'])
})

test('a message is found in the ring, or else in the store, and one that is nowhere is not', async () => {
  const { room } = createRoom(2)
  fill(room, 1, 4)
  const asked: Range[] = []
  const store = {
    read: async (_room: string, range: Range): Promise<History> => {
      asked.push(range)
      return {
        epoch: 'epoch001',
        first: 1,
        last: 4,
        messages: range.after === 0 ? [message(1)] : [message(4)],
        more: true,
      }
    },
  }
  expect([(await findMessage(store, room, 4))?.id, asked]).toEqual([4, []])
  expect([(await findMessage(store, room, 1))?.id, asked]).toEqual([1, [{ after: 0, limit: 1 }]])
  expect(await findMessage(store, room, 2)).toBeUndefined()
  expect(
    await findMessage({ read: async () => ({ ...(await store.read('', { limit: 1 })), messages: [] }) }, room, 2),
  ).toBeUndefined()
  expect(noSuchMessage().code).toBe('not_found')
})
