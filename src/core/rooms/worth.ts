// What a room is worth. When there are too many rooms, the room that is worth least goes first. History costs its
// makers a message each time, so many rooms with a message each are worth less than one room where people talked.

import type { Room } from './room.js'

/** With this many messages a room is worth a step more. */
const STEPS = [8, 32, 128]

/** A room that has been quiet for so long is worth no more than a new one. */
const QUIET_MS = 86_400_000

/** Added for a room in which readers wait: more than any history. */
const WAITED = 10

/** Added for a room of an address that has more than its share of memory: it outweighs everything else. */
export const GREEDY = -100

/** The worth of a room, from 0 up. A room with little history, in which no reader waits, is worth 0. */
export function worthOf(room: Room, now: number): number {
  return (room.idle ? 0 : WAITED) + historyOf(room, now)
}

/** How much history a room has: 0 for little, and for a room that has been quiet for a day. */
function historyOf(room: Room, now: number): number {
  const { first, last } = room
  if (now - (room.entry(last)?.at ?? now) > QUIET_MS) return 0
  const step = STEPS.findIndex((count) => last - first + 1 < count)
  return step < 0 ? STEPS.length : step
}
