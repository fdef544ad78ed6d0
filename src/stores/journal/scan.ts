// Reads segments from their beginning, record by record, and tells what a bad record means.
//
//     good good good good ba.                 nothing whole behind it: a torn tail
//     good good good bad good good            the records behind it were written when the bad one was on the disk
//                                             already: damage
//
// A power cut may also tear a hole: of the last writes, which were not acknowledged yet, a later one may have reached
// the disk and an earlier one not. Such a record says itself that less was `synced` then, so the hole is a torn tail
// too. Everything in a segment that is not the last was on the disk before the next segment began.

import { closeSync, openSync, readSync } from 'node:fs'
import { ChatError } from '../../core/errors.js'
import { readRest, type Segment } from './folder.js'
import {
  endOfRecord,
  HEAD_BYTES,
  MAX_BODY_BYTES,
  nextMark,
  type Note,
  noteOf,
  type Place,
  placeOf,
  syncedOf,
} from './record.js'

/** Called with each good record, in order: its bytes, and its offset in the segment. */
export type Visit = (record: RecordView) => void
export type RecordView = {
  readonly buffer: Buffer
  readonly start: number
  readonly end: number
  readonly offset: number
  readonly place: Place | undefined
}

/** Where the good records of a segment end, and why. */
export type Scanned = { readonly end: number; readonly fault: string | undefined }

const CHUNK_BYTES = 2 ** 20

/** The order in which records have to follow each other, over all segments. */
export class Order {
  readonly #rooms = new Map<string, Place>()
  /** A repair has taken something out before: an id may be further on than the next one. */
  #lost = false
  /** A repair has taken something out right here. */
  #endsLost = false
  #number: number | undefined
  #size = 0

  /** Says what is wrong with a record, if anything is. */
  check(segment: Segment, { buffer, start, end, offset, place }: RecordView): string | undefined {
    if (offset === 0) {
      if (place !== undefined) return 'the segment has no beginning'
      return this.#begin(segment, noteOf(buffer, start, end))
    }
    if (place === undefined) {
      this.lose()
      return undefined
    }
    this.#endsLost = false
    const fault = this.peek({ place })
    if (fault === undefined) this.#rooms.set(place.room, place)
    return fault
  }

  /** Says what is wrong with a message, without counting it. */
  peek({ place }: Pick<RecordView, 'place'>): string | undefined {
    const known = place === undefined ? undefined : this.#rooms.get(place.room)
    if (place === undefined || known === undefined) return undefined
    const { epoch, id } = place
    const follows =
      known.epoch === epoch ? id === known.id + 1 || (this.#lost && id > known.id) : id === 1 || this.#lost
    return follows ? undefined : 'a message is not the next one of its room'
  }

  /** Something is missing here, and a repair has noted it. */
  lose(): void {
    this.#lost = true
    this.#endsLost = true
  }

  #begin({ number, path }: Segment, { journal, previous = 0, lost }: Note): string | undefined {
    if (journal === undefined) return 'the segment has no beginning'
    if (journal !== 1) throw new ChatError('unavailable', `${path} is of a later version of mini-chat: use that one`)
    if (lost !== undefined) this.lose()
    const isNext =
      this.#number === undefined || this.#endsLost || (number === this.#number + 1 && previous === this.#size)
    this.#number = number
    this.#endsLost = false
    return isNext ? undefined : 'the segment before it is missing, or is cut short'
  }

  /** A segment ends here, after so many bytes. */
  end(size: number): void {
    this.#size = size
  }
}

/** Reads a segment up to its end or its first bad record. */
export function scanSegment(segment: Segment, order: Order, visit: Visit, from = 0): Scanned {
  const fd = openSync(segment.path, 'r')
  try {
    return scanFile(fd, segment, order, visit, from)
  } finally {
    closeSync(fd)
  }
}

function scanFile(fd: number, segment: Segment, order: Order, visit: Visit, from: number): Scanned {
  const buffer = Buffer.allocUnsafe(Math.min(segment.size + 1, CHUNK_BYTES + HEAD_BYTES + MAX_BODY_BYTES))
  let base = from
  let held = 0
  for (;;) {
    const count = readSync(fd, buffer, held, buffer.length - held, base + held)
    held += count
    let start = 0
    for (;;) {
      const end = endOfRecord(buffer, start, held)
      if (end === -1) return { end: base + start, fault: 'a record fails its checksum' }
      if (end === 0) break
      const record = { buffer, start, end, offset: base + start, place: placeOf(buffer, start, end) }
      const fault = order.check(segment, record)
      if (fault !== undefined) return { end: base + start, fault }
      visit(record)
      start = end
    }
    if (count === 0 || (start === 0 && held === buffer.length)) {
      order.end(base + start)
      return { end: base + start, fault: start < held ? 'a record is cut short' : undefined }
    }
    buffer.copyWithin(0, start, held)
    held -= start
    base += start
  }
}

/**
 * What is wrong with a segment whose good records end here; undefined where nothing is, or where the rest is a torn
 * tail. `isLast`, `isOnly`: among all segments.
 */
export function damageOf(
  segment: Segment,
  { end, fault }: Scanned,
  { isLast, isOnly }: { readonly isLast: boolean; readonly isOnly: boolean },
): string | undefined {
  // The first record of a segment is on the disk before the segment has its name. An empty segment alone belongs to a
  // server that was stopped before it wrote anything.
  if (end === 0) return segment.size === 0 && isOnly ? undefined : (fault ?? 'the segment has no beginning')
  return fault === undefined || (isLast && !wasOnDisk(segment, end)) ? undefined : fault
}

/** Was this offset on the disk once? A later record, which was written after that, says so. */
function wasOnDisk(segment: Segment, offset: number): boolean {
  const { records } = recordsBehind(segment, offset)
  return records.some(({ synced }) => synced > offset)
}

/** The whole records behind an offset, wherever they begin. For a repair, and to judge a bad record. */
export function recordsBehind(
  { path }: Segment,
  offset: number,
): { bytes: Buffer; records: { start: number; synced: number }[] } {
  const fd = openSync(path, 'r')
  try {
    const bytes = readRest(fd, offset)
    const records: { start: number; synced: number }[] = []
    for (let start = nextMark(bytes, 1); start !== -1;) {
      const end = endOfRecord(bytes, start, bytes.length)
      if (end > 0) records.push({ start, synced: syncedOf(bytes, start) })
      start = end > 0 ? end : nextMark(bytes, start + 1)
    }
    return { bytes, records }
  } finally {
    closeSync(fd)
  }
}
