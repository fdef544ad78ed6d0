// What is kept, and for how long. The journal forgets by the segment, the oldest first: removing a file is one step
// that a crash cannot leave half done, where cutting messages out of one would mean to write it anew.
//
//     --keep-bytes 64mb     ■■■■ ■■■■ ■■■■ ■■■□        segments are a sixteenth of it
//     --keep 30d            ■■■■ ■■ ■■■■ ■■□□         and none is written to for longer than a thirtieth of it
//
// So a message is gone at the latest a thirtieth of its time after its time, and the folder never outgrows its size.

/** `keepMs` and `keepBytes`: undefined keeps everything. */
export type Keep = { readonly keepMs: number | undefined; readonly keepBytes: number | undefined }

/** A segment: how large, and when its oldest and its newest message were sent; 0 while it has none. */
export type Extent = { readonly number: number; size: number; oldest: number; newest: number }

const SEGMENT_BYTES = 64 * 2 ** 20
const LEAST_BYTES = 4096
const DAY_MS = 86_400_000

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

  /** Milliseconds between two looks; undefined where time takes nothing. */
  get periodMs(): number | undefined {
    return this.#keep.keepMs === undefined ? undefined : Math.max(1000, Math.min(DAY_MS, this.#keep.keepMs / 30))
  }

  /** Has the last segment been written to for long enough? */
  isFull(extent: Extent, date: number): boolean {
    if (extent.newest === 0) return false
    return extent.size >= this.segmentBytes || date - extent.oldest > (this.periodMs ?? Infinity)
  }

  /** Drops the segments whose time is over, and those there is no place for; answers their numbers. */
  drop(date: number): number[] {
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

/** Notes a message in the segment that it is in. */
export function extend(extent: Extent, timestamp: number): void {
  if (extent.oldest === 0 || timestamp < extent.oldest) extent.oldest = timestamp
  if (timestamp > extent.newest) extent.newest = timestamp
}
