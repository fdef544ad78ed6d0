// Where a reader is, as text that clients pass back as they got it:
//
//     k3f9qz1a.801                       one room
//     lobby.k3f9qz1a.801~den.p0cq11zz.5  several
//     k3f9qz1a.801~p1x2y3                and the state of presence that was told
//
// The epoch names the log, the id the newest message seen in it. A room without a log has no epoch: its place
// is `00000000.0`.

import { ChatError } from '../errors.js'

/** A place in a log. Without an epoch (a bare number from a person's shell) it is taken at its word. */
export type Place = { readonly epoch: string | undefined; readonly id: number }

export const NO_EPOCH = '00000000'

/** Is this a place in the log that has this epoch? */
export function isIn({ epoch }: Place, log: string): boolean {
  return epoch === undefined || epoch === log
}

export type Since = {
  /** Where to go on in a room; undefined: the newest there is. */
  place(room: string): Place | undefined | 'now'
  /** The state of presence that was told, if any. */
  readonly presence: string | undefined
}

const BEGINNING: Since = { place: () => undefined, presence: undefined }
const NOW: Since = { place: () => 'now', presence: undefined }
const CURSOR = 'since is a cursor (the `next` of the last answer), a whole number from 0 up, or now'

/** Reads `since`. A room that the cursor lacks is as if `since` were absent; one it has too many is ignored. */
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

/** The cursor of nearly every poll, `k3f9qz1a.801`; undefined for any other. */
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
