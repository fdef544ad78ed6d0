// Looks after the files: a new segment where it is time for one, and the oldest ones away where their time is over.

import type { Clock, Undo } from '../../core/clock.js'
import type { Log as Words } from '../../log.js'
import type { Kept } from './commit.js'
import { removeFiles, segmentPath, SPAN } from './folder.js'
import type { Log } from './log.js'
import { extend, type Extent, type Retention } from './retention.js'
import type { SegmentWriter } from './segment-writer.js'

export type UpkeepParts = {
  readonly folder: string
  readonly clock: Clock
  readonly log: Words
  readonly logs: Map<string, Log>
  readonly retention: Retention
  readonly writer: SegmentWriter
  /** How long the segment before the writer's is. */
  readonly previous: number
}

export class Upkeep {
  readonly #parts: UpkeepParts
  #extent: Extent
  #previous: number
  #timer: Undo | undefined
  #closed = false

  constructor(parts: UpkeepParts) {
    this.#parts = parts
    this.#extent = parts.retention.last ?? parts.retention.begin(parts.writer.number)
    this.#previous = parts.previous
  }

  /** The body of the first record of the writer's segment. */
  beginning(): string {
    return JSON.stringify({ journal: 1, previous: this.#previous })
  }

  /** Notes that a message is in the writer's segment. */
  count({ message }: Kept): void {
    extend(this.#extent, message.timestamp)
    this.#extent.size = this.#parts.writer.size
  }

  /** Done before each group is written; undefined where nothing has to be waited for. */
  prepare(): Promise<void> | undefined {
    const { clock, retention } = this.#parts
    const date = clock.date()
    if (retention.isFull(this.#extent, date)) return this.#rotate().then(() => this.#drop(date))
    return this.#drop(date)
  }

  /** Calls back as often as it is worth a look where nobody speaks. */
  watch(look: () => Promise<void>): void {
    const { clock, retention, log } = this.#parts
    if (retention.periodMs === undefined || this.#closed) return
    this.#timer = clock.after(retention.periodMs, () => {
      look()
        .catch((error: unknown) => log.error('retention', error))
        .finally(() => this.watch(look))
    })
  }

  close(): void {
    this.#closed = true
    this.#timer?.()
  }

  async #rotate(): Promise<void> {
    const { writer, retention } = this.#parts
    const previous = writer.size
    await writer.rotate()
    this.#previous = previous
    this.#extent = retention.begin(writer.number)
  }

  #drop(date: number): undefined {
    const { folder, retention, log } = this.#parts
    const dropped = retention.drop(date)
    if (dropped.length === 0) return
    this.#forgetBefore((dropped.at(-1) ?? 0) + 1)
    try {
      const paths = dropped.map((number) => segmentPath(folder, number))
      removeFiles(folder, paths)
    } catch (error) {
      // They are forgotten, and the next start tries again; no message has to wait for it.
      log.error('retention', error)
    }
  }

  #forgetBefore(number: number): void {
    const { logs } = this.#parts
    for (const [room, log] of logs) {
      log.positions.dropBefore(number * SPAN)
      if (log.isEmpty) logs.delete(room)
    }
  }
}
