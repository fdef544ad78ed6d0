// Messages that have not arrived yet. A message is sent under one key, however often it is tried, so it arrives once.
// In a room the messages go out one after the other, so they arrive in order. With a storage they outlive the page.
//
//     add ─> sending ── 201, or seen in a poll ─────────> gone (settled)
//               │  └── no connection, 5xx, 429 ─> waiting ─> sending, with the same key
//               └───── refused ─> failed: the person retries or removes it

import type { Code } from '../core/errors.js'
import { backoffMs } from './backoff.js'
import { openEntry } from './credentials-entry.js'
import type { Entry, EntryOptions } from './entry.js'
import { type Platform, defaultPlatform } from './platform.js'
import { Refused, send, type SendAnswer } from './wire.js'

export type Pending = {
  readonly key: string
  readonly room: string
  readonly username: string
  readonly text: string
  /** The id of the message that it answers. */
  readonly of?: number
  readonly state: 'sending' | 'waiting' | 'failed'
  /** Why the message waits or failed, as a sentence for the person. It stays while a message that waited is tried again. */
  readonly error?: string
  /** The same as a code for programs, if the server refused the message. */
  readonly code?: Code
}

/** Keeps pending messages, for example in the browser's storage. */
export type OutboxStorage = { load(): readonly Pending[]; save(pending: readonly Pending[]): void }

export type OutboxOptions = EntryOptions & { readonly storage?: OutboxStorage }

export class Outbox {
  readonly #options: OutboxOptions
  readonly #platform: Platform
  readonly #entry: Entry
  #pending: Pending[] = []
  readonly #busy = new Set<string>()
  readonly #failures = new Map<string, number>()
  readonly #renewed = new Set<string>()
  readonly #timers = new Map<string, () => void>()
  readonly #listeners = new Set<() => void>()
  readonly #sentListeners = new Set<(answer: SendAnswer) => void>()
  #closed = false

  /** Goes on with the messages in the storage. */
  constructor(options: OutboxOptions = {}) {
    this.#options = options
    this.#platform = options.platform ?? defaultPlatform
    this.#entry = openEntry(options)
    this.#pending = [...(options.storage?.load() ?? [])]
    for (const room of new Set(this.#pending.map((pending) => pending.room))) this.#pump(room)
  }

  /** Everything that has not arrived, oldest first. */
  get pending(): readonly Pending[] {
    return this.#pending
  }

  /** Adds a message, and returns it as it waits. */
  add(message: Pick<Pending, 'room' | 'username' | 'text' | 'of'>): Pending {
    const pending: Pending = {
      key: this.#platform.key(),
      room: message.room,
      username: message.username,
      text: message.text,
      ...(message.of === undefined ? {} : { of: message.of }),
      state: 'sending',
    }
    this.#set([...this.#pending, pending])
    this.#pump(message.room)
    return pending
  }

  /** Tries a failed or waiting message again, now. */
  retry(key: string): void {
    const pending = this.#find(key)
    if (pending === undefined || pending.state === 'sending') return
    this.#timers.get(pending.room)?.()
    this.#timers.delete(pending.room)
    this.#replace(key, { state: 'sending' })
    this.#pump(pending.room)
  }

  /** Tries all waiting messages now: the network is back. Failed ones stay as they are. */
  hurry(): void {
    for (const { key, state } of this.#pending) if (state === 'waiting') this.retry(key)
  }

  /** Takes a message out: the person deleted it, or a poll showed that it arrived. */
  remove(key: string): void {
    if (this.#find(key) === undefined) return
    this.#set(this.#pending.filter((pending) => pending.key !== key))
  }

  /** Calls back after every change; returns its undo. */
  onChange(call: () => void): () => void {
    this.#listeners.add(call)
    return () => this.#listeners.delete(call)
  }

  /** Calls back with the server's answer to each message that arrived; returns its undo. */
  onSent(call: (answer: SendAnswer) => void): () => void {
    this.#sentListeners.add(call)
    return () => this.#sentListeners.delete(call)
  }

  /** Stops trying. Pending messages stay in their storage. */
  close(): void {
    this.#closed = true
    for (const undo of this.#timers.values()) undo()
    this.#timers.clear()
  }

  /** Sends the oldest message of a room, then the next. */
  #pump(room: string): void {
    const next = this.#pending.find((pending) => pending.room === room && pending.state !== 'failed')
    if (next === undefined || this.#closed || this.#busy.has(room) || this.#timers.has(room)) return
    this.#busy.add(room)
    this.#replace(next.key, { ...next, state: 'sending' })
    void this.#try(next).finally(() => {
      this.#busy.delete(room)
      this.#pump(room)
    })
  }

  async #try({ key, room, username, text, of }: Pending): Promise<void> {
    const shown = this.#entry.shown(room)
    try {
      const { url = '' } = this.#options
      const body = { room, username, text, key, of }
      const answer = await send(this.#platform, { ...shown, url, path: '/send', body })
      this.#failures.delete(room)
      this.#renewed.delete(room)
      for (const listener of this.#sentListeners) listener(answer)
      this.remove(key)
    } catch (error) {
      const isOver = error instanceof Refused && (error.code === 'unauthorized' || error.code === 'not_joined')
      if (!isOver || this.#renewed.has(room)) return this.#give(key, room, error)
      this.#renewed.add(room)
      // If it gets in again, the next round sends the message. If not, the reason is the message's error.
      const refusal = { refused: error, room, shown, username }
      await this.#entry.renew(refusal).catch((trouble: unknown) => this.#give(key, room, trouble))
    }
  }

  /** The message did not arrive: it waits for another try, or has failed if another try makes no sense. */
  #give(key: string, room: string, error: unknown): void {
    this.#renewed.delete(room)
    if (!(error instanceof Refused)) return this.#postpone(key, room, { error: 'no connection to the server' }, 0)
    const { message, code, retryAfterMs = 0 } = error
    if (!error.isFinal) return this.#postpone(key, room, { error: message, code }, retryAfterMs)
    this.#failures.delete(room)
    for (const pending of this.#pending) {
      // If a sender is not let in with one message, it is not let in with those behind it.
      const isShutOut = error.code === 'unauthorized' && pending.room === room && pending.state !== 'failed'
      if (pending.key !== key && !isShutOut) continue
      this.#replace(pending.key, { state: 'failed', error: message, code })
    }
  }

  #postpone(key: string, room: string, why: Pick<Pending, 'error' | 'code'>, leastMs: number): void {
    const failures = (this.#failures.get(room) ?? 0) + 1
    this.#failures.set(room, failures)
    this.#replace(key, { state: 'waiting', ...why })
    if (this.#closed) return
    const undo = this.#platform.after(Math.max(leastMs, backoffMs(failures, this.#platform.fraction())), () => {
      this.#timers.delete(room)
      this.#pump(room)
    })
    this.#timers.set(room, undo)
  }

  #find(key: string): Pending | undefined {
    return this.#pending.find((pending) => pending.key === key)
  }

  #replace(key: string, change: Pick<Pending, 'state' | 'error' | 'code'>): void {
    this.#set(
      this.#pending.map((pending) => {
        if (pending.key !== key) return pending
        const { error: _error, code: _code, ...rest } = pending
        return { ...rest, ...change }
      }),
    )
  }

  #set(pending: Pending[]): void {
    this.#pending = pending
    this.#options.storage?.save(pending)
    for (const listener of this.#listeners) listener()
  }
}
