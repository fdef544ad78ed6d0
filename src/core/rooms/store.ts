// The port behind which messages are kept. A store gives each message its place; the chat never does.
//
// Every store passes test/stores/contract.ts, which holds it to this:
//
// - The ids of a room are dense: 1, 2, 3 … They are delivered in that order, each once, to every subscriber.
// - When `append` resolves, the message is as durable as the store promises, and the subscribers in this process have
//   it.
// - A message of type `edit`, `delete` or `reaction` changes an earlier one. From then on `read` and `subscribe` give
//   what `changed` makes of the earlier message, and `removed` in the place of an edit that is not the newest.
// - A message of type `clear` begins the log anew: the log has another epoch, and this message has the id 1.
// - The epoch belongs to the log. It stays while the log is kept, and a log made anew has another.
//
// A store that several processes write to has three verbs more. `appendOnce` decides in one step whether any process
// has used a key before. `catchUp` reads what this process lacks. `restart` tells that a log was lost while it was
// followed. A log that lost only its newest messages is delivered again from its oldest on, under another epoch.

import type { Draft, Message } from './message.js'

export type Deliver = (message: Message, epoch: string) => void

/** What `read` takes: ids below `before`, ids above `after`, or the newest; at most `limit` of them. */
export type Range = { readonly before?: number; readonly after?: number; readonly limit: number }

/** A page of history, oldest first. `first` and `last`: of everything that can be read; 0 and 0 for an unknown room. */
export type History = {
  readonly messages: readonly Message[]
  readonly epoch: string
  readonly first: number
  readonly last: number
  readonly more: boolean
}

export type Subscription = {
  /** The newest messages of the log at the beginning, oldest first. Delivery goes on right behind them. */
  readonly recent: readonly Message[]
  /** The log's epoch; `00000000` while the room has no log. */
  readonly epoch: string
  /** The newest id that there ever was, for a log whose messages are all gone. */
  readonly last?: number
  /** Ends the delivery. A store that keeps nothing forgets the log with its last subscriber. */
  close(): void
}

/**
 * A message that is kept now, and the epoch of the log in which it has its id. `replayed`: nothing was added; the
 * message was kept under this key before.
 */
export type Appended = { readonly message: Message; readonly epoch: string; readonly replayed?: boolean }

export type Store = {
  /**
   * At once where a message is kept in memory alone. Throws or rejects with `unavailable` or `full` when it could not be
   * kept. Then no reader has it.
   */
  append(room: string, draft: Draft): Appended | Promise<Appended>
  /** `restart` is told when the log is lost and an empty one, with this epoch, has taken its place. */
  subscribe(room: string, deliver: Deliver, restart?: (epoch: string) => void): Promise<Subscription>
  read(room: string, range: Range): Promise<History>
  close(): Promise<void>
  /** The messages of a room with ids below `first` have expired: a store that holds them in memory lets go of them. */
  expire?(room: string, first: number): void
  /** Can the store keep messages now? A store without this always can. */
  ready?(): boolean
  /** The rooms whose logs the store has from before, the room with the newest message first. */
  rooms?(): readonly string[]
  /** Like `rooms`, and up to date, for a store that other processes write to as well. Rejects with `unavailable`. */
  listRooms?(): Promise<readonly string[]>
  /**
   * The message that this user sent with this key, if that was in the last ten minutes; undefined at once where there
   * is none. A store without this leaves it to the core to remember.
   */
  find?(room: string, username: string, key: string): Promise<Appended | undefined> | undefined
  /**
   * Like `append`, where this user has not used the draft's key in the last ten minutes. Otherwise it adds nothing
   * and answers the message from then. That message may have another text: the caller refuses that. A store with this
   * remembers keys by itself, and is not asked to `find`.
   */
  appendOnce?(room: string, draft: Draft): Promise<Appended>
  /** Delivers what other processes have added to a room up to now. A store without this has no other processes. */
  catchUp?(room: string): Promise<void>
}
