// Reads the journal: pages of it, its newest messages, and the message with a key.

import type { Clock } from '../../core/clock.js'
import { ChatError, codeOf } from '../../core/errors.js'
import type { Message } from '../../core/rooms/message.js'
import type { Appended, History, Range } from '../../core/rooms/store.js'
import { amend, Log, pageOf } from './log.js'
import { hashOf, type KeyIndex } from './key-index.js'
import { readPage } from './page.js'

export type ReaderParts = {
  readonly folder: string
  readonly logs: ReadonlyMap<string, Log>
  readonly keys: KeyIndex
  readonly keepMs: number | undefined
  readonly clock: Clock
  /** Called when the disk cannot be read, or gives other bytes than were written. */
  readonly onUnreadable: (error: unknown) => void
}

export class JournalReader {
  readonly #parts: ReaderParts

  constructor(parts: ReaderParts) {
    this.#parts = parts
  }

  /** A page of a room's log. Which messages are in it is settled before this returns. */
  async read(room: string, range: Range): Promise<History> {
    const { logs, onUnreadable } = this.#parts
    const log = logs.get(room) ?? new Log()
    // The clock was ahead and has been set right: the messages that it hid can be read again.
    if (this.#date() < log.expiredAt) log.expired = 0
    const { from, to, ...page } = pageOf(log, range)
    try {
      const told = await this.#readNow(log, from, to)
      if (this.#parts.keepMs === undefined) return { messages: told, ...page }
      await this.#expire(log)
      if (log.epoch !== page.epoch) return this.read(room, range)
      const { first } = log
      if (first <= page.first) return { messages: told, ...page }
      const left = told.filter(({ id }) => id >= first)
      const isAfter = range.after !== undefined
      // All messages of this page have expired, and there are more. A reader that goes on from the last id of a page
      // needs one.
      if (isAfter && left.length === 0 && page.more) return this.read(room, range)
      return { ...page, messages: left, first, more: isAfter ? page.more : left.length > 0 && from > first }
    } catch (error) {
      // The segment expired between the look into the table and the read: the next page begins later.
      if (codeOf(error) === 'ENOENT' && log.positions.of(from) === undefined) return this.read(room, range)
      onUnreadable(error)
      throw refusalOf(error)
    }
  }

  /** Reads messages as they are at the time of the call. */
  async #readNow(log: Log, from: number, to: number): Promise<readonly Message[]> {
    const { folder } = this.#parts
    const { removed, amended, positions } = log
    const slice = log.slice(from, to)
    if (removed.size === 0 && amended.size === 0) return readPage(folder, slice)
    const ids = Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i)
    const gone = new Set(ids.filter((id) => removed.has(id)))
    const now = new Map(ids.map((id) => [id, amended.get(id)]))
    const edits = [...now.values()].flatMap((one) => positions.of(one?.edit ?? 0) ?? [])
    const [messages, changes] = await Promise.all([
      readPage(folder, slice),
      readPage(
        folder,
        edits.toSorted((a, b) => a - b),
      ),
    ])
    const byId = new Map(changes.map((edit) => [edit.id, edit]))
    return messages.map((message) => amend(message, gone.has(message.id), now.get(message.id), byId))
  }

  /** The newest messages, with none missing between them: a ring is dense. */
  async recent(room: string, limit: number): Promise<readonly Message[]> {
    const { messages } = await this.read(room, { limit })
    let from = messages.length - 1
    while (from > 0 && messages[from - 1]?.id === (messages[from]?.id ?? 0) - 1) from--
    return messages.slice(Math.max(from, 0))
  }

  /** The message of this user with this key; undefined at once where there is none. */
  find(room: string, username: string, key: string): Promise<Appended | undefined> | undefined {
    const positions = this.#parts.keys.find(hashOf(room, JSON.stringify(username), key))
    return positions.length === 0 ? undefined : this.#findAt(positions, room, username, key)
  }

  /** The rooms that have a log, the one with the newest message first. */
  rooms(): string[] {
    const newest = ({ positions }: Log): number => positions.of(positions.last) ?? 0
    const rooms = [...this.#parts.logs].filter(([, log]) => log.positions.size > 0)
    return rooms.sort(([, a], [, b]) => newest(b) - newest(a)).map(([room]) => room)
  }

  // One candidate after the other: there is hardly ever a second one with the same hash.
  async #findAt(
    positions: readonly number[],
    room: string,
    username: string,
    key: string,
  ): Promise<Appended | undefined> {
    for (const position of positions) {
      const message = await this.#readAt(position)
      const isIt = message?.room === room && message.username === username && message.key === key
      const log = this.#parts.logs.get(room)
      if (isIt && log?.positions.of(message.id) === position) return { message, epoch: log.epoch }
    }
    return undefined
  }

  /**
   * Finds the oldest message that has not expired. Older messages are given to no reader, though their segment stays
   * a thirtieth of the time longer. Ids follow time, so a few looks into the files find it among millions.
   */
  async #expire(log: Log): Promise<void> {
    const { epoch, positions } = log
    const date = this.#date()
    let low = log.first
    if (low === 0 || (log.oldest?.id === low && log.oldest.timestamp > date)) return
    let oldest: Log['oldest']
    for (let high = positions.last + 1, id = low; low < high; id = Math.floor((low + high) / 2)) {
      let at = id
      while (at < high && positions.of(at) === undefined) at++
      const message = at === high ? undefined : await this.#readAt(positions.of(at) ?? 0)
      if (at < high && (message === undefined || message.timestamp <= date)) {
        low = at + 1
      } else {
        high = id
        if (message !== undefined) oldest = { id, timestamp: message.timestamp }
      }
    }
    if (log.epoch !== epoch) return
    log.expired = Math.max(log.expired, low - 1)
    log.expiredAt = date
    log.oldest = oldest
  }

  /** Messages up to this time have expired. */
  #date(): number {
    const { keepMs = Infinity, clock } = this.#parts
    return clock.date() - keepMs
  }

  async #readAt(position: number): Promise<Message | undefined> {
    try {
      const [message] = await readPage(this.#parts.folder, [position])
      return message
    } catch (error) {
      // The segment has expired.
      if (codeOf(error) === 'ENOENT') return undefined
      this.#parts.onUnreadable(error)
      throw refusalOf(error)
    }
  }
}

function refusalOf(error: unknown): unknown {
  return codeOf(error) === undefined
    ? error
    : new ChatError('unavailable', 'the server’s disk cannot be read now: try again soon', 5)
}
