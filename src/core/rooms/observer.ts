// An observer sees the chat at work: what happens to a message, and to the readers.
//
//     sent ──> kept ──> delivered (it is in the ring) ──> waking ──> told, each reader ──> parked again
//
// The chat has one field for an observer, which is undefined while there is no watcher. Then a message, and a reader,
// costs one look at that field. An observer is told at once, in the middle of the work: it notes what it needs and
// returns.

import type { Gap } from './gap.js'
import type { Message } from './message.js'

/**
 * A reader. `key` is the same object as long as it is the same reader: its session, or the connection of a reader
 * without a session. `way`: how it reads, as in the metrics. `note` belongs to the observer: it leads to what the
 * observer knows of the reader, without a search that would cost more than all its other work.
 */
export type WatchedReader = {
  readonly key: object
  readonly way: string
  readonly name: string | undefined
  note?: unknown
}

/** What an observer sees of a room. */
export type WatchedRoom = { readonly name: string; readonly epoch: string; readonly first: number }

/** `held`: the waking is put off, because the room is busy. `done`: all readers that waited have been called. */
export type WakingPhase = 'asked' | 'held' | 'begun' | 'done'

/** What a reader was given. `at`: when (`Clock.now`); `id`: where the reader is afterwards; `bytes`: those of the answer or of the frame. */
export type Told = {
  readonly at: number
  readonly id: number
  readonly messages: number
  readonly bytes: number
  readonly gap: Gap | undefined
}

export type Observer = {
  /** A message sets out for the store. */
  sent(room: WatchedRoom, username: string): void
  /** The store has the message, and the sender gets its answer. */
  kept(message: Message): void
  /** A key was recognised: a repeated send adds nothing. */
  repeated(room: WatchedRoom, username: string): void
  /** The message is in the ring. */
  delivered(room: WatchedRoom, message: Message): void
  /** `readers`: how many wait, or were called. */
  waking(room: WatchedRoom, phase: WakingPhase, readers: number): void
  /** A reader waits in a room, at the place with this id, since a time (`Clock.now`). */
  parked(reader: WatchedReader, room: WatchedRoom, id: number, at: number): void
  /** A reader was answered, or written to. A stream waits again at once. */
  told(reader: WatchedReader, room: WatchedRoom, told: Told): void
  /** The reader's connection has ended. */
  gone(reader: WatchedReader): void
}

/** A waiting reader, which tells a new observer where it waits. */
export type Watchable = { tellTo(observer: Observer): void }

/** The field that holds the observer. */
export type Watch = { observer: Observer | undefined }
