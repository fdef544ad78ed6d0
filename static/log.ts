// One room's lines, as this page knows them: messages and gaps, in order, at most a thousand.
//
// A tab may be told the same twice (see feed.ts), so ids decide. After a restart ids begin anew. A message that is
// already here, with the same id and the same time, shows that the restart is not new.

import type { Gap, Message } from '../src/client/wire.js'
import { words } from './words.js'

/** `lost`: the server does not have the missing messages any more. */
export type Line =
  | { readonly kind: 'message'; readonly message: Message }
  | { readonly kind: 'gap'; readonly gap: Gap; readonly lost?: boolean }

export const MAX_LINES = 1000

/** The types that this page can show; it leaves out others. */
export const SHOWN: ReadonlySet<string> = new Set(['chat', 'join', 'leave'])

export class Log {
  readonly room: string
  readonly lines: Line[] = []
  /** Has anything come yet? */
  loaded = false
  /** Is the last line the newest that there is? Not after paging far back. */
  atEnd = true
  /** A moderator changed lines that have been drawn. The view resets this when it draws them. */
  isStale = false
  /** The ids of messages that people changed since this was last read. */
  readonly changed = new Set<number>()
  #last = 0
  #start = 0
  /** When a moderator cleared the room: hearing of it twice is no news. */
  #clearedAt = 0

  constructor(room: string) {
    this.room = room
  }

  /** The newest id of the server's log that is here; 0 for none. */
  get last(): number {
    return this.#last
  }

  /** The index of the first line of the server's present log. */
  get start(): number {
    return this.#start
  }

  /** The oldest id, if it is of the server's present log: then older messages can be asked for. */
  get oldest(): number | undefined {
    const [line] = this.lines
    return this.#start === 0 && line?.kind === 'message' ? line.message.id : undefined
  }

  /** Takes new messages; returns the lines that they make. */
  take(messages: readonly Message[], gaps: readonly Gap[]): Line[] {
    this.loaded = true
    const before = this.lines.length
    const clearedAt = this.#clearedAt
    for (const gap of gaps) if (gap.room === this.room) this.#takeGap(gap, messages)
    for (const message of messages) if (message.room === this.room) this.#takeMessage(message)
    return this.lines.slice(clearedAt === this.#clearedAt ? before : 0)
  }

  /** Is this message here? A message of the log before a restart may have the same id. */
  knows({ id, timestamp, username, type }: Message): boolean {
    if (type === 'clear') return timestamp === this.#clearedAt
    if (!this.atEnd && id <= this.#last) return true
    return this.lines.findLast((line) => line.kind === 'message' && isSame(line.message)) !== undefined

    function isSame(other: Message): boolean {
      return other.id === id && other.timestamp === timestamp && other.username === username
    }
  }

  /** Drops the oldest lines past a thousand; returns how many. */
  trimStart(): number {
    const excess = Math.max(0, this.lines.length - MAX_LINES)
    this.lines.splice(0, excess)
    this.#start = Math.max(0, this.#start - excess)
    return excess
  }

  /** Drops the newest lines past a thousand, for a person who reads far up; returns how many. */
  trimEnd(): number {
    const excess = Math.max(0, this.lines.length - MAX_LINES)
    if (excess > 0) this.atEnd = false
    this.lines.splice(this.lines.length - excess, excess)
    return excess
  }

  /** Begins anew with the newest messages, or with some of the past. */
  reset(messages: readonly Message[], atEnd = true): void {
    const last = this.#last
    this.lines.length = 0
    this.#last = 0
    this.#start = 0
    this.atEnd = true
    this.take(messages, [])
    if (atEnd) return
    this.atEnd = false
    this.#last = last
  }

  #takeMessage(message: Message): void {
    if (message.id <= this.#last) return
    this.#last = message.id
    if (message.type === 'delete') this.#remove(message.of)
    if (message.type === 'edit' || message.type === 'reaction') this.#change(message)
    if (message.type === 'clear') this.#clear(message.timestamp)
    const line = shown(message)
    if (SHOWN.has(line.type) && this.atEnd) this.lines.push({ kind: 'message', message: line })
  }

  /** Changes the text of a message, or its reactions. */
  #change(change: Message): void {
    const at = this.#find(change.of)
    const line = this.lines[at]
    if (line?.kind !== 'message' || line.message.type !== 'chat') return
    this.lines[at] = { kind: 'message', message: changed(line.message, change) }
    this.changed.add(line.message.id)
  }

  #find(id: number | undefined): number {
    return this.lines.findIndex((line, i) => i >= this.#start && line.kind === 'message' && line.message.id === id)
  }

  /** The message with this id, if it is here. */
  get(id: number): Message | undefined {
    const line = this.lines[this.#find(id)]
    return line?.kind === 'message' ? line.message : undefined
  }

  /** The newest message of the server's present log that is one of these. */
  findLast(is: (message: Message) => boolean): Message | undefined {
    const line = this.lines.findLast((one, i) => i >= this.#start && one.kind === 'message' && is(one.message))
    return line?.kind === 'message' ? line.message : undefined
  }

  /** Takes out what a message said; that there was one stays. */
  #remove(of: number | undefined): void {
    const at = this.#find(of)
    const line = this.lines[at]
    if (line?.kind !== 'message') return
    this.lines[at] = { kind: 'message', message: shown({ ...line.message, type: 'removed' }) }
    this.isStale = true
  }

  #clear(timestamp: number): void {
    this.#clearedAt = timestamp
    this.lines.length = 0
    this.#start = 0
    this.isStale = true
  }

  #takeGap(gap: Gap, messages: readonly Message[]): void {
    if (gap.reason === 'overflow') {
      if (gap.first - 1 <= this.#last) return
    } else {
      const newest = this.lines.at(-1)
      const told = newest?.kind === 'gap' && newest.gap.reason !== 'overflow'
      if (told || this.#has(messages)) return
      this.#start = this.lines.length
    }
    this.#last = Math.max(0, gap.first - 1)
    if (this.lines.length > 0) this.lines.push({ kind: 'gap', gap })
  }

  /** Is one of these messages of the same log here already? */
  #has(messages: readonly Message[]): boolean {
    return messages.some((message) => message.room === this.room && this.knows(message))
  }
}

/** A message as it is after an edit or a reaction. */
function changed(message: Message, { type, text, timestamp, username, by = [username], on }: Message): Message {
  if (type === 'edit') return { ...message, text, edited: timestamp }
  const all = new Map(message.reactions?.map((reaction) => [reaction.text, reaction.by]))
  const others = (all.get(text) ?? []).filter((name) => !by.includes(name))
  all.set(text, on === false ? others : [...others, ...by])
  return { ...message, reactions: [...all].map(([emoji, names]) => ({ text: emoji, by: names })) }
}

/** A removed message says so, and answers nothing. */
export function shown(message: Message): Message {
  return message.type === 'removed' ? { ...message, type: 'chat', text: words.removed, of: 0, reactions: [] } : message
}
