// A journal as text: one message a line (NDJSON), with its log's epoch, for tools and for moving to another store.
//
//     {"epoch":"k3f9qz1a","id":801,"room":"lobby","type":"chat","username":"ada","text":"hi","timestamp":1763635200123}
//
// Reading it back gives each message its old place, so cursors and links stay good. A line that is there already adds
// nothing, so an import that was cut off is simply run again. A line without `id` is a new message.

import { ChatError } from '../../core/errors.js'
import { parseEmoji, REACTION_PEOPLE } from '../../core/rooms/change.js'
import { parseAttachment } from '../../core/rooms/file.js'
import { type Draft, type Message, parseKey, parseRoom, parseText, parseUsername } from '../../core/rooms/message.js'
import type { Given } from './commit.js'
import { damagedAt, listSegments, type Segment } from './folder.js'
import { amend, Log } from './log.js'
import { jsonOf, messageOf } from './record.js'
import { damageOf, Order, type RecordView, scanSegment, type Visit } from './scan.js'

/** Every message of a folder as lines, a segment at a time. A server may go on writing meanwhile. */
export function* exportLines(folder: string, room: string | undefined): Generator<string> {
  const segments = listSegments(folder)
  const logs = new Map<string, ExportedLog>()
  // Messages are written as they are now, so a first pass reads which of them were cleared or changed later.
  for (const _ of walk(folder, segments, (record) => noteIn(logs, record))) continue
  let lines: string[] = []
  const write = ({ buffer, start, end, place }: RecordView): void => {
    if (place === undefined || (room !== undefined && place.room !== room)) return
    const { log, edits } = logs.get(place.room) ?? { log: new Log(), edits: new Map<number, Message>() }
    const { epoch, removed, amended } = log
    if (place.epoch !== epoch) return
    const [isRemoved, now] = [removed.has(place.id), amended.get(place.id)]
    const json =
      isRemoved || now !== undefined
        ? JSON.stringify(amend(messageOf(buffer, start, end), isRemoved, now, edits))
        : jsonOf(buffer, start, end)
    lines.push(`{"epoch":"${epoch}",${json.slice(1)}\n`)
  }
  for (const _ of walk(folder, segments, write)) {
    yield lines.join('')
    lines = []
  }
}

/** Reads segment after segment; throws at damage. */
function* walk(folder: string, segments: readonly Segment[], visit: Visit): Generator<Segment> {
  const order = new Order()
  for (const [i, segment] of segments.entries()) {
    const scanned = scanSegment(segment, order, visit)
    yield segment
    // A record that a server is just writing looks like a torn tail.
    const ends = { isLast: i === segments.length - 1, isOnly: segments.length === 1 }
    const damage = damageOf(segment, scanned, ends)
    if (damage !== undefined) throw damagedAt(folder, segment.path, scanned.end, damage)
  }
}

/** A log before it is written. `edits`: the edits that count, by their ids. */
type ExportedLog = { readonly log: Log; readonly edits: Map<number, Message> }

function noteIn(logs: Map<string, ExportedLog>, { buffer, start, end, place }: RecordView): void {
  if (place === undefined) return
  let exported = logs.get(place.room)
  if (exported === undefined) logs.set(place.room, (exported = { log: new Log(), edits: new Map() }))
  const { log, edits } = exported
  if (log.epoch !== place.epoch) {
    log.begin(place.epoch)
    edits.clear()
  }
  if (!place.isChange) return
  const change = messageOf(buffer, start, end)
  const before = log.amended.get(change.of ?? 0)?.edit ?? 0
  log.note(change)
  if (change.type !== 'reaction') edits.delete(before)
  if (change.type === 'edit') edits.set(change.id, change)
}

export type Line = { readonly draft: Draft; readonly given: Given | undefined }

/** Parses a line. `date`: for a message without a timestamp. */
export function parseLine(line: string, date: number): Line {
  const value: unknown = JSON.parse(line)
  if (typeof value !== 'object' || value === null)
    throw new ChatError('bad_request', 'a line is a JSON object: one message')
  const fields = new Map<string, unknown>(Object.entries(value))
  const type = fields.get('type') ?? 'chat'
  if (typeof type !== 'string' || !/^[a-z_]{1,32}$/.test(type))
    throw new ChatError('bad_request', 'type is a word such as chat')
  // `edited` and `reactions` are not read: the messages that made them have lines of their own.
  const [key, of, by, on, file] = ['key', 'of', 'by', 'on', 'file'].map((name) => fields.get(name))
  const draft = {
    room: parseRoom(fields.get('room')),
    type,
    username: parseUsername(fields.get('username')),
    text:
      type === 'reaction'
        ? parseEmoji(fields.get('text'))
        : type === 'chat' || fields.get('text') !== ''
          ? parseText(fields.get('text'))
          : '',
    timestamp: wholeNumber('timestamp', fields.get('timestamp') ?? date),
    ...(file === undefined ? {} : { file: parseAttachment(file) }),
    ...(key === undefined ? {} : { key: parseKey(key) }),
    ...(of === undefined ? {} : { of: wholeNumber('of', of) }),
    ...(by === undefined ? {} : { by: parsePeople(by) }),
    ...(on === false ? { on: false as const } : {}),
  }
  return { draft, given: parseGiven(fields.get('epoch'), fields.get('id')) }
}

function parseGiven(epoch: unknown, id: unknown): Given | undefined {
  if (epoch === undefined && id === undefined) return undefined
  if (typeof epoch === 'string' && /^[a-z0-9]{8}$/.test(epoch)) return { epoch, id: wholeNumber('id', id) }
  throw new ChatError('bad_request', 'epoch is 8 characters of a-z 0-9, and goes with an id: give both, or neither')
}

function parsePeople(value: unknown): string[] {
  if (Array.isArray(value) && value.length > 0 && value.length <= REACTION_PEOPLE) return value.map(parseUsername)
  throw new ChatError('bad_request', `by is a list of 1 to ${REACTION_PEOPLE} names`)
}

function wholeNumber(name: string, value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value
  throw new ChatError('bad_request', `${name} is a whole number above 0`)
}
