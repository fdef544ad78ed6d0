// A cursor says where a reader is. It is a text that clients pass back as they got it:
//
//     k3f9qz1a.801                       one room
//     lobby.k3f9qz1a.801~den.p0cq11zz.5  several rooms
//     k3f9qz1a.801~p1x2y3                one room, and the state of presence that the reader was told
//
// The epoch names the log, and the id is the newest message that the reader has seen in it. A room without a log has
// no epoch: its cursor is `00000000.0`.

import { ChatError } from '../errors.js'

/** A place in a log. A bare number from a person's shell has no epoch, and is taken at its word. */
export type Place = { readonly epoch: string | undefined; readonly id: number }

export const NO_EPOCH = '00000000'

/** Is this a place in the log with this epoch? */
export function isIn({ epoch }: Place, log: string): boolean {
  return epoch === undefined || epoch === log
}

export type Since = {
  /** Where the reader goes on in a room; undefined: at the newest messages. */
  place(room: string): Place | undefined | 'now'
  /** The state of presence that the reader was told, if any. */
  readonly presence: string | undefined
}

const BEGINNING: Since = { place: () => undefined, presence: undefined }
const NOW: Since = { place: () => 'now', presence: undefined }
const CURSOR = 'since is a cursor (the `next` of the last answer), a whole number from 0 up, or now'

/**
 * Parses `since`. A room that the cursor lacks is read as if `since` were absent; a room that it has too many is
 * ignored.
 */
export function parseSince(value: string | undefined, rooms: readonly string[]): Since {
  if (value === undefined) return BEGINNING
  if (value === 'now') return NOW
  const [only = ''] = rooms
  if (/^\d+$/.test(value)) {
    if (rooms.length > 1)
      throw new ChatError('bad_request', 'since as a bare number goes with one room alone: pass a cursor')
    const place = { epoch: undefined, id: parseId(value) }
    return { place: () => place, presence: undefined }
  }
  const usual = rooms.length === 1 ? parseUsual(value) : undefined
  if (usual !== undefined) return { place: () => usual, presence: undefined }
  const places = new Map<string, Place>()
  let presence: string | undefined
  for (const part of value.split('~')) {
    const match = /^(?:p([0-9a-z]{1,256})|(?:([\w-]{1,64})\.)?([0-9a-z]{8})\.(\d{1,16}))$/.exec(part)
    if (match === null) throw new ChatError('bad_request', CURSOR)
    const [, version, room, epoch, id] = match
    if (version !== undefined) presence = version
    else places.set(room ?? (rooms.length === 1 ? only : ''), { epoch, id: parseId(id ?? '') })
  }
  return { place: (room) => places.get(room), presence }
}

/** Parses the cursor of nearly every poll, `k3f9qz1a.801`; undefined for any other. */
function parseUsual(value: string): Place | undefined {
  if (value.charCodeAt(8) !== DOT || value.length > 24 || !/^[0-9a-z]{8}\.\d+$/.test(value)) return undefined
  return { epoch: value.slice(0, 8), id: parseId(value.slice(9)) }
}

const DOT = 46

function parseId(digits: string): number {
  const id = Number(digits)
  if (Number.isSafeInteger(id)) return id
  throw new ChatError('bad_request', CURSOR)
}

/** Writes the cursor of a reader that is at these places. */
export function formatCursor(
  places: readonly { room: string; epoch: string; id: number }[],
  presence?: string,
): string {
  const one = places.length === 1
  const parts = places.map(({ room, epoch, id }) => (one ? `${epoch}.${id}` : `${room}.${epoch}.${id}`))
  if (presence !== undefined) parts.push(`p${presence}`)
  return parts.join('~')
}
