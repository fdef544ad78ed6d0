// The two dialects of Socket.IO clients, and their names for a room's messages and people:
//
//                    full                                        short
//     history        message_history [{roomId, userId, …}]       room_history {messages: [{room, username, …}]}
//     a message      message {roomId, userId, username, …}       message {room, username, message, timestamp}
//     come and go    user_joined, user_left {userId, username}   user_joined, user_left {username}
//     presence       room_users [{userId, username}]             (it has none)
//     changes        message_edited {…, message, edited}, message_deleted {…}, message_reactions {…, reactions}
//
// Messages have no ids here. The event of a change has the room, the name and the `timestamp` of the message that it
// changes. A client that does not know the event ignores it.
//
// An older server told clients of the short dialect join_success and new_message {sender, …}. These are told there as
// well, and a client takes the events that it knows.
//
// The log has names and no user ids. A client gives its id when it authenticates; for people who came another way the
// name is the id.

import { isChange } from '../../core/rooms/change.js'
import type { Entry, Message } from '../../core/rooms/message.js'
import { foldName } from '../../core/rooms/message.js'
import type { Page, Room } from '../../core/rooms/room.js'
import { Frames } from '../../core/rooms/stream.js'

export type UserId = string | number

/** An event for a client: its name and its value. */
export type Event = readonly [name: string, value: unknown]

export type Dialect = {
  readonly hasPresence: boolean
  /** The events for a client that has just joined. */
  joined(room: Room, username: string, entries: readonly Entry[]): readonly Event[]
  /** The events of a message; none for a type that the dialect does not know. */
  events(room: Room, message: Message): readonly Event[]
}

/** The ids of so many people are known in a room; then the oldest are forgotten. */
const KNOWN = 1000

/** The ids of a room's people, by name. People who left keep theirs, so that a history tells them apart. */
export class Directory {
  readonly #rooms = new WeakMap<Room, Map<string, UserId>>()

  idOf(room: Room, username: string): UserId {
    return this.#rooms.get(room)?.get(foldName(username)) ?? username
  }

  /** Has another person in the room this id? */
  isTaken(room: Room, userId: UserId, username: string): boolean {
    const fold = foldName(username)
    for (const [other, id] of this.#rooms.get(room) ?? []) {
      if (id === userId && other !== fold && room.presence.holder(other) !== undefined) return true
    }
    return false
  }

  add(room: Room, username: string, userId: UserId): void {
    const fold = foldName(username)
    const users = this.#rooms.get(room) ?? new Map<string, UserId>()
    users.delete(fold)
    this.#rooms.set(room, users.set(fold, userId))
    const [oldest] = users.keys()
    if (users.size > KNOWN && oldest !== undefined) users.delete(oldest)
  }
}

export function fullDialect(directory: Directory): Dialect {
  const said = (room: Room, { username, text, timestamp, file }: Message): object => {
    return { roomId: room.name, userId: directory.idOf(room, username), username, message: text, timestamp, file }
  }
  return {
    hasPresence: true,
    joined: (room, _username, entries) => [['message_history', chatOf(entries).map((message) => said(room, message))]],
    events(room, message) {
      const { type, username } = message
      if (type === 'chat') return [['message', said(room, message)]]
      if (isChange(type)) return changes(room, message, (about) => said(room, about))
      const name = NAMES.get(type)
      return name === undefined ? [] : [[name, { userId: directory.idOf(room, username), username }]]
    },
  }
}

export const SHORT_DIALECT: Dialect = {
  hasPresence: false,
  joined: (room, username, entries) => [
    ['join_success', { room: room.name, username }],
    ['room_history', { room: room.name, messages: chatOf(entries).map(saidShort) }],
  ],
  events(room_, message) {
    if (isChange(message.type)) return changes(room_, message, saidShort)
    if (message.type === 'chat') {
      const { room, username: sender, text, timestamp } = message
      return [
        ['message', saidShort(message)],
        ['new_message', { room, sender, message: text, timestamp }],
      ]
    }
    const name = NAMES.get(message.type)
    return name === undefined ? [] : [[name, { username: message.username }]]
  },
}

/** The frames of all readers in one dialect. */
export function framesOf(dialect: Dialect): Frames<readonly Event[]> {
  return new Frames(({ room, gap, entries }) => {
    const events: Event[] = gap === undefined ? [] : [['gap', gap]]
    for (const { message } of entries) events.push(...dialect.events(room, message))
    return events
  })
}

/** The most bytes of a history: it is one event, and an event is held in memory until it is sent. */
const HISTORY_BYTES = 256 * 1024

/** The newest entries that together fit into one event, and their bytes. */
export function recentOf(room: Room): Pick<Page, 'entries' | 'bytes'> {
  return room.newest(room.last - room.first + 1, HISTORY_BYTES)
}

const NAMES: ReadonlyMap<string, string> = new Map([
  ['join', 'user_joined'],
  ['leave', 'user_left'],
])

/** The event of a change: the changed message as it is now, if the ring holds it. */
function changes(room: Room, { of = 0, type }: Message, said: (message: Message) => object): readonly Event[] {
  const about = room.entry(of)?.message
  if (about === undefined) return []
  if (type === 'delete' || about.type !== 'chat') return [['message_deleted', { ...said(about), message: undefined }]]
  if (type === 'edit') return [['message_edited', { ...said(about), edited: about.edited }]]
  return [['message_reactions', { ...said(about), message: undefined, reactions: about.reactions ?? [] }]]
}

function saidShort({ room, username, text, timestamp, file }: Message): object {
  return { room, username, message: text, timestamp, file }
}

function chatOf(entries: readonly Entry[]): Message[] {
  return entries.map(({ message }) => message).filter(({ type }) => type === 'chat')
}
