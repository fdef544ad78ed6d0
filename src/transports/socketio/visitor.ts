// A visitor is the person at the other end of a connection: the name and the rooms, and what each event does.
//
//     full     authenticate {userId, username}, then join_room {roomId}, send_message, typing, leave_room
//     short    join {room, username}, message, leave
//
// A room is told in the dialect in which it was joined.

import type { Undo } from '../../core/clock.js'
import { ChatError } from '../../core/errors.js'
import { ConnectionMember } from '../../core/connection-member.js'
import { parseFlag } from '../../core/people/fields.js'
import { requireIdentity } from '../../core/people/identity.js'
import { foldName, parseRoom, parseUsername } from '../../core/rooms/message.js'
import type { PresenceState } from '../../core/rooms/presence.js'
import type { Room } from '../../core/rooms/room.js'
import type { Session } from '../../core/people/sessions.js'
import type { Frames } from '../../core/rooms/stream.js'
import { SocketIoConnection, type SocketIoConnectionParts } from './socketio-connection.js'
import { type Dialect, type Directory, type Event, recentOf, type UserId } from './dialect.js'
import { type EventFields, parseUserId } from './fields.js'

export type Speech = { readonly dialect: Dialect; readonly frames: Frames<readonly Event[]> }

export type SocketIoVisitorParts = SocketIoConnectionParts & {
  /** The address to which the visitor is counted. */
  readonly address: string
  readonly directory: Directory
  readonly full: Speech
  readonly short: Speech
}

/** What has to be undone when the visitor leaves a room. */
type Seat = { readonly room: Room; readonly undos: Undo[]; readonly tell: () => void }

export class SocketIoVisitor {
  readonly #parts: SocketIoVisitorParts
  readonly #connection: SocketIoConnection
  readonly #seats = new Map<string, Seat>()
  readonly #member: ConnectionMember
  #self: { userId: UserId; username: string } | undefined

  constructor(parts: SocketIoVisitorParts) {
    this.#parts = parts
    const { address, identity, chat, full, short } = parts
    this.#member = new ConnectionMember(chat, { address, identity })
    const connection = new SocketIoConnection(parts, () => {
      for (const { tell } of this.#seats.values()) tell()
    })
    this.#connection = connection
    connection.on('authenticate', (fields) => this.#authenticate(fields))
    connection.on('join_room', (fields) => this.#join(fields.get('roomId'), this.#requireSelf(), full))
    connection.on('leave_room', (fields) => this.#leave(fields.get('roomId')))
    connection.on('send_message', (fields) => this.#send(fields.get('roomId') ?? fields.get('room'), fields))
    connection.on('typing', (fields) => this.#type(fields))
    connection.on('raise_hand', (fields) => this.#raise(fields))
    connection.on('join', (fields) =>
      this.#join(fields.get('room'), { username: parseUsername(fields.get('username')) }, short),
    )
    connection.on('leave', (fields) => this.#leave(fields.get('room')))
    connection.on('message', (fields) => this.#send(fields.get('room'), fields))
  }

  /** The connection has ended: every name is given back. */
  async close(): Promise<void> {
    const done = this.#connection.close()
    for (const seat of this.#seats.values()) this.#rise(seat)
    await done
    await this.#member.end()
  }

  #authenticate(fields: EventFields): void {
    this.#self = {
      userId: parseUserId(fields.get('userId')),
      username: parseUsername(fields.get('username')),
    }
  }

  #requireSelf(): { userId: UserId; username: string } {
    if (this.#self !== undefined) return this.#self
    throw new ChatError('unauthorized', 'say who you are first: authenticate {userId, username}')
  }

  async #join(
    name: unknown,
    { username, userId }: { username: string; userId?: UserId },
    { dialect, frames }: Speech,
  ): Promise<void> {
    const { chat, directory, identity } = this.#parts
    const roomName = parseRoom(name)
    // This comes before anything that would tell who is in the room.
    requireIdentity(identity, roomName, chat.clock.date())
    const here = chat.rooms.get(roomName)
    if (userId !== undefined && here !== undefined && directory.isTaken(here, userId, username)) {
      throw new ChatError('name_taken', 'somebody in this room has that userId: choose another')
    }
    const { session, room } = await this.#member.join(name, username)
    if (this.#connection.isGone) return
    if (userId !== undefined) directory.add(room, session.username, userId)
    const { entries, bytes } = recentOf(room)
    for (const event of dialect.joined(room, session.username, entries)) this.#connection.emit(event, bytes)
    const place = { epoch: room.epoch, id: room.last }
    const seat: Seat = {
      room,
      undos: [],
      tell: dialect.hasPresence ? this.#presence(room, session) : () => undefined,
    }
    this.#seats.set(room.name, seat)
    seat.tell()
    if (dialect.hasPresence) seat.undos.push(room.presence.watch(seat.tell))
    this.#connection.feed.name = session.username
    const { feed } = this.#connection
    seat.undos.push(feed.follow(room, place, frames, (frame) => this.#connection.write(frame.form), session))
  }

  async #leave(name: unknown): Promise<void> {
    const seat = this.#seatIn(name)
    this.#rise(seat)
    await this.#member.leave(seat.room.name)
  }

  async #send(name: unknown, fields: EventFields): Promise<void> {
    const { room } = this.#seatIn(name)
    const session = this.#member.in(room.name)
    const username = fields.get('username')
    if (username !== undefined && foldName(parseUsername(username)) !== session.fold) {
      throw new ChatError('bad_request', 'you joined this room under another name: leave username out, or join anew')
    }
    await this.#parts.chat.send({ room: room.name, session, text: fields.get('message') })
    this.#connection.feed.catchUp()
  }

  async #type(fields: EventFields): Promise<void> {
    const { room } = this.#seatIn(fields.get('roomId'))
    const isTyping = fields.get('isTyping')
    if (typeof isTyping !== 'boolean') throw new ChatError('bad_request', 'isTyping is true or false')
    await this.#parts.chat.typing(this.#member.in(room.name), room.name, isTyping)
  }

  async #raise(fields: EventFields): Promise<void> {
    const { room } = this.#seatIn(fields.get('roomId') ?? fields.get('room'))
    await this.#parts.chat.hand(this.#member.in(room.name), room.name, parseFlag('up', fields.get('up') ?? true))
  }

  #seatIn(name: unknown): Seat {
    const seat = this.#seats.get(parseRoom(name))
    if (seat === undefined) throw new ChatError('not_joined', 'you have not joined this room: join it first')
    return seat
  }

  #rise({ room, undos }: Seat): void {
    this.#seats.delete(room.name)
    for (const undo of undos) undo()
  }

  /** A function that tells who is in the room, and which others begin or stop typing, when that is news. */
  #presence(room: Room, { username: self }: Session): () => void {
    let last: PresenceState = { members: [], typing: [] }
    const user = (username: string): object => ({
      userId: this.#parts.directory.idOf(room, username),
      username,
    })
    return () => {
      if (!this.#connection.feed.hasRoom) return
      const { presence } = room.presence.state
      const told = last
      // Before anything goes out: if that drains the socket at once, this is called again.
      last = presence
      const { members, hands = [] } = presence
      if (!isSame(members, told.members)) this.#connection.emit(['room_users', members.map(user)])
      if (!isSame(hands, told.hands ?? [])) this.#connection.emit(['raised_hands', hands.map(user)])
      for (const name of difference(presence.typing, told.typing, self))
        this.#connection.emit(['user_typing', { ...user(name), isTyping: true }])
      for (const name of difference(told.typing, presence.typing, self))
        this.#connection.emit(['user_typing', { ...user(name), isTyping: false }])
    }
  }
}

function isSame(names: readonly string[], others: readonly string[]): boolean {
  return names === others || (names.length === others.length && names.every((name, i) => name === others[i]))
}

function difference(names: readonly string[], others: readonly string[], self: string): string[] {
  return names.filter((name) => name !== self && !others.includes(name))
}
