// One room's log: its epoch, where its messages lie, and who is given the next one.

import { NO_EPOCH } from '../../core/rooms/cursor.js'
import { type Message, removes } from '../../core/rooms/message.js'
import type { History, Range } from '../../core/rooms/store.js'
import type { Kept } from './commit.js'
import { OffsetIndex } from './offset-index.js'

export type Subscriber = (kept: Kept) => void

export class Log {
  readonly positions = new OffsetIndex()
  readonly subscribers = new Set<Subscriber>()
  /** The ids of messages that a later one took out. */
  removed = new Set<number>()
  epoch = NO_EPOCH
  /** The newest id whose time is over, as far as a reading has found out; its segment may be there still. */
  expired = 0
  /** What was sent up to then, in milliseconds since 1970, a reading has found to be over. */
  expiredAt = -Infinity
  /** When the oldest message that can be had was sent, once it has been looked at. */
  oldest: { readonly id: number; readonly timestamp: number } | undefined
  /** How many messages behind the last one may have been lost with a damage: their ids are not given again. */
  lost = 0

  /** Nothing is kept of it and nobody listens. */
  get isEmpty(): boolean {
    return this.positions.size === 0 && this.subscribers.size === 0
  }

  /** Adds a message that is kept. Another epoch begins the log anew. */
  add(epoch: string, id: number, position: number): void {
    if (epoch !== this.epoch) {
      this.positions.clear()
      this.removed = new Set()
      this.expired = 0
      this.oldest = undefined
    }
    this.epoch = epoch
    this.positions.add(id, position)
    this.lost = 0
  }

  /** Takes note of a message that takes another one out. */
  note(message: Pick<Message, 'type' | 'of'>): void {
    const id = removes(message)
    if (id !== undefined) this.removed.add(id)
  }

  /** The oldest id that can be had; where there is none the next one, and 0 at the beginning of a log. */
  get first(): number {
    const { first, last } = this.positions
    return Math.max(first === 0 && last > 0 ? last + 1 : first, last === 0 ? 0 : this.expired + 1)
  }

  /** The id that the next message follows. */
  get end(): number {
    return this.positions.last + this.lost
  }

  deliver(kept: Kept): void {
    for (const subscriber of this.subscribers) subscriber(kept)
  }

  /** The positions of the messages with `from` ≤ id ≤ `to` that are kept. */
  slice(from: number, to: number): number[] {
    const positions: number[] = []
    for (let id = from; id <= to; id++) {
      const position = this.positions.of(id)
      if (position !== undefined) positions.push(position)
    }
    return positions
  }
}

/** What a page of history is made of, before its messages are read. */
export function pageOf(
  { positions, epoch, first }: Log,
  { before = Infinity, after, limit }: Range,
): Omit<History, 'messages'> & { from: number; to: number } {
  const { last } = positions
  if (last === 0) return { epoch, first, last, from: 1, to: 0, more: false }
  if (after !== undefined) {
    const from = Math.max(first, after + 1)
    const to = Math.min(last, from + limit - 1)
    return { epoch, first, last, from, to, more: to < last }
  }
  const to = Math.min(before - 1, last)
  const from = Math.max(first, to + 1 - limit)
  return { epoch, first, last, from, to, more: from > first && from <= to }
}
