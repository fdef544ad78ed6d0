// A journal as text: one message a line (NDJSON), with its log's epoch, for tools and for moving house.
//
//     {"epoch":"k3f9qz1a","id":801,"room":"lobby","type":"chat","username":"ada","text":"hi","timestamp":1763635200123}
//
// Reading it back gives each message its old place, so cursors and links stay good; a line that is there already
// adds nothing, so an import that was cut off is simply run again. A line without `id` is a new message.

import { ChatError } from '../../core/errors.js'
import { type Draft, parseKey, parseRoom, parseText, parseUsername, removed } from '../../core/rooms/message.js'
import type { Given } from './commit.js'
import { damagedAt, listSegments, type Segment } from './folder.js'
import { Log } from './log.js'
import { jsonOf, messageOf } from './record.js'
import { damageOf, Order, type RecordView, scanSegment, type Visit } from './scan.js'

/** Every message that is kept, as lines, a segment at a time. A server may go on writing meanwhile. */
export function* exportLines(folder: string, room: string | undefined): Generator<string> {
  const segments = listSegments(folder)
  const logs = new Map<string, Log>()
  // What was cleared or taken out later is not written, so it is read first what that is.
  for (const _ of walk(folder, segments, (record) => noteIn(logs, record))) continue
  let lines: string[] = []
  const write = ({ buffer, start, end, place }: RecordView): void => {
    if (place === undefined || (room !== undefined && place.room !== room)) return
    const { epoch, removed: gone } = logs.get(place.room) ?? new Log()
    if (place.epoch !== epoch) return
    const json = gone.has(place.id)
      ? JSON.stringify(removed(messageOf(buffer, start, end)))
      : jsonOf(buffer, start, end)
    lines.push(`{"epoch":"${epoch}",${json.slice(1)}\n`)
  }
  for (const _ of walk(folder, segments, write)) {
    yield lines.join('')
    lines = []
  }
}

/** Reads segment after segment; throws at a damage. */
function* walk(folder: string, segments: readonly Segment[], visit: Visit): Generator<Segment> {
  const order = new Order()
  for (const [i, segment] of segments.entries()) {
    const scanned = scanSegment(segment, order, visit)
    yield segment
    // What a server is just writing looks like a torn tail.
    const ends = { isLast: i === segments.length - 1, isOnly: segments.length === 1 }
    const damage = damageOf(segment, scanned, ends)
    if (damage !== undefined) throw damagedAt(folder, segment.path, scanned.end, damage)
  }
}

function noteIn(logs: Map<string, Log>, { buffer, start, end, place }: RecordView): void {
  if (place === undefined) return
  let log = logs.get(place.room)
  if (log === undefined) logs.set(place.room, (log = new Log()))
  if (log.epoch !== place.epoch) log.removed.clear()
  log.epoch = place.epoch
  if (place.isDelete) log.note(messageOf(buffer, start, end))
}

export type Line = { readonly draft: Draft; readonly given: Given | undefined }

/** Reads a line. `date`: for a message that does not say when it was sent. */
export function parseLine(line: string, date: number): Line {
  const value: unknown = JSON.parse(line)
  if (typeof value !== 'object' || value === null)
    throw new ChatError('bad_request', 'a line is a JSON object: one message')
  const fields = new Map<string, unknown>(Object.entries(value))
  const type = fields.get('type') ?? 'chat'
  if (typeof type !== 'string' || !/^[a-z_]{1,32}$/.test(type))
    throw new ChatError('bad_request', 'type is a word such as chat')
  const [key, of] = [fields.get('key'), fields.get('of')]
  const draft = {
    room: parseRoom(fields.get('room')),
    type,
    username: parseUsername(fields.get('username')),
    text: type === 'chat' || fields.get('text') !== '' ? parseText(fields.get('text')) : '',
    timestamp: wholeNumber('timestamp', fields.get('timestamp') ?? date),
    ...(key === undefined ? {} : { key: parseKey(key) }),
    ...(of === undefined ? {} : { of: wholeNumber('of', of) }),
  }
  return { draft, given: parseGiven(fields.get('epoch'), fields.get('id')) }
}

function parseGiven(epoch: unknown, id: unknown): Given | undefined {
  if (epoch === undefined && id === undefined) return undefined
  if (typeof epoch === 'string' && /^[a-z0-9]{8}$/.test(epoch)) return { epoch, id: wholeNumber('id', id) }
  throw new ChatError('bad_request', 'epoch is 8 characters of a-z 0-9, and goes with an id: give both, or neither')
}

function wholeNumber(name: string, value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value
  throw new ChatError('bad_request', `${name} is a whole number above 0`)
}
