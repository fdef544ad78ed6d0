// A file that a message carries: what everybody is told of it. The bytes are elsewhere (src/files), and are asked for by
// the id, which nobody guesses.
//
//     POST /files ──> a file, its uploader's ── POST /send with its id ──> a message's ── removed with it
//                                └── not sent for ten minutes ──> gone

import { ChatError } from '../errors.js'

/** `type`: as its bytes say; `application/octet-stream` for all that is only to be downloaded. `width`, `height`: of an image. */
export type Attachment = {
  readonly id: string
  readonly type: string
  readonly bytes: number
  readonly name: string
  readonly width?: number
  readonly height?: number
}

/** Where uploaded files are. */
export type Files = {
  /** The file that its owner has uploaded to a room, and whether a message has it; undefined where there is none. */
  find(
    id: string,
    room: string,
    owner: string,
  ): Promise<{ readonly file: Attachment; readonly isSent: boolean } | undefined>
  /** It is a message's from now on, or not after all. */
  mark(id: string, isSent: boolean): Promise<void>
  /** Its message is gone. */
  remove(id: string): Promise<void>
  /** All messages of a room up to a time (`Clock.date`) are gone. */
  clear(room: string, date: number): Promise<void>
}

const ID = /^[\w-]{22}$/
const TYPE = /^[a-z]+\/[a-z0-9.+-]{1,64}$/
const NAME_POINTS = 100
const RAW_NAME_UNITS = 1024

export function isFileId(value: unknown): value is string {
  return typeof value === 'string' && ID.test(value)
}

/** Throws `bad_request` for what is no id of a file. */
export function parseFileId(value: unknown): string {
  if (isFileId(value)) return value
  throw new ChatError('bad_request', 'file is the id of a file: what POST /files has answered')
}

/** The last part of a path, without what could forge a line or turn the reading direction. Throws `bad_request`. */
export function parseFileName(value: unknown): string {
  if (typeof value !== 'string' || value.length > RAW_NAME_UNITS)
    throw new ChatError('bad_request', `name is the name of the file, at most ${NAME_POINTS} characters`)
  const name = (value.split(/[/\\]/).at(-1) ?? '').normalize('NFC').trim()
  if (name === '' || name === '.' || name === '..') throw new ChatError('bad_request', 'name is the name of the file')
  if (/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u.test(name))
    throw new ChatError('bad_request', 'name has a control character or a bidi override: leave it out')
  if (Array.from(name).length > NAME_POINTS)
    throw new ChatError('bad_request', `name is too long: at most ${NAME_POINTS} characters`)
  return name
}

/** What a message says of its file, as another store wrote it. Throws `bad_request`. */
export function parseAttachment(value: unknown): Attachment {
  const fields = new Map<string, unknown>(Object.entries(Object(value)))
  const [id, type, bytes, name, width, height] = ['id', 'type', 'bytes', 'name', 'width', 'height'].map((field) =>
    fields.get(field),
  )
  if (typeof type !== 'string' || !TYPE.test(type)) throw new ChatError('bad_request', 'type of a file is a media type')
  const size = width === undefined ? {} : { width: parseCount(width), height: parseCount(height) }
  return { id: parseFileId(id), type, bytes: parseCount(bytes), name: parseFileName(name), ...size }
}

function parseCount(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw new ChatError('bad_request', 'bytes, width and height of a file are whole numbers')
}
