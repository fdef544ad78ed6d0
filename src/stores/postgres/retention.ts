// Deletes messages that are older than `--keep`, and messages of rooms that were cleared. It works in small batches,
// each a transaction, so that no sender waits for it.

import type { Clock, Undo } from '../../core/clock.js'
import { KEY_MS } from '../../core/rooms/idempotency.js'
import type { Row } from './rows.js'
import { type Statement, STATEMENTS } from './statements.js'

export type RetentionOptions = {
  readonly ask: (statement: Statement, values: readonly unknown[]) => Promise<readonly Row[]>
  readonly clock: Clock
  readonly keepMs: number | undefined
  readonly onTrouble: (error: unknown) => void
}

const [LEAST_MS, MOST_MS] = [1000, 60_000]
const BATCH = 1000
/** At most so many batches a room at one time; the rest comes with the next look. */
const MOST_BATCHES = 50

export class Retention {
  readonly #options: RetentionOptions
  readonly #periodMs: number
  #timer: Undo | undefined
  #closed = false

  constructor(options: RetentionOptions) {
    this.#options = options
    this.#periodMs = Math.min(Math.max((options.keepMs ?? Infinity) / 30, LEAST_MS), MOST_MS)
    this.#wait()
  }

  /** Messages are kept that were sent since then (`Clock.date`). */
  get since(): number {
    const { keepMs, clock } = this.#options
    return keepMs === undefined ? 0 : Math.max(0, Math.floor(clock.date() - keepMs))
  }

  close(): void {
    this.#closed = true
    this.#timer?.()
  }

  /** Deletes what has expired. */
  async run(): Promise<void> {
    await this.sweep()
    const { ask, keepMs, clock } = this.#options
    if (keepMs === undefined) return
    const since = this.since
    // A key is part of its message, and is remembered for ten minutes.
    const keysSince = Math.min(since, Math.floor(clock.date()) - KEY_MS)
    for (const { room } of await ask(STATEMENTS.stale, [since])) {
      for (let batch = 0; batch < MOST_BATCHES && !this.#closed; batch++) {
        const [row] = await ask(STATEMENTS.expire, [room, since, keysSince, BATCH])
        if (Number(row?.['gone']) < BATCH) break
      }
    }
  }

  /** Deletes messages of rooms that were cleared. */
  async sweep(): Promise<void> {
    const { ask } = this.#options
    while (!this.#closed) {
      const [row] = await ask(STATEMENTS.sweep, [BATCH])
      if (Number(row?.['gone']) < BATCH) break
    }
    if (!this.#closed) await ask(STATEMENTS.forget, [])
  }

  #wait(): void {
    this.#timer = this.#options.clock.after(this.#periodMs, () => {
      this.run()
        .catch(this.#options.onTrouble)
        .finally(() => {
          if (!this.#closed) this.#wait()
        })
    })
  }
}
