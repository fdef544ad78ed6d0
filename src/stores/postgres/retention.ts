// Deletes what is over: messages older than `--keep`, and those of rooms that were cleared. In small batches, each a
// transaction of its own, so that nobody waits for it.

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
/** So many batches a room at one time; the rest comes with the next look. */
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

  /** Since when messages are kept, as `Clock.date` has it. */
  get since(): number {
    const { keepMs, clock } = this.#options
    return keepMs === undefined ? 0 : Math.max(0, Math.floor(clock.date() - keepMs))
  }

  close(): void {
    this.#closed = true
    this.#timer?.()
  }

  /** Deletes what is over now. */
  async run(): Promise<void> {
    await this.sweep()
    const { ask, keepMs, clock } = this.#options
    if (keepMs === undefined) return
    const since = this.since
    // A key is remembered for its ten minutes, and it is a part of its message.
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
