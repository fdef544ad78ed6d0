// Wakes other processes by NOTIFY. It carries no messages, only where each room is now, and travels on its own after
// the commit: PostgreSQL lets one transaction with a NOTIFY commit at a time, and appends must not wait for that.
//
// While one statement is on its way, the rooms for the next one gather; a room is in it once, with its newest place.

import type { Undo } from '../../core/clock.js'
import type { News } from '../shared/follower.js'
import type { Wakes } from '../shared/wakes.js'
import { notificationOf, parseNotification } from './rows.js'

export class Notifier implements Wakes {
  readonly #send: (payloads: readonly string[]) => Promise<unknown>
  readonly #hearers = new Map<string, Set<(news: News) => void>>()
  readonly #waiting = new Map<string, string>()
  #sending = false

  constructor(send: (payloads: readonly string[]) => Promise<unknown>) {
    this.#send = send
  }

  listen(room: string, hear: (news: News) => void): Promise<Undo> {
    const hearers = this.#hearers.get(room) ?? new Set()
    this.#hearers.set(room, hearers.add(hear))
    return Promise.resolve(() => {
      hearers.delete(hear)
      if (hearers.size === 0 && this.#hearers.get(room) === hearers) this.#hearers.delete(room)
    })
  }

  tell(room: string, news: News): boolean {
    this.#waiting.set(room, notificationOf(room, news))
    if (!this.#sending) void this.#sendAll()
    return true
  }

  /** Takes what PostgreSQL has notified. Most of it may be of rooms that this process does not follow. */
  hear(payload: string): void {
    const { room, news } = parseNotification(payload)
    for (const hear of this.#hearers.get(room) ?? []) hear(news)
  }

  close(): void {
    this.#waiting.clear()
  }

  async #sendAll(): Promise<void> {
    this.#sending = true
    while (this.#waiting.size > 0) {
      const payloads = [...this.#waiting.values()]
      this.#waiting.clear()
      // A wake-up that is lost is made up for by the next comparison.
      await this.#send(payloads).catch(() => undefined)
    }
    this.#sending = false
  }
}
