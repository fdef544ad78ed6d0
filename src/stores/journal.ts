// The journal keeps every message in files of a folder, so that a restart, a crash or a power cut loses no message
// that was acknowledged. It needs nothing but Node's `fs`.
//
//     append ──> group ──> write ──> fdatasync ──> deliver ──> acknowledge      commit.ts, segment-writer.ts
//                                       │                                       delivery.ts
//                             00000001.log  00000002.log …                      record.ts, folder.ts
//                                       │
//     start ───> read all ──> where each message lies ──> recent, history       load.ts, offset-index.ts, page.ts
//
// In memory it keeps 8 to 12 bytes a message and no text: the rings belong to the rooms. It is no database: there is
// one order, one writer, and no way to rewrite what was said.

import type { Clock, Random } from '../core/clock.js'
import { ChatError, codeOf } from '../core/errors.js'
import { NO_EPOCH } from '../core/rooms/cursor.js'
import { KEY_MS } from '../core/rooms/idempotency.js'
import type { Draft } from '../core/rooms/message.js'
import type { Appended, Deliver, History, Range, Store, Subscription } from '../core/rooms/store.js'
import type { Logger } from '../log.js'
import { Commit, type Given, type Kept } from './journal/commit.js'
import { Delivery } from './journal/delivery.js'
import { makeFolder } from './journal/folder.js'
import { load } from './journal/load.js'
import { type Lock, takeLock } from './journal/lock.js'
import type { Log } from './journal/log.js'
import { hashOf, KeyIndex } from './journal/key-index.js'
import { JournalReader } from './journal/journal-reader.js'
import { type Keep, Retention, Rotation } from './journal/retention.js'
import { type Sync, SegmentWriter } from './journal/segment-writer.js'

export type JournalOptions = Keep & {
  readonly folder: string
  /** How many of the newest messages a new subscriber is given. */
  readonly recent: number
  readonly sync: Sync
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

const GROUP_BYTES = 2 ** 20

/**
 * Opens a folder, and makes it if it is missing. Rejects with `unavailable` and a sentence for a person when another
 * process uses the folder, when it is damaged, or when the disk refuses.
 */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const { folder } = options
  try {
    makeFolder(folder)
    const lock = await takeLock(folder, (error) => options.log.error('folder_lost', error.message))
    try {
      return await Journal.open(options, lock)
    } catch (error) {
      lock.release()
      throw error
    }
  } catch (error) {
    const code = codeOf(error)
    if (code === undefined || error instanceof ChatError) throw error
    throw new ChatError(
      'unavailable',
      `the folder ${JSON.stringify(folder)} cannot be used (${code}): see that it can be written to, or choose another`,
    )
  }
}

type Parts = {
  readonly options: JournalOptions
  readonly lock: Lock
  readonly logs: Map<string, Log>
  readonly keys: KeyIndex
  readonly writer: SegmentWriter
  readonly rotation: Rotation
  readonly groupBytes: number
}

export class Journal implements Store {
  readonly #parts: Parts
  readonly #reader: JournalReader
  readonly #delivery: Delivery
  readonly #commit: Commit
  #closed = false

  static async open(options: JournalOptions, lock: Lock): Promise<Journal> {
    const { folder, clock, log, sync } = options
    const logs = new Map<string, Log>()
    const keys = new KeyIndex(KEY_MS)
    const retention = new Retention(options)
    const onTorn = (bytes: number, side: string | undefined): void => {
      const where = side === undefined ? 'they are zeros, and what was there is lost' : `they are kept in ${side}`
      log.error('torn_tail', `a crash tore the last ${bytes} bytes: ${where}`)
    }
    const last = load({ folder, clock, logs, keys, retention, onTorn })
    const onAway = (code: string | undefined): void => {
      if (code === undefined) log.info('store_back')
      else log.error('store_away', `the disk takes no messages (${code}): they are refused until it does`)
    }
    const writer = await SegmentWriter.open({ folder, sync, clock, onAway }, last)
    const rotation = new Rotation({ folder, clock, log, logs, retention, writer })
    const groupBytes = Math.min(GROUP_BYTES, retention.segmentBytes)
    const journal = new Journal({ options, lock, logs, keys, writer, rotation, groupBytes })
    // Messages that expired while no server ran go now. A disk that is full now does not stop the start.
    await journal.#commit.turn().catch((error: unknown) => log.error('retention', error))
    rotation.watch(async () => (lock.isLost ? undefined : journal.#commit.turn()))
    return journal
  }

  private constructor(parts: Parts) {
    const { options, lock, logs, keys, writer, rotation, groupBytes } = parts
    this.#parts = parts
    const onUnreadable = (error: unknown): void => options.log.error('unreadable', error)
    this.#reader = new JournalReader({
      folder: options.folder,
      logs,
      keys,
      keepMs: options.keepMs,
      clock: options.clock,
      onUnreadable,
    })
    this.#delivery = new Delivery(logs, options.log)
    this.#commit = new Commit({
      writer,
      groupBytes,
      endOf: (room) => this.endOf(room),
      newEpoch: () => options.random.epoch(),
      prepare: () => {
        lock.check()
        return rotation.prepare()
      },
      keep: (kept) => this.#keep(kept),
      deliver: (kept) => this.#delivery.deliver(kept),
    })
  }

  append(_room: string, draft: Draft): Promise<Appended> {
    return this.#commit.append(draft)
  }

  /** Keeps a message in the place that it had in another journal. */
  restore(draft: Draft, given: Given): Promise<Appended> {
    return this.#commit.append(draft, given)
  }

  async subscribe(room: string, deliver: Deliver): Promise<Subscription> {
    const { epoch, close } = this.#delivery.subscribe(room, deliver)
    const last = this.endOf(room).id
    try {
      return { recent: await this.#reader.recent(room, this.#parts.options.recent), epoch, last, close }
    } catch (error) {
      close()
      throw error
    }
  }

  read(room: string, range: Range): Promise<History> {
    return this.#reader.read(room, range)
  }

  find(room: string, username: string, key: string): Promise<Appended | undefined> | undefined {
    return this.#reader.find(room, username, key)
  }

  rooms(): readonly string[] {
    return this.#reader.rooms()
  }

  ready(): boolean {
    return !this.#parts.writer.isAway && !this.#parts.lock.isLost && !this.#closed
  }

  /** The end of a room's log; for a room without a log id 0, in no epoch. */
  endOf(room: string): Given {
    const log = this.#parts.logs.get(room)
    return log === undefined ? { epoch: NO_EPOCH, id: 0 } : { epoch: log.epoch, id: log.end }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    const { rotation, writer, lock } = this.#parts
    rotation.close()
    await this.#commit.close()
    try {
      await (isOurs(lock) ? writer.close() : writer.abandon())
    } finally {
      lock.release()
    }
  }

  #keep(kept: Kept): void {
    const { rotation, keys, options } = this.#parts
    const { key, room, username } = kept.message
    this.#delivery.keep(kept)
    rotation.count(kept)
    if (key !== undefined) keys.add(hashOf(room, JSON.stringify(username), key), kept.position, options.clock.now())
  }
}

function isOurs(lock: Lock): boolean {
  try {
    lock.check()
    return true
  } catch {
    return false
  }
}
