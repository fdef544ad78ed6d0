// A poll that comes again: the same bytes as the last one, but for the number in its cursor.
//
//     GET /poll?room=lobby&since=k3f9qz1a.801 HTTP/1.1\r\nHost: localhost:8000\r\n\r\n
//     └───────────── before ────────────┘└─┘└───────────────── after ───────────────┘
//                                         id
//
// The bytes were parsed and checked when the first of these polls came. For the next ones they are only compared, and
// the digits read. All sockets whose polls have the same bytes share one `SamePoll`.

import type { Room } from '../../../core/rooms/room.js'
import type { Ask } from '../routes/poll.js'
import { copyOf } from '../query.js'
import type { Head, Plain, Start } from './parse.js'

export type SamePoll = {
  readonly before: Buffer
  readonly after: Buffer
  readonly head: Head
  readonly room: string
  /** Undefined where the cursor is a bare number. */
  readonly epoch: string | undefined
  readonly limit: number
  /** Seconds; undefined where the client leaves it to the server. */
  readonly wait: number | undefined
}

/** These take at most 4 MiB: the polls of a thousand rooms fit, and those of a second kind of client. */
const known = new Map<string, SamePoll>()
const KNOWN = { polls: 2048, length: 1024 }

/** A number with more digits cannot be read safely. */
const MOST_DIGITS = 15

/** A cursor of one room or a bare number, and nothing behind it but other parameters. */
const CURSOR = /(?:^|&)since=(?:[\da-z]{8}\.)?(\d{1,15})(?=&|$)/

/**
 * The bytes by which the polls after this one are recognised, and the number in its cursor. Undefined for a poll of
 * several rooms, with presence, or without a cursor. `isShared`: other clients may send the same bytes.
 */
export function samePollOf(
  plain: Plain<Start>,
  ask: Ask,
  isShared: boolean,
): { same: SamePoll; id: number } | undefined {
  const { start, query, head } = plain
  const [room, ...rooms] = ask.names
  if (room === undefined || rooms.length > 0 || ask.options.presence || ask.since.presence !== undefined)
    return undefined
  const place = ask.since.place(room)
  const cursor = CURSOR.exec(query)
  const digits = cursor?.[1]
  if (cursor === null || digits === undefined || typeof place !== 'object') return undefined
  const end = cursor.index + cursor[0].length
  const before = `${start.text}?${query.slice(0, end - digits.length)}`
  const after = `${query.slice(end)} HTTP/1.1\r\n${head.text}\r\n`
  if (before.length + after.length > KNOWN.length) return undefined
  const make = (): SamePoll => ({
    before: Buffer.from(before),
    after: Buffer.from(after),
    head,
    room,
    epoch: place.epoch,
    limit: ask.options.limit,
    wait: ask.wait,
  })
  return { same: isShared ? remembered(before + after, make) : make(), id: place.id }
}

function remembered(bytes: string, make: () => SamePoll): SamePoll {
  const same = known.get(bytes)
  if (same !== undefined) return same
  if (known.size >= KNOWN.polls) known.clear()
  const made = make()
  known.set(copyOf(bytes), made)
  return made
}

/** The number in the cursor of a poll that is the same but for it; undefined for any other `length` bytes. */
export function idOf(bytes: Buffer, length: number, { before, after }: SamePoll): number | undefined {
  const from = before.length
  const to = length - after.length
  if (to <= from || to - from > MOST_DIGITS) return undefined
  let id = 0
  for (let i = from; i < to; i++) {
    const digit = (bytes[i] ?? 0) - ZERO
    if (digit < 0 || digit > 9) return undefined
    id = 10 * id + digit
  }
  // The bytes behind the digits differ more often than those before them.
  if (bytes.compare(after, 0, after.length, to, length) !== 0 || bytes.compare(before, 0, from, 0, from) !== 0)
    return undefined
  return id
}

const ZERO = 48

/** Is the poll's place in the log of this room? Then there is no gap, and no other process knows more. */
export function isHere(room: Room, { epoch }: SamePoll, id: number): boolean {
  // The beginning of a log that is still to come.
  if (!room.hasLog) return id === 0
  const isThisLog = epoch === undefined || epoch === room.epoch
  return isThisLog && id <= room.last && id >= room.first - 1
}
