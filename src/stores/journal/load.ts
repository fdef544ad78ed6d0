// What a start does: reads every segment from its beginning, and knows then where each message lies.
//
// A torn tail is set aside, and said. Anything else that is not as it should be stops the start: the journal does
// not know what is missing, so a person has to.

import type { Clock } from '../../core/clock.js'
import { damagedAt, listSegments, type Segment, setAside, SPAN } from './folder.js'
import { Log } from './log.js'
import { type KeyIndex, hashOf } from './key-index.js'
import { isKeyed, messageOf, noteOf, senderOf, timeOf } from './record.js'
import { extend, type Extent, type Retention } from './retention.js'
import { Order, type RecordView, scanSegment, wasOnDisk } from './scan.js'

/** No record of a message is shorter. */
const LEAST_BYTES = 96

export type LoadParts = {
  readonly folder: string
  readonly clock: Clock
  readonly logs: Map<string, Log>
  readonly keys: KeyIndex
  readonly retention: Retention
  /** Told when a torn tail was set aside, and where it is kept. */
  readonly onTorn: (bytes: number, side: string) => void
}

/** Reads a folder into `logs`, `keys` and `retention`. Answers the last two segments, as far as there are any. */
export function load(parts: LoadParts): { readonly last: Segment | undefined; readonly previous: number } {
  const { folder, clock, retention } = parts
  const segments = listSegments(folder)
  const order = new Order()
  const date = clock.date()
  let previous = 0
  for (const [i, segment] of segments.entries()) {
    const extent = retention.begin(segment.number)
    const { end, fault } = scanSegment(segment, order, (record) => note(parts, segment, extent, record, date))
    if (fault !== undefined) {
      if (i < segments.length - 1 || wasOnDisk(segment, end)) throw damagedAt(folder, segment.path, end, fault)
      const side = setAside(folder, segment.path, end, date)
      if (side !== undefined) parts.onTorn(segment.size - end, side)
    }
    extent.size = end
    if (i === segments.length - 1) return { last: { ...segment, size: end }, previous }
    previous = end
  }
  return { last: undefined, previous }
}

function note(
  { logs, keys, clock }: LoadParts,
  { number }: Segment,
  extent: Extent,
  record: RecordView,
  date: number,
): void {
  const { buffer, start, end, offset, place } = record
  if (place === undefined) {
    const { lost = 0 } = noteOf(buffer, start, end)
    if (lost > 0) for (const log of logs.values()) log.lost = Math.ceil(lost / LEAST_BYTES)
    return
  }
  const { room, epoch, id } = place
  let log = logs.get(room)
  if (log === undefined) logs.set(room, (log = new Log()))
  const position = number * SPAN + offset
  log.add(epoch, id, position)
  if (place.isDelete) log.note(messageOf(buffer, start, end))
  const timestamp = timeOf(buffer, end)
  extend(extent, timestamp)
  if (!isKeyed(buffer, end) || !keys.isDue(timestamp, date)) return
  const { username, key } = senderOf(buffer, start, end)
  keys.add(hashOf(room, username, key), position, clock.now())
}
