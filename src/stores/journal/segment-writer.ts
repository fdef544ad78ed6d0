// The end of the journal: the segment that is written to, and when a write counts as kept.
//
//     write ──> fdatasync ──> kept           --sync always: a power cut takes nothing that was acknowledged
//     write ──> kept ──> fdatasync, each second     everysec: it may take the last second
//     write ──> kept                                never: it takes what the system had not flushed yet
//
// A write that fails is cut off again at once, so that a half-written record is never followed by a whole one. If
// even the cutting fails, it is done before the next write. So a full disk refuses messages and loses none, and the
// first message that fits is kept again (see disk-health.ts).
//
// With `always` there are zeros behind the end, so that most groups do not make the file longer. Then the system has
// only their bytes to sync, and not the file's length as well, which takes half the time. A start recognises the
// zeros.

import { type FileHandle, open } from 'node:fs/promises'
import { codeOf, isFullDisk } from '../../core/errors.js'
import type { Undo } from '../../core/clock.js'
import { createSegment, refusalOf, writeAll, writeNow } from './disk.js'
import { type Last, segmentPath, SPAN, syncFolder } from './folder.js'
import { noteRecord } from './record.js'
import { DiskHealth, type DiskHealthOptions } from './disk-health.js'

/** When a message is on the disk: the words of Redis' appendfsync. */
export type Sync = 'always' | 'everysec' | 'never'

export type WriterOptions = DiskHealthOptions & { readonly sync: Sync }

/** So little that a full disk refuses soon, and enough for a hundred messages. */
export const RESERVE_BYTES = 16 * 1024
const ZEROS = Buffer.alloc(RESERVE_BYTES)

const SYNC_MS = 1000

/** Without syncing, the system has flushed writes that are older than this (Linux: after 30 s). */
const FLUSHED_MS = 60_000

export class SegmentWriter {
  readonly #options: WriterOptions
  #file: FileHandle
  #number: number
  #size: number
  #synced: number
  /** The end of the zeros behind the end. */
  #reserved = 0
  #written = { size: 0, at: -Infinity }
  /** Are there bytes behind the end that do not count? */
  #ragged = false
  /** The last fdatasync of `everysec` failed: until one succeeds, nothing is acknowledged without one. */
  #doubted = false
  /** The bytes behind the end must first be kept in another file, for which there was no room. */
  #mendFirst: (() => void) | undefined
  #timer: Undo | undefined
  readonly #health: DiskHealth

  private constructor(options: WriterOptions, file: FileHandle, { number, size, mend }: Last) {
    this.#options = options
    this.#file = file
    this.#number = number
    this.#size = size
    this.#synced = size
    this.#health = new DiskHealth(options)
    if (mend === undefined) return
    this.#mendFirst = mend
    this.#ragged = true
    this.#health.fail('ENOSPC')
  }

  /** Goes on at the end of a segment; creates the first one where there is none. */
  static async open(options: WriterOptions, last: Last | undefined): Promise<SegmentWriter> {
    if (last === undefined || last.size === 0) {
      const number = last?.number ?? 1
      const path = segmentPath(options.folder, number)
      const beginning = beginningOf(0)
      const file = await createSegment(options.folder, path, beginning)
      return new SegmentWriter(options, file, { number, path, size: beginning.length })
    }
    const file = await open(last.path, 'r+')
    const writer = new SegmentWriter(options, file, last)
    try {
      // If the server before this one was killed, the bytes that were read may be in the system's memory alone. What
      // is written next says that all before it is on the disk.
      syncFolder(options.folder)
      await file.datasync()
    } catch (error) {
      if (!isFullDisk(codeOf(error))) {
        await writer.abandon()
        throw error
      }
      // The segment can be read all the same, and is synced before anything more is acknowledged.
      writer.#synced = 0
      writer.#doubted = true
    }
    return writer
  }

  get number(): number {
    return this.#number
  }

  get size(): number {
    return this.#size
  }

  /** How much of the segment is known to be on the disk. */
  get synced(): number {
    return this.#synced
  }

  /** The position of the next byte. */
  get position(): number {
    return this.#number * SPAN + this.#size
  }

  /** Is the store unable to keep anything now? */
  get isAway(): boolean {
    return this.#health.isAway
  }

  /** Adds bytes. Resolves once they are kept; rejects with `full` or `unavailable`, and then none of them is there. */
  async write(bytes: Buffer): Promise<void> {
    try {
      if (this.#ragged) await this.#mend()
      this.#ragged = true
      // Here a write goes only as far as the system's memory, in microseconds; handing it to another thread would
      // cost more than that in waiting for the next turn. While a sync is under way, as with `everysec`, a write can
      // be slow: then this does not wait for it.
      if (this.#options.sync === 'always') this.#writeNow(bytes)
      else await writeAll(this.#file, bytes, this.#size)
      if (this.#options.sync === 'always' || this.#doubted) await this.#file.datasync()
      this.#ragged = false
      this.#doubted = false
      this.#size += bytes.length
      this.#count()
      this.#health.recover()
    } catch (error) {
      throw await this.#failed(error)
    }
  }

  /** Goes on in a new segment. The old one is on the disk before there is a new one. */
  async rotate(): Promise<void> {
    try {
      if (this.#ragged || this.#reserved > this.#size) await this.#mend()
      await this.#file.datasync()
      const number = this.#number + 1
      const beginning = beginningOf(this.#size)
      const file = await createSegment(this.#options.folder, segmentPath(this.#options.folder, number), beginning)
      await this.#file.close()
      this.#file = file
      this.#number = number
      this.#size = beginning.length
      this.#reserved = 0
      this.#synced = beginning.length
      this.#written = { size: 0, at: -Infinity }
    } catch (error) {
      throw await this.#failed(error)
    }
  }

  /** Leaves the segment as it is: it belongs to another process now. */
  async abandon(): Promise<void> {
    this.#timer?.()
    this.#health.close()
    await this.#file.close()
  }

  async close(): Promise<void> {
    try {
      // A tail that could not be kept is left to the next start.
      const isOpen = this.#ragged || this.#reserved > this.#size
      if (isOpen && this.#mendFirst === undefined) await this.#mend()
      await this.#file.datasync()
    } finally {
      await this.abandon()
    }
  }

  #count(): void {
    const { sync, clock } = this.#options
    if (sync === 'always') this.#synced = this.#size
    if (sync === 'everysec') this.#timer ??= clock.after(SYNC_MS, () => void this.#syncLater())
    if (sync !== 'never' || clock.now() - this.#written.at < FLUSHED_MS) return
    this.#synced = this.#written.size
    this.#written = { size: this.#size, at: clock.now() }
  }

  async #syncLater(): Promise<void> {
    this.#timer = undefined
    const { size } = this
    const number = this.#number
    try {
      await this.#file.datasync()
      if (number === this.#number) this.#synced = size
    } catch (error) {
      // The segment was rotated away or closed meanwhile, and synced for that.
      if (number !== this.#number || codeOf(error) === 'EBADF') return
      this.#doubted = true
      this.#health.fail(codeOf(error) ?? 'EIO')
    }
  }

  #writeNow(bytes: Buffer): void {
    const { fd } = this.#file
    const end = this.#size + bytes.length
    writeNow(fd, bytes, this.#size)
    if (end <= this.#reserved) return
    this.#reserved = end
    try {
      writeNow(fd, ZEROS, end)
      this.#reserved = end + ZEROS.length
    } catch {
      // There is no room for more than the message itself. Then the next one makes the file longer, or is refused.
    }
  }

  async #mend(): Promise<void> {
    this.#mendFirst?.()
    this.#mendFirst = undefined
    await this.#file.truncate(this.#size)
    this.#reserved = this.#size
    this.#ragged = false
  }

  async #failed(error: unknown): Promise<unknown> {
    const code = codeOf(error)
    if (code === undefined) return error
    try {
      if (this.#ragged) await this.#mend()
    } catch {
      // The cutting failed: it is done before the next write.
    }
    this.#health.fail(code)
    return refusalOf(code)
  }
}

/** The first record of a segment, which says how long the one before it is. */
function beginningOf(previous: number): Buffer {
  return noteRecord({ journal: 1, previous })
}
