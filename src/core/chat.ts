// The chat: what can be said to it, whatever the transport.
//
//     send ──> publisher ──> store.append ──> (the store delivers) ──> room ──> readers
//
// `send` never touches a ring: every message, ours or another process's, comes in through the store's delivery.
// There is one order, and a second machine is not a second path.

import type { Clock, Random, Undo } from './clock.js'
import { ChatError } from './errors.js'
import { type Identity, requireIdentity } from './people/identity.js'
import { type ConnectionLimit, Limits, NO_LIMITS, type Rates } from './people/limits.js'
import { type Message, parseKey, parseRoom, parseText, parseUsername } from './rooms/message.js'
import { Moderation } from './people/moderation.js'
import { nameFor, ownSession, refuseHeldName, releaseName, requireJoined, takeName } from './people/names.js'
import { Publisher } from './rooms/publisher.js'
import type { Room } from './rooms/room.js'
import { type RoomLimits, Rooms } from './rooms/rooms.js'
import { type Session, Sessions } from './people/sessions.js'
import { type Encoded, encode, type HistoryPage, readHistory } from './rooms/history.js'
import type { Appended, Range, Store } from './rooms/store.js'
import { Scheduler } from './rooms/scheduler.js'
import { TimerWheel } from './rooms/timer-wheel.js'
import { PendingAnswers } from './pending-answers.js'
import { ANSWER_BYTES } from './rooms/reader.js'
import { Turns } from './turns.js'

/** Pages of history that are read at one time, and that may wait for it. */
const HISTORY_READS = 2
const HISTORY_WAITING = 1000

export type ChatOptions = {
  readonly store: Store
  readonly clock: Clock
  readonly random: Random
  readonly ringSize: number
  /** How long messages can be read, in milliseconds; without it as long as there is place. */
  readonly keepMs?: number | undefined
  readonly limits: RoomLimits & { readonly sessions: number }
  /** How fast people and addresses may be; without it as fast as they like. */
  readonly rates?: Rates | undefined
  /** How many sessions an address may have; without it as many as there are. */
  readonly connectionLimit?: ConnectionLimit | undefined
  /** Bytes that may be on their way to readers who do not read them. */
  readonly pendingBytes?: number
}

/**
 * What is to be sent, as it came in: nothing is checked yet. `address`: whom to count it to; without one the address
 * that the session joined from, and nobody where the program itself speaks.
 */
export type SendRequest = {
  readonly room: unknown
  readonly username?: unknown
  readonly text: unknown
  readonly key?: unknown
  readonly session?: Session | undefined
  readonly address?: string | undefined
}

/** `resumes`: who is in the room already, by the same identity, is given the session there is. */
export type JoinRequest = Pick<SendRequest, 'room' | 'username' | 'session' | 'address'> & {
  readonly identity?: Identity | undefined
  readonly resumes?: boolean
}

/** The room may have begun another log since: the epoch goes with the message, and not with the room. */
export type Sent = Appended & { readonly room: Room; readonly replayed: boolean }
export type Joined = { readonly session: Session; readonly room: Room; readonly id: number; readonly epoch: string }

export class Chat {
  readonly rooms: Rooms
  readonly sessions: Sessions
  readonly clock: Clock
  readonly random: Random
  readonly timers: TimerWheel
  /** What readers were given and have not read. */
  readonly pending: PendingAnswers
  readonly ringSize: number
  readonly moderation: Moderation
  readonly #store: Store
  readonly #limits: Limits
  readonly #publisher: Publisher
  readonly #historyTurns: Turns

  constructor({
    store,
    clock,
    random,
    ringSize,
    keepMs,
    limits,
    rates = NO_LIMITS,
    connectionLimit,
    pendingBytes,
  }: ChatOptions) {
    this.clock = clock
    this.random = random
    this.timers = new TimerWheel(clock)
    this.pending = new PendingAnswers(pendingBytes)
    this.ringSize = ringSize
    this.#store = store
    this.#limits = new Limits(clock, rates)
    this.#historyTurns = new Turns(clock, HISTORY_READS, HISTORY_WAITING)
    const isClosed = (name: string): boolean => this.moderation.isClosed(name)
    const scheduler = new Scheduler(clock)
    this.rooms = new Rooms(store, { clock, timers: this.timers, scheduler, ringSize, keepMs, isClosed }, limits)
    this.sessions = new Sessions(
      { clock, random, timers: this.timers, connectionLimit },
      limits.sessions,
      (session) => void this.leaveAll(session),
    )
    this.#publisher = new Publisher(store, clock, this.rooms)
    this.moderation = new Moderation({ clock, rooms: this.rooms, store, publisher: this.#publisher })
  }

  /** Calls back for every message that this process published. */
  onPublish(call: (message: Message) => void): Undo {
    return this.#publisher.onPublish(call)
  }

  /** Publishes a text under a session's name, or under one that nobody holds; once for each sender and key. */
  async send({ room: to, username, text, key, session, address = session?.address }: SendRequest): Promise<Sent> {
    const name = parseRoom(to)
    const draft = { type: 'chat', username: session?.username ?? parseUsername(username), text: parseText(text) }
    const mark = key === undefined ? undefined : parseKey(key)
    this.#refuse(name, draft.username, session)
    // Nobody has joined a room that is not open.
    if (session !== undefined) requireJoined(session, this.rooms.get(name))
    this.#limits.message(address, session?.said, draft.username)
    const room = this.#knock(name, address) ?? (await this.rooms.open(name))
    if (session === undefined) refuseHeldName(room, draft.username)
    if (mark === undefined) return sentTo(room, await this.#publisher.publish(room, draft, address), false)
    const sender = `${session === undefined ? 'name' : 'session'} ${draft.username}`
    const parts = { ...draft, key: mark }
    const { appended, replayed } = await room.keys.once(sender, mark, draft.text, (replay) => {
      const once = this.#publisher.publishOnce(room, parts, address)
      if (once === undefined) return this.#publisher.publish(room, parts, address)
      return once.then((kept) => (kept.replayed === true ? replay(kept) : kept))
    })
    return sentTo(room, appended, replayed)
  }

  /** Takes a name in a room, which is told to everyone there; with a session, under the session's name. */
  async join(request: JoinRequest): Promise<Joined> {
    const name = parseRoom(request.room)
    const identity = request.session?.identity ?? request.identity
    const username = nameFor(request.session ?? identity, request.username)
    requireIdentity(identity, name, this.clock.date())
    this.moderation.refuseClosed(name, request.session)
    this.#limits.join(request.address)
    const room = this.#knock(name, request.address) ?? (await this.rooms.open(name))
    if (request.session !== undefined && room.presence.has(request.session)) {
      return joinedAt(request.session, room)
    }
    const resumed = request.resumes === true ? ownSession(room, username, identity) : undefined
    if (resumed !== undefined) return joinedAt(resumed, room)
    refuseHeldName(room, username)
    let { session } = request
    try {
      session ??= this.sessions.open(username, request.address, identity)
      // The name is held before the message is kept, so that two who join at once cannot both have it.
      takeName(session, room)
      const draft = { type: 'join', username: session.username, text: 'joined' }
      // A flood of coming and going is told by the presence alone: it must not push out what was said.
      if (!this.#limits.note(room.notes)) return joinedAt(session, room)
      const { message, epoch } = await this.#publisher.publish(room, draft, request.address)
      return { session, room, id: message.id, epoch }
    } catch (error) {
      if (session !== undefined) releaseName(session, room)
      if (session !== undefined && session !== request.session) this.sessions.close(session)
      this.rooms.settle(room)
      throw error
    }
  }

  /** Gives the name back at once; the room is told, where that can be kept. */
  async leave(session: Session, name: unknown): Promise<void> {
    const room = requireJoined(session, this.rooms.get(parseRoom(name)))
    releaseName(session, room)
    if (!this.#limits.note(room.notes)) return this.rooms.settle(room)
    try {
      await this.#publisher.publish(room, { type: 'leave', username: session.username, text: 'left' })
    } catch (error) {
      // Whoever leaves has left: that a full or broken store cannot keep the message is nothing to tell them.
      if (!(error instanceof ChatError)) throw error
    }
  }

  /** Leaves every room. The names are free even where a message cannot be kept. */
  async leaveAll(session: Session): Promise<void> {
    await Promise.allSettled([...session.rooms].map((room) => this.leave(session, room.name)))
  }

  /** Leaves every room and is nobody any more: for whoever was somebody as long as a connection lasted. */
  async end(session: Session): Promise<void> {
    this.sessions.close(session)
    await this.leaveAll(session)
  }

  /** Says that somebody types, or no longer does. */
  typing(session: Session, name: unknown, typing: boolean): void {
    const room = requireJoined(session, this.rooms.get(parseRoom(name)))
    this.#refuse(room.name, session.username, session)
    this.#limits.typing(session.typed)
    room.presence.setTyping(session, typing)
  }

  /** A page of a room's past, of `ANSWER_BYTES` at most, in its turn. Rejects with `unavailable` where too many are asked for. */
  history(name: string, range: Range): Promise<HistoryPage> {
    const encodeOne = (message: Message): Encoded => {
      // What the ring has encoded is taken from there, where the store gave the very same message.
      const entry = this.rooms.get(name)?.entry(message.id)
      return entry?.message === message ? entry : encode(message)
    }
    return this.#historyTurns.run(() =>
      readHistory((part) => this.#store.read(name, part), encodeOne, range, ANSWER_BYTES),
    )
  }

  async close(): Promise<void> {
    this.sessions.closeAll()
    this.rooms.close()
    await this.#store.close()
  }

  /** The room with this name, if it is here. Where it has to be opened or made, an address may do that only so often. */
  #knock(name: string, address: string | undefined): Room | undefined {
    const room = this.rooms.get(name)
    if (room?.hasLog !== true) this.#limits.room(address)
    return room
  }

  /** May this name speak here now? */
  #refuse(room: string, username: string, session: Session | undefined): void {
    if (session?.identity !== undefined) requireIdentity(session.identity, room, this.clock.date())
    this.moderation.refuseClosed(room, session)
    this.moderation.refuseMuted(room, username)
  }
}

function sentTo(room: Room, { message, epoch }: Appended, replayed: boolean): Sent {
  return { room, message, epoch, replayed }
}

/** A session that is in the room already goes on where the room is now. */
function joinedAt(session: Session, room: Room): Joined {
  return { session, room, id: room.last, epoch: room.epoch }
}
