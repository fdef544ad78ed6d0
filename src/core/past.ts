// The past of a room: pages of it, and what is found in it, each in its turn (turns.ts).
//
//     history ──> turn ──> store.read ──> messages, encoded once ──> a page
//     search  ──> turn ──> the ring, then store.read, a slice at a time ──> a page (rooms/search.ts)

import type { Clock } from './clock.js'
import { type Encoded, encode, type HistoryPage, idBefore, readHistory } from './rooms/history.js'
import type { Message } from './rooms/message.js'
import { ANSWER_BYTES } from './rooms/reader.js'
import type { Rooms } from './rooms/rooms.js'
import { parseWords, search, type SearchPage, type Slice } from './rooms/search.js'
import type { History, Range, Store } from './rooms/store.js'
import { Turns } from './turns.js'

/** How many pages of history are read at one time, and how many may wait. */
const READS = 2
const READS_WAITING = 1000

/** Searches that are under way at one time, and that may wait for it: for some two seconds. */
const SEARCHES = 2
const SEARCHES_WAITING = 16

/** A page of the past; `from`: what was said at that time or later, in milliseconds since 1970. */
export type PastRange = Range & { readonly from?: number }

type Read = (range: Range) => Promise<History>

export class Past {
  readonly #clock: Clock
  readonly #rooms: Rooms
  readonly #store: Pick<Store, 'read'>
  readonly #reads: Turns
  readonly #searches: Turns

  constructor(clock: Clock, rooms: Rooms, store: Pick<Store, 'read'>) {
    this.#clock = clock
    this.#rooms = rooms
    this.#store = store
    this.#reads = new Turns(clock, READS, READS_WAITING)
    this.#searches = new Turns(clock, SEARCHES, SEARCHES_WAITING)
  }

  /** A page of a room's past, at most `ANSWER_BYTES` long. Rejects with `unavailable` when too many pages are asked for. */
  history(name: string, asked: PastRange): Promise<HistoryPage> {
    const read = this.#readerOf(name)
    return this.#reads.run(async () =>
      readHistory(read, this.#encoderOf(name), await boundsOf(read, asked), ANSWER_BYTES),
    )
  }

  /**
   * A page of what was said with these words, as much as is found in a moment. Throws `bad_request`; rejects with
   * `unavailable` where too many search.
   */
  search(name: string, query: string, asked: PastRange): Promise<SearchPage> {
    const words = parseWords(query)
    const read = this.#readerOf(name)
    const held = (epoch: string, before: number, size: number): Slice | undefined => {
      const room = this.#rooms.get(name)
      if (room === undefined || room.epoch !== epoch || before > room.last + 1 || before <= room.first) return undefined
      const next = Math.max(room.first, before - size)
      return { messages: room.slice(next, before - 1).map(({ message }) => message), next }
    }
    const parts = { clock: this.#clock, read, held, encodeOne: this.#encoderOf(name), mostBytes: ANSWER_BYTES }
    return this.#searches.run(async () => search(parts, words, await boundsOf(read, asked)))
  }

  #readerOf(name: string): Read {
    return (range) => this.#store.read(name, range)
  }

  /** What the ring has encoded is taken from there, where the store gave the very same message. */
  #encoderOf(name: string): (message: Message) => Encoded {
    return (message) => {
      const entry = this.#rooms.get(name)?.entry(message.id)
      return entry?.message === message ? entry : encode(message)
    }
  }
}

/** A page's bounds, where a time may be one of them. */
async function boundsOf(read: Read, { from, ...range }: PastRange): Promise<Range> {
  return from === undefined ? range : { limit: range.limit, after: await idBefore(read, from) }
}
