// One Socket.IO client: who it says it is, the rooms it is in, and what it asks for, one thing after another.

import type { Chat } from '../../core/chat.js'
import type { Undo } from '../../core/clock.js'
import { ChatError } from '../../core/errors.js'
import { Feed } from '../../core/feed.js'
import type { Grant } from '../../core/grant.js'
import { Guest } from '../../core/guest.js'
import { foldName, parseRoom, parseUsername } from '../../core/message.js'
import type { Metrics } from '../../core/metrics.js'
import type { Presence } from '../../core/members.js'
import type { Room } from '../../core/room.js'
import type { Session } from '../../core/sessions.js'
import type { Pieces } from '../../core/stream.js'
import type { Log } from '../../log.js'
import { problemOf } from '../http/answer.js'
import { type Dialect, type Directory, type Event, recentOf, type UserId } from './dialect.js'
import { type Fields, parseFields, parseUserId } from './fields.js'

/** What is used of a `Socket` of the package `socket.io`. */
export type Client = {
  on(event: string, call: (...args: unknown[]) => void): unknown
  emit(event: string, value: unknown): unknown
  disconnect(close: boolean): unknown
  readonly conn: { on(event: 'packetCreate' | 'flush' | 'drain', call: () => void): unknown }
}

export type Speech = { readonly dialect: Dialect; readonly pieces: Pieces<readonly Event[]> }

export type VisitorParts = {
  readonly client: Client
  /** Whom to count it to. */
  readonly address: string
  /** What the door found out, where there is one that asks. */
  readonly grant: Grant | undefined
  readonly chat: Chat
  readonly metrics: Metrics
  readonly log: Log
  readonly directory: Directory
  readonly full: Speech
  readonly short: Speech
}

/** What is done for it in a room, until it leaves. */
type Seat = { readonly room: Room; readonly undos: Undo[]; readonly tell: () => void }

/** Requests that may wait; whoever sends more without waiting is cut. */
const MAX_QUEUED = 1000

export class Visitor {
  readonly #parts: VisitorParts
  readonly #feed: Feed
  readonly #seats = new Map<string, Seat>()
  readonly #guest: Guest
  #self: { userId: UserId; username: string } | undefined
  #doing: Promise<void> = Promise.resolve()
  #queued = 0
  /** Packets that the engine has not handed on. */
  #buffered = 0
  #isGone = false

  constructor(parts: VisitorParts) {
    this.#parts = parts
    const { client, address, grant, chat, metrics, full, short } = parts
    this.#guest = new Guest(chat, { address, grant })
    this.#feed = new Feed({ chat, metrics, transport: 'socketio', cut: () => client.disconnect(true) })
    this.#feed.endWith(grant)
    // The engine keeps packets while its transport is busy, or no poll of the client is waiting; a flush takes them all.
    client.conn.on('packetCreate', () => this.#buffered++)
    client.conn.on('flush', () => (this.#buffered = 0))
    client.conn.on('drain', () => this.#drained())
    this.#on('authenticate', (fields) => this.#authenticate(fields))
    this.#on('join_room', (fields) => this.#join(fields.get('roomId'), this.#requireSelf(), full))
    this.#on('leave_room', (fields) => this.#leave(fields.get('roomId')))
    this.#on('send_message', (fields) => this.#send(fields.get('roomId'), fields))
    this.#on('typing', (fields) => this.#type(fields))
    this.#on('join', (fields) =>
      this.#join(fields.get('room'), { username: parseUsername(fields.get('username')) }, short),
    )
    this.#on('leave', (fields) => this.#leave(fields.get('room')))
    this.#on('message', (fields) => this.#send(fields.get('room'), fields))
  }

  /** The connection has ended: everything is given back. */
  async close(): Promise<void> {
    this.#isGone = true
    this.#feed.close()
    for (const seat of this.#seats.values()) this.#rise(seat)
    await this.#doing
    await this.#guest.end()
  }

  /** Does what an event asks for, after what was asked for before it, and acknowledges it where the client wants that. */
  #on(event: string, act: (fields: Fields) => Promise<void> | void): void {
    this.#parts.client.on(event, (...args) => {
      if (++this.#queued > MAX_QUEUED) return void this.#parts.client.disconnect(true)
      const last = args.at(-1)
      const ack =
        typeof last === 'function' ? (value: unknown): unknown => Reflect.apply(last, undefined, [value]) : undefined
      this.#doing = this.#doing
        .then(() => (this.#isGone ? undefined : act(parseFields(args[0]))))
        .then(() => void ack?.({ ok: true }))
        .catch((error: unknown) => this.#refuse(error, ack))
        .finally(() => this.#queued--)
    })
  }

  #refuse(error: unknown, ack: ((value: unknown) => unknown) | undefined): void {
    const { log, metrics } = this.#parts
    if (!(error instanceof ChatError)) log.error('bug', error)
    const problem = problemOf(error)
    metrics.rejected.add(1, problem.code)
    ack?.({ ok: false, error: problem })
    this.#emit(['error', { ...problem, message: problem.detail }])
  }

  #authenticate(fields: Fields): void {
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
    { dialect, pieces }: Speech,
  ): Promise<void> {
    const { chat, directory } = this.#parts
    const here = chat.rooms.get(parseRoom(name))
    if (userId !== undefined && here !== undefined && directory.isTaken(here, userId, username)) {
      throw new ChatError('name_taken', 'somebody in this room has that userId: choose another')
    }
    const { session, room } = await this.#guest.join(name, username)
    if (this.#isGone) return
    if (userId !== undefined) directory.add(room, session.username, userId)
    this.#emit(dialect.history(room, recentOf(room)))
    const place = { epoch: room.epoch, id: room.last }
    const seat: Seat = {
      room,
      undos: [],
      tell: dialect.hasPresence ? this.#presence(room, session) : () => undefined,
    }
    this.#seats.set(room.name, seat)
    seat.tell()
    if (dialect.hasPresence) seat.undos.push(room.members.watch(seat.tell))
    seat.undos.push(this.#feed.follow(room, place, pieces, (piece) => this.#write(piece.form)))
  }

  async #leave(name: unknown): Promise<void> {
    const seat = this.#seatIn(name)
    this.#rise(seat)
    await this.#guest.leave(seat.room.name)
  }

  async #send(name: unknown, fields: Fields): Promise<void> {
    const { room } = this.#seatIn(name)
    const session = this.#guest.in(room.name)
    const username = fields.get('username')
    if (username !== undefined && foldName(parseUsername(username)) !== session.fold) {
      throw new ChatError('bad_request', 'you joined this room under another name: leave username out, or join anew')
    }
    await this.#parts.chat.send({ room: room.name, session, text: fields.get('message') })
    this.#feed.catchUp()
  }

  #type(fields: Fields): void {
    const { room } = this.#seatIn(fields.get('roomId'))
    const isTyping = fields.get('isTyping')
    if (typeof isTyping !== 'boolean') throw new ChatError('bad_request', 'isTyping is true or false')
    this.#parts.chat.typing(this.#guest.in(room.name), room.name, isTyping)
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

  /** What tells who is in the room, and who of the others begins or stops to type, where it is news. */
  #presence(room: Room, { username: self }: Session): () => void {
    let told: Presence = { members: [], typing: [] }
    const user = (username: string): object => ({
      userId: this.#parts.directory.idOf(room, username),
      username,
    })
    return () => {
      if (!this.#feed.hasRoom) return
      const { presence } = room.members.state
      const isSame =
        presence.members.length === told.members.length && presence.members.every((name, i) => name === told.members[i])
      if (!isSame) this.#emit(['room_users', presence.members.map(user)])
      for (const name of difference(presence.typing, told.typing, self))
        this.#emit(['user_typing', { ...user(name), isTyping: true }])
      for (const name of difference(told.typing, presence.typing, self))
        this.#emit(['user_typing', { ...user(name), isTyping: false }])
      told = presence
    }
  }

  #drained(): void {
    this.#feed.drained()
    for (const { tell } of this.#seats.values()) tell()
  }

  #write(events: readonly Event[]): boolean {
    for (const [name, value] of events) this.#parts.client.emit(name, value)
    return this.#buffered === 0
  }

  #emit(event: Event): void {
    if (!this.#isGone && !this.#write([event])) this.#feed.full()
  }
}

function difference(names: readonly string[], others: readonly string[], self: string): string[] {
  return names.filter((name) => name !== self && !others.includes(name))
}
