// What a room is worth, where there are too many: the least goes first. History costs whoever makes it, message by message,
// so many rooms with a message each are worth less than one where people talked.

import type { Room } from './room.js'

/** So much history makes a room worth more than one with less. */
const STEPS = [8, 32, 128]

/** A room that has been quiet for so long is worth no more than a new one. */
const QUIET_MS = 86_400_000

/** Added where readers wait: more than any history. */
const WAITED = 10

/** Added where an address has more than its share of the memory: it outweighs everything else. */
export const GREEDY = -100

/** From 0, for a room with little history in which no reader waits. */
export function worthOf(room: Room, now: number): number {
  return (room.idle ? 0 : WAITED) + historyOf(room, now)
}

/** How much history a room has: 0 for little, or for what has been quiet for a day. */
function historyOf(room: Room, now: number): number {
  const { first, last } = room
  if (now - (room.entry(last)?.at ?? now) > QUIET_MS) return 0
  const step = STEPS.findIndex((count) => last - first + 1 < count)
  return step < 0 ? STEPS.length : step
}
