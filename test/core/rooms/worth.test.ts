// Which room goes first when there are too many.

import { expect, test } from 'vitest'
import { worthOf } from '../../../src/core/rooms/worth.js'
import { createRoom, fill } from '../../support/chat.js'

const DAY_MS = 86_400_000

/** A room in which so much was said. */
function roomOf(messages: number) {
  const parts = createRoom()
  fill(parts.room, 1, messages)
  return { ...parts, worth: () => worthOf(parts.room, parts.clock.now()) }
}

test.each([
  [0, 0],
  [1, 0],
  [7, 0],
  [8, 1],
  [31, 1],
  [32, 2],
  [127, 2],
  [128, 3],
  [500, 3],
])('a room of %d messages is worth %d', (messages, worth) => {
  expect(roomOf(messages).worth()).toBe(worth)
})

test('what has left the ring is worth nothing', () => {
  const { room, clock } = createRoom(8)
  fill(room, 1, 500)
  expect(worthOf(room, clock.now())).toBe(1)
})

test('a room that has been quiet for more than a day is worth no more than a new one', () => {
  const { clock, worth } = roomOf(500)
  clock.stall(DAY_MS)
  expect(worth()).toBe(3)
  clock.stall(1)
  expect(worth()).toBe(0)
})

test('a room in which a reader waits is worth more than any history', () => {
  const { room, worth } = roomOf(1)
  const leave = room.park({ epoch: room.epoch, id: 1 }, () => undefined)
  expect(worth()).toBeGreaterThan(roomOf(500).worth())
  leave?.()
  expect(worth()).toBe(0)
})
