// What is kept, and for how long. The journal forgets whole segments, the oldest first. Removing a file is one step
// that a crash cannot leave half done; cutting messages out of a file would mean writing it anew.
//
//     --keep-bytes 64mb     ■■■■ ■■■■ ■■■■ ■■■□        segments are a sixteenth of it
//     --keep 30d            ■■■■ ■■ ■■■■ ■■□□         and none is written to for longer than a thirtieth of it
//
// So a message is gone at the latest a thirtieth of its time after its time, and the folder never outgrows its size.
// After a start, and after a jump of the clock, nothing is removed for some minutes (see steady-date.ts).

import type { Clock, Undo } from '../../core/clock.js'
import type { Logger } from '../../log.js'
import type { Kept } from './commit.js'
import { removeFiles, segmentPath, SPAN } from './folder.js'
import type { Log } from './log.js'
import type { SegmentWriter } from './segment-writer.js'
import { SteadyDate } from './steady-date.js'

/** Undefined keeps everything. */
export type Keep = { readonly keepMs: number | undefined; readonly keepBytes: number | undefined }

/** A segment's size, and when its oldest and its newest message were sent; 0 while it has none. */
export type Extent = { readonly number: number; size: number; oldest: number; newest: number }

const SEGMENT_BYTES = 64 * 2 ** 20
const LEAST_BYTES = 4096
const DAY_MS = 86_400_000
const MOST_STEADY_MS = 5 * 60_000

export class Retention {
  readonly segmentBytes: number
  readonly #keep: Keep
  /** Oldest first; the last one is written to. */
  readonly #extents: Extent[] = []

  constructor(keep: Keep) {
    this.#keep = keep
    this.segmentBytes =
      keep.keepBytes === undefined ? SEGMENT_BYTES : Math.max(LEAST_BYTES, Math.min(SEGMENT_BYTES, keep.keepBytes / 16))
  }

  /** Bytes of all segments. */
  get bytes(): number {
    return this.#extents.reduce((sum, { size }) => sum + size, 0)
  }

  /** The segment that is written to; undefined before there is one. */
  get last(): Extent | undefined {
    return this.#extents.at(-1)
  }

  /** Counts a new segment. */
  begin(number: number): Extent {
    const extent = { number, size: 0, oldest: 0, newest: 0 }
    this.#extents.push(extent)
    return extent
  }

  /** How long the clock has to keep to a date before anything is deleted by that date. */
  get steadyMs(): number {
    return Math.min(MOST_STEADY_MS, (this.periodMs ?? 0) / 2)
  }

  /** Milliseconds between two looks; undefined where messages do not expire. */
  get periodMs(): number | undefined {
    return this.#keep.keepMs === undefined ? undefined : Math.max(1000, Math.min(DAY_MS, this.#keep.keepMs / 30))
  }

  /** Has the last segment been written to for long enough? */
  isFull(extent: Extent, date: number): boolean {
    if (extent.newest === 0) return false
    return extent.size >= this.segmentBytes || date - extent.oldest > (this.periodMs ?? Infinity)
  }

  /**
   * Drops the segments that have expired, and those for which there is no room; answers their numbers. `date`:
   * undefined while it is uncertain.
   */
  drop(date = -Infinity): number[] {
    const { keepMs = Infinity, keepBytes = Infinity } = this.#keep
    const dropped: number[] = []
    let bytes = this.bytes
    while (this.#extents.length > 1) {
      const [oldest] = this.#extents
      const isOver = oldest !== undefined && (date - oldest.newest > keepMs || bytes + this.segmentBytes > keepBytes)
      if (!isOver) break
      this.#extents.shift()
      dropped.push(oldest.number)
      bytes -= oldest.size
    }
    return dropped
  }
}

/** Notes a message in its segment. No message counts as later than `date`, whatever its clock said. */
export function extend(extent: Extent, timestamp: number, date = Infinity): void {
  const at = Math.min(timestamp, date)
  if (extent.oldest === 0 || at < extent.oldest) extent.oldest = at
  if (at > extent.newest) extent.newest = at
}

export type RotationParts = {
  readonly folder: string
  readonly clock: Clock
  readonly log: Logger
  readonly logs: Map<string, Log>
  readonly retention: Retention
  readonly writer: SegmentWriter
}

/** Looks after the files: it begins a new segment when it is time, and removes segments that have expired. */
export class Rotation {
  readonly #parts: RotationParts
  readonly #date: SteadyDate
  #extent: Extent
  #timer: Undo | undefined
  #closed = false

  constructor(parts: RotationParts) {
    this.#parts = parts
    this.#date = new SteadyDate(parts.clock, parts.retention.steadyMs)
    this.#extent = parts.retention.last ?? parts.retention.begin(parts.writer.number)
    this.#extent.size = parts.writer.size
  }

  /** Notes that a message is in the writer's segment. */
  count({ message }: Kept): void {
    extend(this.#extent, message.timestamp, this.#steadyDate())
    this.#extent.size = this.#parts.writer.size
  }

  /** Called before each group is written; undefined where there is nothing to wait for. */
  prepare(): Promise<void> | undefined {
    const { clock, retention } = this.#parts
    const date = this.#steadyDate()
    // Removing comes first: it makes room, even where the disk has none for a new segment.
    if (retention.isFull(this.#extent, date ?? clock.date())) return this.#rotate().finally(() => this.#drop(date))
    return this.#drop(date)
  }

  /** Calls `look` as often as it may be needed while no message is sent. */
  watch(look: () => Promise<void>, ms = this.#parts.retention.steadyMs): void {
    const { clock, retention, log } = this.#parts
    if (retention.periodMs === undefined || this.#closed) return
    this.#timer = clock.after(ms, () => {
      look()
        .catch((error: unknown) => log.error('retention', error))
        .finally(() => this.watch(look, retention.periodMs))
    })
  }

  close(): void {
    this.#closed = true
    this.#timer?.()
  }

  async #rotate(): Promise<void> {
    const { writer, retention } = this.#parts
    await writer.rotate()
    this.#extent = retention.begin(writer.number)
    this.#extent.size = writer.size
  }

  /** The date that counts; undefined where messages do not expire. */
  #steadyDate(): number | undefined {
    return this.#parts.retention.periodMs === undefined ? undefined : this.#date.read()
  }

  #drop(date: number | undefined): undefined {
    const { folder, retention, log } = this.#parts
    const dropped = retention.drop(date)
    if (dropped.length === 0) return
    this.#forgetBefore((dropped.at(-1) ?? 0) + 1)
    try {
      const paths = dropped.map((number) => segmentPath(folder, number))
      removeFiles(folder, paths)
    } catch (error) {
      // These files are forgotten here, and the next start tries again. No message has to wait for it.
      log.error('retention', error)
    }
  }

  #forgetBefore(number: number): void {
    const { logs } = this.#parts
    for (const [room, log] of logs) {
      log.positions.dropBefore(number * SPAN)
      log.trim()
      if (log.isEmpty) logs.delete(room)
    }
  }
}
