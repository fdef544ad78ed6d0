// The rooms that this process follows in a log which other processes write to as well, and what keeps them up to
// date:
//
//     a wake-up with news in it        at once
//     a connection that is back        every room is compared with its log
//     nothing at all, for RECONCILE_MS the same
//
// A room that differs from its log is caught up by id.

import type { Clock, Undo } from '../../core/clock.js'
import type { Deliver, Subscription } from '../../core/rooms/store.js'
import { Follower, type Found, type News, type Place, type Subscriber } from './follower.js'

/** A log that is kept elsewhere. */
export type Source = {
  /** Reads the messages of a room after a place; undefined where there is no log, and there was none. */
  readAfter(room: string, place: Place): Promise<Found | undefined>
  /** Which of these rooms differ from their logs? */
  moved(places: ReadonlyMap<string, Place>): Promise<readonly string[]>
  /** Calls back with the news of a room until the undo. */
  listen(room: string, hear: (news: News) => void): Promise<Undo>
}

export type FollowersOptions = {
  readonly source: Source
  readonly clock: Clock
  readonly onBug: (error: unknown) => void
  /** Told when a comparison failed. */
  readonly onTrouble: (error: unknown) => void
}

/** With this, readers are told of a silent loss within five seconds. */
export const RECONCILE_MS = 4500

type Followed = { readonly follower: Follower; readonly listening: Promise<Undo>; users: number }

export class Followers {
  readonly #options: FollowersOptions
  readonly #rooms = new Map<string, Followed>()
  #timer: Undo | undefined
  #closed = false

  constructor(options: FollowersOptions) {
    this.#options = options
    this.#wait()
  }

  /** The follower of a room; undefined where the room is not followed. */
  get(room: string): Follower | undefined {
    return this.#rooms.get(room)?.follower
  }

  async subscribe(room: string, deliver: Deliver, restart?: (epoch: string) => void): Promise<Subscription> {
    const followed = this.#follow(room)
    const subscriber: Subscriber = { deliver, restart }
    let open = true
    const close = (): void => {
      if (!open) return
      open = false
      followed.follower.leave(subscriber)
      this.#release(room, followed)
    }
    try {
      // From here on all news are heard, so nothing can slip between the log as it is read and the news.
      await followed.listening
      return { ...(await followed.follower.join(subscriber)), close }
    } catch (error) {
      close()
      throw error
    }
  }

  /** Compares every room with its log, and catches up the rooms that differ. */
  async reconcile(): Promise<void> {
    if (this.#rooms.size === 0) return
    const places = new Map([...this.#rooms].map(([room, { follower }]) => [room, follower.place]))
    const moved = await this.#options.source.moved(places)
    await Promise.all(moved.map(async (room) => this.get(room)?.catchUp()))
  }

  close(): void {
    this.#closed = true
    this.#timer?.()
    this.#rooms.clear()
  }

  #follow(room: string): Followed {
    let followed = this.#rooms.get(room)
    if (followed === undefined) {
      const { source, onBug, onTrouble } = this.#options
      const follower = new Follower((place) => source.readAfter(room, place), onBug)
      const listening = source.listen(room, (news) => void follower.hear(news)?.catch(onTrouble))
      this.#rooms.set(room, (followed = { follower, listening, users: 0 }))
    }
    followed.users++
    return followed
  }

  #release(room: string, followed: Followed): void {
    if (--followed.users > 0) return
    if (this.#rooms.get(room) === followed) this.#rooms.delete(room)
    // If it never listened, there is nothing to end.
    followed.listening.then(
      (end) => end(),
      () => undefined,
    )
  }

  #wait(): void {
    this.#timer = this.#options.clock.after(RECONCILE_MS, () => {
      if (this.#closed) return
      this.reconcile()
        .catch(this.#options.onTrouble)
        .finally(() => {
          if (!this.#closed) this.#wait()
        })
    })
  }
}
