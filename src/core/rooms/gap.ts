// A gap: what a reader asks for and cannot have, told instead of passed over.
//
//     a log k3f9qz1a, and 4 5 6 7 of it in the ring
//
//     after k3f9qz1a.6    7                    no gap
//     after k3f9qz1a.1    4 5 6 7  overflow    2 and 3 have left the ring
//     after p0cq11zz.5    4 5 6 7  restart     it was another log: nobody can tell what was missed
//     after k3f9qz1a.9    4 5 6 7  rewind      so far this log has never come
//
// Whoever asks from the beginning, and knows of no log, has missed nothing.

import { isIn, type Place } from './cursor.js'

/** What a reader cannot have. `missed`: how many messages, null where nobody can tell. `first`: the oldest id there still is. */
export type Gap = {
  readonly room: string
  readonly reason: 'overflow' | 'restart' | 'rewind'
  readonly missed: number | null
  readonly first: number
}

/** `first` and `last`: of what the ring holds. */
type LogRange = { readonly name: string; readonly epoch: string; readonly first: number; readonly last: number }

/** What is missing behind a place; undefined where nothing is. */
export function gapAt(place: Place, { name, epoch, first, last }: LogRange): Gap | undefined {
  const gap = (reason: Gap['reason'], missed: number | null): Gap => ({ room: name, reason, missed, first })
  if (place.id !== 0 && !isIn(place, epoch)) return gap('restart', null)
  if (place.id > last) return gap('rewind', null)
  if (place.id === 0 && place.epoch === undefined) return undefined
  return place.id + 1 < first ? gap('overflow', first - place.id - 1) : undefined
}
