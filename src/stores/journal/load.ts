// What a start does: it reads every segment from its beginning, and then knows where each message lies.
//
// A torn tail is set aside, and reported. Anything else that is wrong stops the start: the journal does not know what
// is missing, so a person has to decide. A full disk stops nothing: the torn tail stays where it is, messages can be
// read, and none is written before there is room.

import { codeOf, isFullDisk } from '../../core/errors.js'
import type { Clock } from '../../core/clock.js'
import { damagedAt, type Last, listSegments, type Segment, setAside, SPAN } from './folder.js'
import { Log } from './log.js'
import { type KeyIndex, hashOf } from './key-index.js'
import { isKeyed, messageOf, noteOf, senderOf, timeOf } from './record.js'
import { extend, type Extent, type Retention } from './retention.js'
import { damageOf, Order, type RecordView, scanSegment } from './scan.js'
import { RESERVE_BYTES } from './segment-writer.js'

/** The length of the shortest record of a message. */
const LEAST_BYTES = 96

export type LoadParts = {
  readonly folder: string
  readonly clock: Clock
  readonly logs: Map<string, Log>
  readonly keys: KeyIndex
  readonly retention: Retention
  /** Told of a torn tail, and of the file in which it is kept: none if it was nothing but zeros. */
  readonly onTorn: (bytes: number, side: string | undefined) => void
}

/** Reads a folder into `logs`, `keys` and `retention`. Answers the last segment, if there is one. */
export function load(parts: LoadParts): Last | undefined {
  const { folder, clock, retention } = parts
  const segments = listSegments(folder)
  const order = new Order()
  const date = clock.date()
  let last: Last | undefined
  for (const [i, segment] of segments.entries()) {
    const isLast = i === segments.length - 1
    const extent = retention.begin(segment.number)
    const scanned = scanSegment(segment, order, (record) => note(parts, segment, extent, record, date))
    const damage = damageOf(segment, scanned, { isLast, isOnly: segments.length === 1 })
    if (damage !== undefined) throw damagedAt(folder, segment.path, scanned.end, damage)
    extent.size = scanned.end
    if (isLast) last = trim(parts, segment, scanned.end, date)
  }
  return last
}

/** Sets aside the bytes behind the end. */
function trim({ folder, onTorn }: LoadParts, segment: Segment, end: number, date: number): Last {
  const last = { ...segment, size: end }
  if (end === segment.size) return last
  const mend = (): void => {
    const bytes = segment.size - end
    const side = setAside(folder, segment.path, end, date)
    // A server that was killed leaves so many zeros. More of them have taken the place of something else.
    if (side !== undefined || bytes > RESERVE_BYTES) onTorn(bytes, side)
  }
  try {
    mend()
    return last
  } catch (error) {
    if (isFullDisk(codeOf(error))) return { ...last, mend }
    throw error
  }
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
  if (place.isChange) log.note(messageOf(buffer, start, end))
  const timestamp = timeOf(buffer, end)
  extend(extent, timestamp, date)
  if (!isKeyed(buffer, end) || !keys.isDue(timestamp, date)) return
  const { username, key } = senderOf(buffer, start, end)
  keys.add(hashOf(room, username, key), position, clock.now())
}
