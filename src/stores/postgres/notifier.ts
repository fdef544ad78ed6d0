// Wakes other processes by NOTIFY. A notice carries no messages, only the place where a room's log ends now: of
// several places of one room that wait, only the newest is sent.

import type { Undo } from '../../core/clock.js'
import type { News } from '../shared/follower.js'
import type { Wakes } from '../shared/wakes.js'
import { Notices } from './notices.js'
import { notificationOf, parseNotification } from './rows.js'

export class Notifier implements Wakes {
  readonly #notices: Notices
  readonly #hearers = new Map<string, Set<(news: News) => void>>()

  constructor(send: (payloads: readonly string[]) => Promise<unknown>) {
    this.#notices = new Notices(send)
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
    this.#notices.tell(room, notificationOf(room, news))
    return true
  }

  /** Takes a notification of PostgreSQL. Most of them may be of rooms that this process does not follow. */
  hear(payload: string): void {
    const { room, news } = parseNotification(payload)
    for (const hear of this.#hearers.get(room) ?? []) hear(news)
  }

  close(): void {
    this.#notices.close()
  }
}
