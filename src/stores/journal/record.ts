// A record: one message as it lies on the disk.
//
//     byte   0      1        4        8         12
//            ff     length   crc      synced    k3f9qz1a{"id":801,"room":"lobby","type":"chat", … }
//                                               └─ epoch └─ the message, as all readers get it
//
// The body is text, so `strings` shows a journal to a curious person. UTF-8 has no byte ff, so the next record behind
// a damaged one is found by that byte.
//
// The checksum starts from the length and covers all that follows it, so every bit of a record is accounted for.
// `synced` says how much of the segment was known to be on the disk when the record was written. By it a start tells
// what a power cut tore from what rotted later (see scan.ts).
//
// A body that begins with `{` is a note of the journal itself: {"journal":1,"previous":BYTES} begins each segment and
// says how long the segment before it is; {"lost":BYTES} stands where `mini-chat repair` took something out.

import { crc32 } from 'node:zlib'
import type { Draft, Message } from '../../core/rooms/message.js'

export const HEAD_BYTES = 12
export const EPOCH_BYTES = 8
export const MAX_BODY_BYTES = 2 ** 20

const MARK = 0xff
const BRACE = '{'.charCodeAt(0)
const QUOTE = '"'.charCodeAt(0)
const ZERO = '0'.charCodeAt(0)

/** Writes a record into a buffer that is large enough; answers where the record ends. */
export function writeRecord(buffer: Buffer, offset: number, body: string, synced: number): number {
  const length = buffer.write(body, offset + HEAD_BYTES)
  const end = offset + HEAD_BYTES + length
  buffer[offset] = MARK
  buffer.writeUIntLE(length, offset + 1, 3)
  buffer.writeUInt32LE(synced, offset + 8)
  buffer.writeUInt32LE(crc32(buffer.subarray(offset + 8, end), length), offset + 4)
  return end
}

/** A note of the journal itself, as a record. */
export function noteRecord(note: Note): Buffer {
  const body = JSON.stringify(note)
  const buffer = Buffer.alloc(roomFor(body))
  return buffer.subarray(0, writeRecord(buffer, 0, body, 0))
}

/** The most bytes that a record with this body can take. */
export function roomFor(body: string): number {
  return HEAD_BYTES + 3 * body.length
}

/** Where the record at an offset ends; 0 where the bytes end before it does, -1 where there is no record. */
export function endOfRecord(buffer: Buffer, offset: number, end: number): number {
  if (offset >= end) return 0
  if (buffer[offset] !== MARK) return -1
  if (offset + HEAD_BYTES > end) return 0
  const length = buffer.readUIntLE(offset + 1, 3)
  if (length > MAX_BODY_BYTES) return -1
  const recordEnd = offset + HEAD_BYTES + length
  if (recordEnd > end) return 0
  return crc32(buffer.subarray(offset + 8, recordEnd), length) === buffer.readUInt32LE(offset + 4) ? recordEnd : -1
}

/** How much of its segment was on the disk when the record at this offset was written. */
export function syncedOf(buffer: Buffer, offset: number): number {
  return buffer.readUInt32LE(offset + 8)
}

/** The next byte, from `offset` on, at which a record may begin; -1: none. */
export function nextMark(buffer: Buffer, offset: number): number {
  return buffer.indexOf(MARK, offset)
}

/** A message's body: its log's epoch and its JSON, in which `id` and `room` come first, `timestamp` and `key` last. */
export function bodyOf(epoch: string, message: Message): string {
  return epoch + JSON.stringify(message)
}

/** Gives a draft its place, with the parts in the order in which the journal reads them. */
export function messageAt(id: number, { room, timestamp, key, ...rest }: Draft): Message {
  return key === undefined ? { id, room, ...rest, timestamp } : { id, room, ...rest, timestamp, key }
}

/** The place of a message, read without parsing the rest: a start reads a million of these. */
export type Place = { readonly epoch: string; readonly id: number; readonly room: string; readonly isChange: boolean }

/** The types of messages that change an earlier one. */
const CHANGES = ['delete', 'edit', 'reaction']

/** More bytes than an epoch, an id and a room's name can take together. */
const PLACE_BYTES = 128

/** Reads the place of a message; undefined for a note. */
export function placeOf(buffer: Buffer, offset: number, end: number): Place | undefined {
  const start = offset + HEAD_BYTES
  if (buffer[start] === BRACE) return undefined
  const text = buffer.toString('latin1', start, Math.min(start + PLACE_BYTES, end))
  const idStart = EPOCH_BYTES + '{"id":'.length
  const idEnd = text.indexOf(',', idStart)
  const roomStart = idEnd + ',"room":"'.length
  const roomEnd = text.indexOf('"', roomStart)
  const isChange = CHANGES.some((type) => text.startsWith(`","type":"${type}"`, roomEnd))
  return {
    epoch: text.slice(0, EPOCH_BYTES),
    id: Number(text.slice(idStart, idEnd)),
    room: text.slice(roomStart, roomEnd),
    isChange,
  }
}

/** Does the message that ends here carry a key? */
export function isKeyed(buffer: Buffer, end: number): boolean {
  return buffer[end - 2] === QUOTE
}

/** The sender of a message with a key, and the key, as JSON writes them; without parsing the rest. */
export function senderOf(
  buffer: Buffer,
  offset: number,
  end: number,
): { readonly username: string; readonly key: string } {
  const text = jsonOf(buffer, offset, end)
  const start = text.indexOf('"username":') + '"username":'.length
  const keyStart = text.lastIndexOf('"', text.length - 3)
  return { username: text.slice(start, text.indexOf(',"text":', start)), key: text.slice(keyStart + 1, -2) }
}

/** When the message that ends here was sent, in milliseconds since 1970, without parsing the rest of it. */
export function timeOf(buffer: Buffer, end: number): number {
  let at = end - 2
  if (buffer[at] === QUOTE) at = buffer.lastIndexOf(QUOTE, at - 1) - ',"key":'.length - 1
  let time = 0
  for (let unit = 1; ; unit *= 10, at--) {
    const digit = (buffer[at] ?? 0) - ZERO
    if (digit < 0 || digit > 9) return time
    time += digit * unit
  }
}

/** The JSON of the message at this offset. */
export function jsonOf(buffer: Buffer, offset: number, end: number): string {
  return buffer.toString('utf8', offset + HEAD_BYTES + EPOCH_BYTES, end)
}

/** The message at this offset. Its shape is trusted: only this program writes bytes with a good checksum. */
export function messageOf(buffer: Buffer, offset: number, end: number): Message {
  return JSON.parse(jsonOf(buffer, offset, end)) as Message
}

/** The record that a segment begins with. */
export type Note = { readonly journal?: number; readonly previous?: number; readonly lost?: number }

export function noteOf(buffer: Buffer, offset: number, end: number): Note {
  return JSON.parse(buffer.toString('utf8', offset + HEAD_BYTES, end)) as Note
}
