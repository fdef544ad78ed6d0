// A gap: messages that a reader asks for and cannot have. The reader is told of it; nothing is passed over in
// silence.
//
//     a log k3f9qz1a, and 4 5 6 7 of it in the ring
//
//     cursor          the reader gets
//     k3f9qz1a.6      7                      no gap
//     k3f9qz1a.1      4 5 6 7    overflow    2 and 3 have left the ring
//     p0cq11zz.5      4 5 6 7    restart     the cursor is of another log: how many were missed is unknown
//     k3f9qz1a.9      4 5 6 7    rewind      this log has never come so far
//
// A reader that asks from the beginning, and knows of no log, has missed nothing.

import { isIn, type Place } from './cursor.js'

/** `missed`: how many messages, null where that is unknown. `first`: the oldest id that the reader can still have. */
export type Gap = {
  readonly room: string
  readonly reason: 'overflow' | 'restart' | 'rewind'
  readonly missed: number | null
  readonly first: number
}

/** What a ring holds: the oldest and the newest id. */
type LogRange = { readonly name: string; readonly epoch: string; readonly first: number; readonly last: number }

/** The gap behind a place; undefined where nothing is missing. */
export function gapAt(place: Place, { name, epoch, first, last }: LogRange): Gap | undefined {
  const gap = (reason: Gap['reason'], missed: number | null): Gap => ({ room: name, reason, missed, first })
  if (place.id !== 0 && !isIn(place, epoch)) return gap('restart', null)
  if (place.id > last) return gap('rewind', null)
  if (place.id === 0 && place.epoch === undefined) return undefined
  return place.id + 1 < first ? gap('overflow', first - place.id - 1) : undefined
}
