// A repair, which a person asks for when a start has found damage: it keeps everything whole, and takes the rest out.
//
//     before   good good bad. good           00000002.log
//     after    good good lost good           00000002.log, written anew beside the old one and renamed
//              good good bad. good           00000002.log.damaged-1763635200123
//
// The note `lost` tells every later start that something is missing here, and that this is known.

import { readFileSync } from 'node:fs'
import { endOfBytes, keepCopy, listSegments, replaceFile, type Segment } from './folder.js'
import { endOfRecord, nextMark, noteOf, noteRecord, placeOf } from './record.js'
import { Order } from './scan.js'

/** What was taken out of a segment, and the path of its copy. */
export type Repaired = { readonly path: string; readonly copy: string; readonly holes: readonly Hole[] }
export type Hole = { readonly offset: number; readonly bytes: number }

/** Repairs every segment that needs it. `date`: for the names of the copies. */
export function repairFolder(folder: string, date: number): Repaired[] {
  const order = new Order()
  const repaired: Repaired[] = []
  const segments = listSegments(folder)
  for (const [i, segment] of segments.entries()) {
    const all = readFileSync(segment.path)
    // Behind the last record, a server that was killed leaves zeros.
    const bytes = i < segments.length - 1 ? all : all.subarray(0, endOfBytes(all))
    // An empty segment, and none before it: a server had just begun. There is nothing to repair.
    if (segments.length === 1 && all.length === 0) continue
    const { pieces, holes, isWhole } = sift(segment, bytes, order)
    if (bytes.length === 0) {
      // What was there is missing. If even that is unknown, it is as much as the segment before has.
      const lost = all.length === 0 ? (segments[i - 1]?.size ?? 0) : all.length
      pieces.push(noteRecord({ journal: 1, lost }))
      holes.push({ offset: 0, bytes: all.length })
    } else if (isWhole) continue
    // The next segment says how long this one was, which may be wrong now.
    if (i < segments.length - 1) pieces.push(noteRecord({ lost: 0 }))
    order.lose()
    const copy = keepCopy(folder, segment.path, date)
    replaceFile(folder, segment.path, pieces)
    repaired.push({ path: segment.path, copy, holes })
  }
  return repaired
}

function sift(segment: Segment, bytes: Buffer, order: Order): { pieces: Buffer[]; holes: Hole[]; isWhole: boolean } {
  const pieces: Buffer[] = []
  const holes: Hole[] = []
  let isWhole = true
  let start = 0
  const begin = (lost: number): void => {
    pieces.push(noteRecord({ journal: 1, lost }))
    order.lose()
    isWhole = false
  }
  while (start < bytes.length) {
    const end = goodEnd(bytes, start, segment, order)
    if (end > 0) {
      pieces.push(bytes.subarray(start, end))
      start = end
      continue
    }
    if (start === 0 && isBeginning(bytes)) {
      // The record is whole, and the one that should come before it is missing.
      begin(noteOf(bytes, 0, endOfRecord(bytes, 0, bytes.length)).previous ?? 0)
      start = endOfRecord(bytes, 0, bytes.length)
      continue
    }
    order.lose()
    let next = nextMark(bytes, start + 1)
    while (next !== -1 && goodEnd(bytes, next, segment, order, true) <= 0) next = nextMark(bytes, next + 1)
    const hole = { offset: start, bytes: (next === -1 ? bytes.length : next) - start }
    holes.push(hole)
    if (start === 0) begin(hole.bytes)
    else pieces.push(noteRecord({ lost: hole.bytes }))
    isWhole = false
    start += hole.bytes
  }
  order.end(bytes.length)
  return { pieces, holes, isWhole }
}

/** Where the record that begins here ends, if it is whole and in its place. `peek`: do not count it. */
function goodEnd(buffer: Buffer, start: number, segment: Segment, order: Order, peek = false): number {
  const end = endOfRecord(buffer, start, buffer.length)
  if (end <= 0) return end
  const record = { buffer, start, end, offset: start, place: placeOf(buffer, start, end) }
  const fault = peek ? order.peek(record) : order.check(segment, record)
  return fault === undefined ? end : -1
}

function isBeginning(bytes: Buffer): boolean {
  const end = endOfRecord(bytes, 0, bytes.length)
  return end > 0 && placeOf(bytes, 0, end) === undefined && noteOf(bytes, 0, end).journal === 1
}
