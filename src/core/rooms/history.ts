// A page of a room's past, bounded by its bytes.
//
//     limit 500 ──> read 64 ── 128 ── 256 ── the rest     until the page is full, from the end that was asked for
//
// A store is asked for a few messages at first, and for twice as many each time after that. So a page of the longest
// messages costs no more memory than its bytes, and a page of short ones is a few reads.

import { ChatError } from '../errors.js'
import { countBytes, type Message } from './message.js'
import type { Room } from './room.js'
import type { History, Range, Store } from './store.js'

/** `json`: the messages as they go out. */
export type HistoryPage = History & { readonly json: readonly string[] }

const FIRST_READ = 64

/** A message as it goes out, and its bytes. */
export type Encoded = { readonly json: string; readonly bytes: number }

export function encode(message: Message): Encoded {
  const json = JSON.stringify(message)
  return { json, bytes: countBytes(json) }
}

/**
 * `encodeOne` is `encode`, or something faster. `most`: the bytes of all messages together; a page always has one
 * message where there is one.
 */
export async function readHistory(
  read: (range: Range) => Promise<History>,
  encodeOne: (message: Message) => Encoded,
  { before, after, limit }: Range,
  most: number,
): Promise<HistoryPage> {
  const messages: Message[] = []
  const json: string[] = []
  let bytes = 0
  let page: History | undefined
  let edge = after ?? before
  for (let size = FIRST_READ; ; size *= 2) {
    const count = Math.min(size, limit - messages.length)
    const part = await read({ ...(after === undefined ? rangeBefore(edge) : { after: edge ?? 0 }), limit: count })
    // The log was begun anew meanwhile: the messages that were read of the old log are a page of that log.
    if (page !== undefined && part.epoch !== page.epoch) return { ...page, messages, json, more: false }
    page = part
    if (part.messages.length === 0 && part.more) {
      // So many ids are missing that nothing is there: what lay there is lost, and the page goes on behind them.
      edge = after === undefined ? (edge ?? part.last + 1) - count : (edge ?? 0) + count
      continue
    }
    const oneByOne = after === undefined ? part.messages.toReversed() : part.messages
    const taken: Message[] = []
    const encoded: string[] = []
    for (const message of oneByOne) {
      const { json: text, bytes: length } = encodeOne(message)
      if (messages.length + taken.length > 0 && bytes + length > most) break
      bytes += length
      taken.push(message)
      encoded.push(text)
    }
    if (after === undefined) {
      messages.unshift(...taken.reverse())
      json.unshift(...encoded.reverse())
    } else {
      messages.push(...taken)
      json.push(...encoded)
    }
    edge = (after === undefined ? messages[0] : messages.at(-1))?.id
    const isCut = taken.length < part.messages.length
    if (isCut || !part.more || messages.length >= limit) return { ...part, messages, json, more: isCut || part.more }
  }
}

/**
 * The id right before the first message that was said at this time or later. It halves the range, and so needs some
 * twenty looks for a million messages. Where servers' clocks differ, times are out of order by as much, and the
 * answer is near that place.
 */
export async function idBefore(read: (range: Range) => Promise<History>, time: number): Promise<number> {
  const { first, last } = await read({ limit: 1 })
  // All messages up to `low` were said before that time, and the message after `high` was not.
  let [low, high] = [Math.max(0, first - 1), last]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    const [message] = (await read({ after: middle - 1, limit: 1 })).messages
    if (message !== undefined && message.timestamp < time) low = Math.max(middle, message.id)
    else high = middle - 1
  }
  return low
}

function rangeBefore(before: number | undefined): { before?: number } {
  return before === undefined ? {} : { before }
}

/** The message with this id, as it is now: from the ring, or else from the store; undefined where there is none. */
export async function findMessage(
  store: Pick<Store, 'read'>,
  room: Pick<Room, 'name' | 'entry'>,
  id: number,
): Promise<Message | undefined> {
  const held = room.entry(id)?.message
  if (held !== undefined) return held
  const [message] = (await store.read(room.name, { after: id - 1, limit: 1 })).messages
  return message?.id === id ? message : undefined
}

export function noSuchMessage(): ChatError {
  return new ChatError('not_found', 'there is no such message in this room, or it was removed before')
}
