// One writer, and group commit: messages that come while the disk is busy are written together, next.
//
//     append append append          append append
//           │                             │           each waits for its own group
//           ▼                             ▼
//        one write, one fdatasync  ──>  one write, one fdatasync  ──> …
//           │
//           └──> deliver, in order, and only then acknowledge
//
// So a disk that syncs two thousand times a second keeps tens of thousands of messages a second. A message gets its
// id when its group is written. A group that cannot be written never had ids, and so leaves no hole.

import { NO_EPOCH } from '../../core/rooms/cursor.js'
import { ChatError } from '../../core/errors.js'
import type { Draft } from '../../core/rooms/message.js'
import type { Appended } from '../../core/rooms/store.js'
import { bodyOf, messageAt, roomFor, writeRecord } from './record.js'
import type { SegmentWriter } from './segment-writer.js'

/** The place that a message had in another journal, for an import. */
export type Given = { readonly epoch: string; readonly id: number }

/** A message that is kept now, and its position. */
export type Kept = Appended & { readonly position: number }

export type CommitParts = {
  readonly writer: SegmentWriter
  /** The size of a group, give or take a message. */
  readonly groupBytes: number
  /** The end of a room's log. */
  readonly endOf: (room: string) => Given
  readonly newEpoch: () => string
  /** Called before each group: it may have to begin a new segment. */
  readonly prepare: () => Promise<void> | undefined
  /** Counts a message as kept: the next group comes after it. */
  readonly keep: (kept: Kept) => void
  /** Gives a message to its room's subscribers. */
  readonly deliver: (kept: Kept) => void
}

type Waiting = {
  readonly draft: Draft
  readonly given: Given | undefined
  readonly resolve: (appended: Appended) => void
  readonly reject: (error: unknown) => void
}

/** At most so many messages wait for a disk that does not answer; more are refused. */
const MOST_WAITING = 20_000

export class Commit {
  readonly #parts: CommitParts
  #queue: Waiting[] = []
  #running: Promise<void> | undefined
  #closed = false
  #buffer = Buffer.alloc(64 * 1024)

  constructor(parts: CommitParts) {
    this.#parts = parts
  }

  /** Keeps a message with the next group. */
  append(draft: Draft, given?: Given): Promise<Appended> {
    if (this.#closed)
      return Promise.reject(new ChatError('unavailable', 'the server is stopping: try again in a moment'))
    if (this.#queue.length >= MOST_WAITING) {
      return Promise.reject(new ChatError('unavailable', 'the server’s disk is behind: try again in a moment', 2))
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ draft, given, resolve, reject })
      this.#start()
    })
  }

  /** Runs the preparation, even when there is nothing to keep. */
  async turn(): Promise<void> {
    while (this.#running !== undefined) await this.#running
    this.#running = Promise.resolve(this.#parts.prepare()).finally(() => this.#finish())
    await this.#running
  }

  /** Keeps the messages that wait, and takes no more. */
  async close(): Promise<void> {
    this.#closed = true
    while (this.#running !== undefined) await this.#running.catch(() => undefined /* each message was told */)
  }

  #start(): void {
    // Messages that come in the same turn of the event loop go into the same group.
    this.#running ??= new Promise<void>((resolve) => setImmediate(resolve))
      .then(() => this.#run())
      .finally(() => this.#finish())
  }

  #finish(): void {
    this.#running = undefined
    if (this.#queue.length > 0) this.#start()
  }

  async #run(): Promise<void> {
    let tell = (): void => undefined
    while (this.#queue.length > 0) {
      const writing = this.#write()
      // The group before is delivered while this one is on its way: so both the disk and the processor have work.
      tell()
      tell = await writing
    }
    tell()
  }

  /** Writes the next group. Resolves with the function that delivers it and answers its senders. */
  async #write(): Promise<() => void> {
    let group = this.#queue
    try {
      const preparing = this.#parts.prepare()
      if (preparing !== undefined) await preparing
      group = this.#queue
      const { bytes, kept } = this.#encode(group)
      group = this.#queue.splice(0, kept.length)
      await this.#parts.writer.write(bytes)
      for (const one of kept) this.#parts.keep(one)
      return () => {
        for (const [i, one] of kept.entries()) {
          this.#parts.deliver(one)
          group[i]?.resolve({ message: one.message, epoch: one.epoch })
        }
      }
    } catch (error) {
      if (group === this.#queue) this.#queue = []
      return () => {
        for (const waiting of group) waiting.reject(error)
      }
    }
  }

  /** Gives places to as many messages as fit a group, and writes their records side by side. */
  #encode(group: readonly Waiting[]): { bytes: Buffer; kept: Kept[] } {
    const { writer, groupBytes } = this.#parts
    const ends = new Map<string, Given>()
    const kept: Kept[] = []
    let at = 0
    const write = (body: string): void => {
      this.#makeRoom(at, roomFor(body))
      at = writeRecord(this.#buffer, at, body, writer.synced)
    }
    for (const { draft, given } of group) {
      if (at >= groupBytes) break
      const end = ends.get(draft.room) ?? this.#parts.endOf(draft.room)
      const { epoch, id } = given ?? this.#next(end, draft.type === 'clear')
      if (end.epoch !== NO_EPOCH && id > end.id + 1) write(JSON.stringify({ lost: 0 }))
      const message = messageAt(id, draft)
      kept.push({ message, epoch, position: writer.position + at })
      ends.set(draft.room, { epoch, id })
      write(bodyOf(epoch, message))
    }
    return { bytes: this.#buffer.subarray(0, at), kept }
  }

  #next({ epoch, id }: Given, isClear: boolean): Given {
    return isClear || epoch === NO_EPOCH ? { epoch: this.#parts.newEpoch(), id: 1 } : { epoch, id: id + 1 }
  }

  #makeRoom(at: number, more: number): void {
    if (at + more <= this.#buffer.length) return
    const larger = Buffer.alloc(2 * (at + more))
    this.#buffer.copy(larger, 0, 0, at)
    this.#buffer = larger
  }
}
