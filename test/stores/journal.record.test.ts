// A record by itself: what is whole is found whole, and nothing else is taken for a record.

import { expect, test } from 'vitest'
import type { Draft } from '../../src/core/rooms/message.js'
import {
  endOfRecord,
  HEAD_BYTES,
  isKeyed,
  MAX_BODY_BYTES,
  messageAt,
  messageOf,
  nextMark,
  noteOf,
  noteRecord,
  placeOf,
  roomFor,
  senderOf,
  syncedOf,
  timeOf,
  bodyOf,
  writeRecord,
} from '../../src/stores/journal/record.js'
import { draft } from './contract.js'

/** A record with two bytes of another before it, where it begins, and where it ends. */
function lying(body: string): [Buffer, number, number] {
  const record = Buffer.concat([Buffer.from('}}'), recordOf(body), Buffer.from('}}')])
  return [record, 2, record.length - 2]
}

function recordOf(body: string, synced = 0): Buffer {
  const buffer = Buffer.alloc(roomFor(body))
  return buffer.subarray(0, writeRecord(buffer, 0, body, synced))
}

const BODY = bodyOf('k3f9qz1a', messageAt(801, draft('hello 😀')))

test('a record ends where its body does, and says how much was on the disk before it', () => {
  for (const body of ['', BODY, 'x'.repeat(MAX_BODY_BYTES)]) {
    const record = recordOf(body, 4711)
    expect([endOfRecord(record, 0, record.length), syncedOf(record, 0)]).toEqual([record.length, 4711])
    expect(record.length).toBe(HEAD_BYTES + Buffer.byteLength(body))
  }
})

test('a record that breaks off is none yet, wherever it does', () => {
  const record = recordOf(BODY)
  for (let end = 0; end < record.length; end++) {
    expect(endOfRecord(record.subarray(0, end), 0, end)).toBe(0)
    expect(endOfRecord(record, 0, end)).toBe(0)
  }
})

test('a bit that rots anywhere makes it none', () => {
  const record = recordOf(BODY)
  for (let bit = 0; bit < 8 * record.length; bit++) {
    const rotten = Buffer.from(record)
    rotten[bit >> 3] = (rotten[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    expect(endOfRecord(rotten, 0, rotten.length)).toBeLessThanOrEqual(0)
  }
  record[0] = 0
  expect(endOfRecord(record, 0, record.length)).toBe(-1)
})

test('a rotten body is no record, and neither is one longer than any can be', () => {
  const record = recordOf(BODY)
  record[record.length - 1] = 0
  expect(endOfRecord(record, 0, record.length)).toBe(-1)
  const long = recordOf('x'.repeat(MAX_BODY_BYTES + 1))
  expect(endOfRecord(long, 0, long.length)).toBe(-1)
})

test('the next record is found by its first byte, which is in no text', () => {
  const [damaged, next] = [recordOf(BODY).subarray(1), recordOf(BODY)]
  const both = Buffer.concat([damaged.fill(0x7b, 0, HEAD_BYTES), next])
  expect([nextMark(both, 0), nextMark(both, damaged.length + 1)]).toEqual([damaged.length, -1])
})

test('a message is written without a key that it lacks, and its time is read from the end in either case', () => {
  const { key: _, ...rest } = draft('hi')
  for (const [said, has] of [
    [draft('hi'), true],
    [rest, false],
  ] as const) {
    const message = messageAt(1, said)
    expect('key' in message).toBe(has)
    const record = recordOf(bodyOf('k3f9qz1a', message))
    expect([isKeyed(record, record.length), timeOf(record, record.length)]).toEqual([has, said.timestamp])
  }
})

test.each([
  ['chat', false],
  ['removed', false],
  ['editor', false],
  ['delete', true],
  ['edit', true],
  ['reaction', true],
])('the place of a %s is read without the rest, whatever it says', (type, isChange) => {
  const said: Draft = { ...draft('"room":"den","type":"edit"'), room: 'lobby', type }
  const record = lying(bodyOf('k3f9qz1a', messageAt(2 ** 53 - 1, said)))
  expect(placeOf(...record)).toEqual({ epoch: 'k3f9qz1a', id: 2 ** 53 - 1, room: 'lobby', isChange })
})

test('the longest name of a room is read whole, and a note has no place', () => {
  const room = 'r'.repeat(64)
  expect(placeOf(...lying(bodyOf('k3f9qz1a', messageAt(2 ** 53 - 1, { ...draft(''), room, type: 'edit' }))))).toEqual({
    epoch: 'k3f9qz1a',
    id: 2 ** 53 - 1,
    room,
    isChange: true,
  })
  const note = noteRecord({ journal: 1, previous: 4711 })
  expect([placeOf(note, 0, note.length), endOfRecord(note, 0, note.length)]).toEqual([undefined, note.length])
  expect(noteOf(note, 0, note.length)).toEqual({ journal: 1, previous: 4711 })
})

test('a sender is read as it was written, whatever is said between', () => {
  const said = { ...draft('"username":"eve","text":"x","key":"k"'), username: 'a "b" ✓', key: 'key-7' }
  const body = bodyOf('k3f9qz1a', messageAt(1, said))
  expect(senderOf(...lying(body))).toEqual({ username: JSON.stringify('a "b" ✓'), key: 'key-7' })
})

test('a message comes back from its record as it was written', () => {
  const message = messageAt(801, draft('hello 😀'))
  expect(messageOf(...lying(bodyOf('k3f9qz1a', message)))).toEqual(message)
})

test('a time is read to its last digit', () => {
  for (const timestamp of [0, 9, 1_000_000_000_009, 1_234_567_890_123, 9_999_999_999_999]) {
    const { key: _, ...rest } = draft('7')
    for (const said of [
      { ...rest, timestamp },
      { ...rest, timestamp, key: '7:7' },
    ]) {
      const [record, , end] = lying(bodyOf('k3f9qz1a', messageAt(1, said)))
      expect(timeOf(record, end)).toBe(timestamp)
    }
  }
})
