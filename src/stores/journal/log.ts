// One room's log: its epoch, where its messages lie, and its subscribers.

import { NO_EPOCH } from '../../core/rooms/cursor.js'
import { changed } from '../../core/rooms/change.js'
import { type Message, type Reaction, removed } from '../../core/rooms/message.js'
import type { History, Range } from '../../core/rooms/store.js'
import type { Kept } from './commit.js'
import { OffsetIndex } from './offset-index.js'

export type Subscriber = (kept: Kept) => void

/** `edit`: the id of the newest edit, which has the text. */
export type Amended = { readonly edit?: number; readonly reactions?: readonly Reaction[] }

const BLANK = { room: '', type: 'chat', username: '', text: '', timestamp: 0 }

export class Log {
  readonly positions = new OffsetIndex()
  readonly subscribers = new Set<Subscriber>()
  /** The ids of messages that were deleted, and of edits that are not the newest. */
  removed = new Set<number>()
  /** What later messages changed, by the ids of the earlier ones. */
  amended = new Map<number, Amended>()
  epoch = NO_EPOCH
  /** The newest id that a read has found to be expired. Its segment may still be there. */
  expired = 0
  /** Messages up to this time, in milliseconds since 1970, were found to be expired. */
  expiredAt = -Infinity
  /** When the oldest message that can be read was sent, once a read has looked. */
  oldest: { readonly id: number; readonly timestamp: number } | undefined
  /** How many messages behind the last one may have been lost to damage: their ids are not given again. */
  lost = 0

  /** The log has no messages and no subscribers. */
  get isEmpty(): boolean {
    return this.positions.size === 0 && this.subscribers.size === 0
  }

  /** Adds a message that is kept. Another epoch begins the log anew. */
  add(epoch: string, id: number, position: number): void {
    if (epoch !== this.epoch) this.begin(epoch)
    this.positions.add(id, position)
    this.lost = 0
  }

  begin(epoch: string): void {
    this.positions.clear()
    this.removed = new Set()
    this.amended = new Map()
    this.expired = 0
    this.oldest = undefined
    this.epoch = epoch
  }

  /** Notes a message that changes an earlier one. */
  note(change: Message): void {
    const { type, of, id } = change
    if (of === undefined || of >= id || this.removed.has(of)) return
    const before = this.amended.get(of) ?? {}
    if ((type === 'delete' || type === 'edit') && before.edit !== undefined) this.removed.add(before.edit)
    if (type === 'delete') {
      this.removed.add(of)
      this.amended.delete(of)
    } else if (type === 'edit') {
      this.amended.set(of, { ...before, edit: id })
    } else if (type === 'reaction') {
      const { reactions } = changed({ ...BLANK, id: of, ...before }, change)
      this.amended.set(of, { ...(before.edit === undefined ? {} : { edit: before.edit }), reactions: reactions ?? [] })
    }
  }

  /** Forgets changes of messages that are gone. */
  trim(): void {
    const { first } = this.positions
    for (const id of this.removed) if (id < first) this.removed.delete(id)
    for (const [id, { edit }] of this.amended) {
      if (id >= first) continue
      // An edit may be kept longer than its message: the next change still has to take its text away.
      if (edit === undefined || edit < first) this.amended.delete(id)
      else this.amended.set(id, { edit })
    }
  }

  /** The oldest id that can be read; the next id where there is none, and 0 at the beginning of a log. */
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

/** A message as it is now. `edits`: the edits that may have changed it, by their ids. */
export function amend(
  message: Message,
  isRemoved: boolean,
  amended: Amended | undefined,
  edits: ReadonlyMap<number, Message>,
): Message {
  if (isRemoved) return removed(message)
  if (amended === undefined) return message
  const edit = edits.get(amended.edit ?? 0)
  let now = edit === undefined ? message : changed(message, edit)
  for (const { text, by } of amended.reactions ?? [])
    now = changed(now, { ...BLANK, id: Infinity, type: 'reaction', of: message.id, text, by })
  return now
}

/** The bounds of a page of history, before its messages are read. */
export function pageOf(
  { positions, epoch, first }: Log,
  { before = Infinity, after, limit }: Range,
): Omit<History, 'messages'> & { from: number; to: number } {
  const { last } = positions
  if (last === 0) return { epoch, first, last, from: 1, to: 0, more: false }
  if (after !== undefined) {
    // A page begins with what is there: of a long hole, which a repair left, it would have nothing to go on from.
    const from = positions.nextTo(Math.max(first, after + 1), 1) ?? last + 1
    const to = Math.min(last, from + limit - 1)
    return { epoch, first, last, from, to, more: to < last }
  }
  const to = positions.nextTo(Math.min(before - 1, last), -1) ?? 0
  const from = Math.max(first, to + 1 - limit)
  return { epoch, first, last, from, to, more: from > first && from <= to }
}
