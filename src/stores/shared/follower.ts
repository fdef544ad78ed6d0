// Follows the log of one room that other processes write to as well, and delivers each message once and in order.
//
//     news (a wake-up with messages in it) ──> do they go on where I am? ── yes ──> deliver
//                                                    └── no ──> read what I lack, by id ──> deliver
//
// News may be lost, doubled or late: they only speed things up. The log is what counts. It is read after a jump in
// ids, after every break of a connection, and every few seconds.
//
// Each message has a mark beside its id, a random number. Two logs can have the same epoch and the same id and still
// differ: a server that took over from another may lack the newest messages, and give their ids to new ones. The
// marks tell: news carry the mark of the message before them, and a read names the mark of the last message here.

import { NO_EPOCH } from '../../core/rooms/cursor.js'
import type { Message } from '../../core/rooms/message.js'
import type { Deliver } from '../../core/rooms/store.js'
import { Rounds } from './rounds.js'

/** Where a follower is: the newest message that it has delivered. */
export type Place = { readonly epoch: string; readonly id: number; readonly mark: string }

export const NOWHERE: Place = { epoch: NO_EPOCH, id: 0, mark: '' }

export type Marked = { readonly message: Message; readonly mark: string }

/**
 * The contents of a wake-up. The place is that of its last message; `before`: the mark of the message before its
 * first.
 */
export type News = Place & { readonly before: string; readonly entries: () => readonly Marked[] }

/** The messages after a place, and where the log ends now. In another epoch: the log's newest messages. */
export type Found = Place & { readonly messages: readonly Message[] }

/** Reads the messages after a place; undefined where there is no log, and there was none. */
export type ReadAfter = (place: Place) => Promise<Found | undefined>

export type Subscriber = {
  readonly deliver: Deliver
  /** The log that was followed is lost, and an empty one has taken its place. */
  readonly restart: ((epoch: string) => void) | undefined
}

/** News that come while a read is under way wait behind it, but at most so many. */
const MOST_EARLY = 256

export class Follower {
  readonly #readAfter: ReadAfter
  readonly #onBug: (error: unknown) => void
  readonly #subscribers = new Set<Subscriber>()
  readonly #filters = new WeakMap<Subscriber, Subscriber>()
  #place = NOWHERE
  readonly #reads = new Rounds(() => this.#read())
  /** News that came while a read is under way; undefined otherwise. */
  #early: News[] | undefined

  /** `onBug` is told what a subscriber threw. The message is kept, even if a reader fails to take it. */
  constructor(readAfter: ReadAfter, onBug: (error: unknown) => void) {
    this.#readAfter = readAfter
    this.#onBug = onBug
  }

  get place(): Place {
    return this.#place
  }

  get isFollowed(): boolean {
    return this.#subscribers.size > 0
  }

  /** Takes a subscriber, and answers the newest messages, behind which its deliveries go on. */
  async join(subscriber: Subscriber): Promise<{ recent: readonly Message[]; epoch: string; last: number }> {
    let recent: readonly Message[] = []
    let floor = NOWHERE
    let stale: string | undefined
    const filtered: Subscriber = {
      deliver(message, epoch) {
        if (epoch === floor.epoch ? message.id > floor.id : epoch !== stale) subscriber.deliver(message, epoch)
      },
      restart: subscriber.restart,
    }
    if (this.#place === NOWHERE && !this.isFollowed) {
      // For the first subscriber, the messages that it is given are where the follower begins.
      let early: Message[] = []
      let log = NO_EPOCH
      const first: Subscriber = {
        deliver(message, epoch) {
          if (epoch !== log) early = []
          log = epoch
          early.push(message)
        },
        restart: () => void (early = []),
      }
      this.#subscribers.add(first)
      try {
        await this.catchUp()
      } finally {
        this.#subscribers.delete(first)
      }
      recent = early
      floor = this.#place
    } else {
      await this.catchUp()
      const found = await this.#readAfter(NOWHERE)
      recent = found?.messages ?? []
      floor = found ?? NOWHERE
      stale = this.#place.epoch
    }
    this.#subscribers.add(filtered)
    this.#filters.set(subscriber, filtered)
    return { recent, epoch: floor.epoch, last: floor.id }
  }

  leave(subscriber: Subscriber): void {
    const filtered = this.#filters.get(subscriber)
    if (filtered !== undefined) this.#subscribers.delete(filtered)
  }

  /** Takes news. Undefined when they are delivered; a promise where something has to be read first. */
  hear(news: News): Promise<void> | undefined {
    if (this.#early !== undefined) {
      if (this.#early.length >= MOST_EARLY) return this.catchUp()
      this.#early.push(news)
      return this.#reads.running
    }
    return this.#take(news) ? undefined : this.catchUp()
  }

  /** Reads the missing messages, and delivers them. */
  catchUp(): Promise<void> {
    return this.#reads.run()
  }

  async #read(): Promise<void> {
    const early = (this.#early = [] as News[])
    try {
      this.#advance(await this.#readAfter(this.#place))
      for (const news of early) if (!this.#take(news)) void this.catchUp()
    } finally {
      this.#early = undefined
    }
  }

  #advance(found: Found | undefined): void {
    if (found === undefined) return
    const { epoch, id, mark, messages } = found
    const isNew = epoch !== this.#place.epoch
    this.#place = { epoch, id, mark }
    for (const message of messages) this.#deliver(message, epoch)
    if (isNew && messages.length === 0) this.#tell(({ restart }) => restart?.(epoch))
  }

  /** Delivers the new messages of these news. False where they do not go on from the end of the log here. */
  #take(news: News): boolean {
    const { epoch, id, mark } = this.#place
    if (news.epoch !== epoch) return false
    if (news.id <= id) return news.id < id || news.mark === mark
    const entries = news.entries()
    const first = entries[0]?.message.id ?? 0
    if (first > id + 1) return false
    const before = first === id + 1 ? news.before : entries[id - first]?.mark
    if (before !== mark) return false
    this.#place = { epoch, id: news.id, mark: news.mark }
    for (const { message } of entries.slice(id + 1 - first)) this.#deliver(message, epoch)
    return true
  }

  #deliver(message: Message, epoch: string): void {
    this.#tell(({ deliver }) => deliver(message, epoch))
  }

  #tell(call: (subscriber: Subscriber) => void): void {
    for (const subscriber of this.#subscribers) {
      try {
        call(subscriber)
      } catch (error) {
        this.#onBug(error)
      }
    }
  }
}
