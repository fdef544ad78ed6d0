// The way from many senders to a server elsewhere: messages that wait together travel together.
//
//     add add add          add add
//          │                  │            while one batch of a lane is on its way, the next one gathers
//          ▼                  ▼
//     lane "lobby"   [1 2 3] ──> send ──> [4 5] ──> send ──> …
//     lane "den"     [1] ──────> send ──> …                      lanes do not wait for each other
//
// A lane has one batch on its way at a time, so its order is the order of `add`. All lanes together hold a limited
// number of items. Past it an item is refused at once, before anything is sent.

import type { Clock } from '../../core/clock.js'
import { ChatError } from '../../core/errors.js'

export type LanesOptions<T, R> = {
  readonly clock: Pick<Clock, 'soon'>
  /** Sends a batch; resolves with one result for each item, in their order. */
  readonly send: (lane: string, items: readonly T[]) => Promise<readonly R[]>
  /** Must this item travel without others? */
  readonly isAlone: (item: T) => boolean
  /** How many items all lanes hold together, including those on their way. */
  readonly most?: number
  /** How many items travel together. */
  readonly batch?: number
}

const MOST_WAITING = 20_000
const MOST_TOGETHER = 128

type Waiting<T, R> = {
  readonly item: T
  readonly resolve: (result: R) => void
  readonly reject: (error: unknown) => void
}

export class Lanes<T, R> {
  readonly #options: LanesOptions<T, R>
  readonly #lanes = new Map<string, Waiting<T, R>[]>()
  readonly #running = new Set<Promise<void>>()
  #size = 0
  #closed = false

  constructor(options: LanesOptions<T, R>) {
    this.#options = options
  }

  /** How many items wait or are on their way. */
  get size(): number {
    return this.#size
  }

  /** Sends an item with the next batch of its lane. Rejects with `unavailable` when too many wait. */
  add(lane: string, item: T): Promise<R> {
    if (this.#closed)
      return Promise.reject(new ChatError('unavailable', 'the server is stopping: try again in a moment', 2))
    if (this.#size >= (this.#options.most ?? MOST_WAITING))
      return Promise.reject(new ChatError('unavailable', 'the store is behind: try again in a moment', 2))
    this.#size++
    return new Promise((resolve, reject) => {
      const waiting = { item, resolve, reject }
      const queue = this.#lanes.get(lane)
      if (queue !== undefined) return void queue.push(waiting)
      this.#lanes.set(lane, [waiting])
      const running = this.#run(lane).finally(() => this.#running.delete(running))
      this.#running.add(running)
    })
  }

  /** Sends the items that wait, and takes no more. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.all(this.#running)
  }

  async #run(lane: string): Promise<void> {
    // Items that come in the same turn of the event loop go into the same batch.
    await new Promise<void>((resolve) => this.#options.clock.soon(resolve))
    const queue = this.#lanes.get(lane) ?? []
    while (queue.length > 0) {
      const batch = queue.splice(0, this.#lengthOfBatch(queue))
      try {
        const results = await this.#options.send(
          lane,
          batch.map(({ item }) => item),
        )
        this.#size -= batch.length
        for (const [i, { resolve, reject }] of batch.entries()) {
          const result = results[i]
          if (result === undefined) reject(new Error('the store gave too few results'))
          else resolve(result)
        }
      } catch (error) {
        this.#size -= batch.length
        for (const { reject } of batch) reject(error)
      }
    }
    this.#lanes.delete(lane)
  }

  #lengthOfBatch(queue: readonly Waiting<T, R>[]): number {
    const { isAlone, batch = MOST_TOGETHER } = this.#options
    const end = queue.findIndex(({ item }, i) => i === batch || isAlone(item))
    if (end < 0) return queue.length
    return Math.max(1, end)
  }
}
