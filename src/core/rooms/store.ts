// The port behind which messages are kept. A store gives each message its place; the chat never does.
//
// Every store passes test/stores/contract.ts. What it must hold to:
//
// - ids of a room are dense: 1, 2, 3 … and delivered in that order, each once, to every subscriber;
// - when `append` resolves, the message is as durable as the store promises, and subscribers in this process
//   have been given it;
// - a message of type `edit`, `delete` or `reaction` changes the one that it speaks of: from then on `read` and
//   `subscribe` give what `changed` makes of that, and `removed` in the place of an edit that is not the newest;
// - a message of type `clear` begins the log anew: it has another epoch, and the id 1;
// - the epoch belongs to the log: it stays while the log is kept, and a log made anew has another.
//
// A store that several processes write to has three verbs more. `appendOnce` decides in one step whether a key was used
// before, in any process. `catchUp` reads what this process lacks. `restart` tells that a log was lost while it was
// followed; one that lost only its newest messages is delivered again from its oldest on, under another epoch.

import type { Draft, Message } from './message.js'

export type Deliver = (message: Message, epoch: string) => void

/** What `read` takes: ids below `before`, or above `after`, or the newest; at most `limit` of them. */
export type Range = { readonly before?: number; readonly after?: number; readonly limit: number }

/** A page of history, oldest first. `first` and `last`: of all that can be had; 0 and 0 for an unknown room. */
export type History = {
  readonly messages: readonly Message[]
  readonly epoch: string
  readonly first: number
  readonly last: number
  readonly more: boolean
}

export type Subscription = {
  /** The newest messages that were there before, oldest first. Delivery goes on right behind them. */
  readonly recent: readonly Message[]
  /** The log's epoch; `00000000` while there is no log. */
  readonly epoch: string
  /** The newest id there ever was, for a log whose messages are all gone. */
  readonly last?: number
  /** Ends the delivery. A store that keeps nothing forgets the log with its last subscriber. */
  close(): void
}

/**
 * A message that is kept now, and the epoch of the log in which it has its id. `replayed`: nothing was added, and the
 * message is the one that was kept under this key before.
 */
export type Appended = { readonly message: Message; readonly epoch: string; readonly replayed?: boolean }

export type Store = {
  /** Rejects with `unavailable` or `full` when the message could not be kept: then nobody has been given it. */
  append(room: string, draft: Draft): Promise<Appended>
  /** `restart`: told where the log is lost, and the one in its place, with this epoch, is empty still. */
  subscribe(room: string, deliver: Deliver, restart?: (epoch: string) => void): Promise<Subscription>
  read(room: string, range: Range): Promise<History>
  close(): Promise<void>
  /** The messages of a room with ids below `first` have expired: a store that has them in memory lets go of them. */
  expire?(room: string, first: number): void
  /** Can it keep messages now? A store without this always can. */
  ready?(): boolean
  /** The rooms whose logs it has kept from before, the one with the newest message first. */
  rooms?(): readonly string[]
  /** As `rooms`, and as it is now, for a store that other processes write to too. Rejects with `unavailable`. */
  listRooms?(): Promise<readonly string[]>
  /**
   * The message of this user with this key, if it was sent in the last ten minutes at least; undefined at once where
   * there is none. A store without this leaves it to the core to remember so long.
   */
  find?(room: string, username: string, key: string): Promise<Appended | undefined> | undefined
  /**
   * As `append`, where this user has not used the draft's key in the last ten minutes at least; else it adds nothing and
   * answers the message from then. Its text may be another: that is for the caller to refuse. A store with this
   * is not asked to `find`, and remembers keys by itself.
   */
  appendOnce?(room: string, draft: Draft): Promise<Appended>
  /** Delivers what other processes have added to a room up to now. A store without this lacks nothing. */
  catchUp?(room: string): Promise<void>
}
