// The chat: what can be said to it, whatever the transport.
//
//     send ──> publisher ──> store.append ──> (the store delivers) ──> room ──> readers
//
// `send` never touches a ring. Every message, of this process or of another, comes in through the store's delivery.
// So there is one order, and a second machine is not a second path.

import type { Bucket } from './bucket.js'
import type { Clock, Random, Undo } from './clock.js'
import { ChatError } from './errors.js'
import { Amending } from './people/amending.js'
import { Authors, EDIT_MS } from './people/authors.js'
import type { Directory } from './people/directory.js'
import { type Identity, requireIdentity } from './people/identity.js'
import { type ConnectionLimit, type Counted, Limits, NO_LIMITS, type Rates } from './people/limits.js'
import { foldName, type Message, parseKey, parseRoom, parseText, parseUsername } from './rooms/message.js'
import { mirror } from './people/mirror.js'
import { Moderation } from './people/moderation.js'
import { nameFor, nameTaken, ownSession, refuseHeldName, releaseName, requireJoined, takeName } from './people/names.js'
import { NewRooms } from './rooms/new-rooms.js'
import { Publisher } from './rooms/publisher.js'
import type { Holder } from './rooms/presence.js'
import type { Room } from './rooms/room.js'
import { type RoomLimits, Rooms } from './rooms/rooms.js'
import { type Session, Sessions } from './people/sessions.js'
import { type Encoded, encode, type HistoryPage, idBefore, readHistory } from './rooms/history.js'
import type { Appended, History, Range, Store } from './rooms/store.js'
import { Scheduler } from './rooms/scheduler.js'
import { TimerWheel } from './rooms/timer-wheel.js'
import type { Watch, Watchable } from './rooms/observer.js'
import { PendingAnswers } from './pending-answers.js'
import { ANSWER_BYTES } from './rooms/reader.js'
import { Turns } from './turns.js'

/** Pages of history that are read at one time, and that may wait for it. */
const HISTORY_READS = 2
const HISTORY_WAITING = 1000

export type ChatOptions = {
  readonly store: Store
  /** Tells who is here in other processes; without it this process is alone. */
  readonly directory?: Directory | undefined
  readonly clock: Clock
  readonly random: Random
  readonly ringSize: number
  /** How long messages can be read, in milliseconds; without it as long as there is memory. */
  readonly keepMs?: number | undefined
  readonly limits: RoomLimits & { readonly sessions: number }
  /** How fast people and addresses may be; without it there is no limit. */
  readonly rates?: Rates | undefined
  /** How many sessions an address may have; without it there is no limit. */
  readonly connectionLimit?: ConnectionLimit | undefined
  /** The most bytes that may be on their way to clients that do not read them. */
  readonly pendingBytes?: number
  /** How long the author of a message may change it, in milliseconds; 0: not at all. */
  readonly editMs?: number | undefined
}

/**
 * What is to be sent, as it came in: nothing is checked yet. `address`: whom to count it to; without one the address
 * that the session joined from, and nobody where the program itself speaks.
 */
export type SendRequest = {
  readonly room: unknown
  readonly username?: unknown
  readonly text: unknown
  /** The message that it answers. */
  readonly of?: unknown
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
  /** Answers that clients were given and have not read. */
  readonly pending: PendingAnswers
  readonly ringSize: number
  readonly moderation: Moderation
  readonly amending: Amending
  /** Holds the observer, if there is a watcher (rooms/observer.ts). */
  readonly watch: Watch = { observer: undefined }
  /** The open streams: they tell a new watcher where they are. */
  readonly feeds = new Set<Watchable>()
  readonly #store: Store
  readonly #directory: Directory | undefined
  readonly #limits: Limits
  readonly #publisher: Publisher
  readonly #authors: Authors
  readonly #historyTurns: Turns
  readonly #newRooms: NewRooms

  constructor(options: ChatOptions) {
    const { store, directory, clock, random, ringSize, keepMs, limits, rates = NO_LIMITS } = options
    const { connectionLimit, pendingBytes, editMs = EDIT_MS } = options
    this.clock = clock
    this.random = random
    this.timers = new TimerWheel(clock)
    this.pending = new PendingAnswers(pendingBytes)
    this.ringSize = ringSize
    this.#store = store
    this.#directory = directory
    this.#limits = new Limits(clock, rates, directory === undefined ? undefined : (one) => directory.count(one))
    this.#historyTurns = new Turns(clock, HISTORY_READS, HISTORY_WAITING)
    const isClosed = (name: string): boolean => this.moderation.isClosed(name)
    const scheduler = new Scheduler(clock)
    const follow = directory === undefined ? undefined : (room: Room) => this.#follow(room, directory)
    const { timers, watch } = this
    this.rooms = new Rooms(store, { clock, timers, scheduler, ringSize, keepMs, isClosed, follow, watch }, limits)
    this.#newRooms = new NewRooms({ store, rooms: this.rooms, clock })
    this.sessions = new Sessions(
      { clock, random, timers: this.timers, connectionLimit, directory },
      limits.sessions,
      (session) => void this.leaveAll(session),
    )
    const onStop = (room: string, holder: Holder): void => directory?.typing(room, holder, false)
    this.#publisher = new Publisher(store, clock, this.rooms, watch, onStop)
    const parts = { clock, rooms: this.rooms, store, publisher: this.#publisher, sessions: this.sessions, directory }
    this.moderation = new Moderation(parts)
    this.#authors = new Authors(clock, editMs, directory)
    this.amending = new Amending({
      ...parts,
      authors: this.#authors,
      speak: (session, name) => this.#speak(session, name),
      count: (session) => this.#count(session),
    })
    directory?.begin({
      session: (token) => this.sessions.peek(token),
      sessions: () => this.sessions,
      counted: (one, times) => this.#limits.charge(one, times, ({ what, of }) => this.#bucket(what, of)),
    })
  }

  /** Is this process the only one that knows of people? */
  get isAlone(): boolean {
    return this.#directory === undefined
  }

  /** Calls back for every message that this process published. */
  onPublish(call: (message: Message) => void): Undo {
    return this.#publisher.onPublish(call)
  }

  /** Publishes a text under a session's name, or under one that nobody holds; once for each sender and key. */
  async send({ room: to, username, text, of, key, session, address = session?.address }: SendRequest): Promise<Sent> {
    const name = parseRoom(to)
    const said = { type: 'chat', username: session?.username ?? parseUsername(username), text: parseText(text) }
    const mark = key === undefined ? undefined : parseKey(key)
    const asked = this.moderation.reach(name, session)
    if (asked !== undefined) await asked
    this.#refuse(name, said.username, session)
    if (session !== undefined) {
      const entered = this.#enter(session, name)
      if (entered instanceof Promise) await entered
    }
    this.#limits.message(address, session, said.username)
    const room = this.#knock(name, address) ?? (await this.#open(name, said.username, session))
    if (session === undefined) {
      // A directory knows of a name that was given back before the room has been told.
      if (this.#directory === undefined) refuseHeldName(room, said.username)
      else await this.#refuseHeldElsewhere(room, said.username, this.#directory)
    }
    const draft = of === undefined ? said : { ...said, of: await this.#answered(room, of) }
    const sent = await this.#once(room, draft, mark, session, address)
    if (session !== undefined && !sent.replayed) {
      const { message, epoch } = sent
      this.#authors.wrote(session, { room: name, epoch, id: message.id })
    }
    return sent
  }

  /** Takes a message out of its room: a moderator any message, another session its own for a time. */
  async remove(session: Session | undefined, room: unknown, id: unknown): Promise<Appended> {
    if (session?.moderates === false) await this.sessions.refresh(session)
    if (session === undefined || session.moderates) return this.moderation.remove(session, room, id)
    const name = parseRoom(room)
    requireIdentity(session.identity, name, this.clock.date())
    return this.amending.remove(session, name, id)
  }

  /** Takes a name in a room, which is told to everyone there; with a session, under the session's name. */
  async join(request: JoinRequest): Promise<Joined> {
    const name = parseRoom(request.room)
    const identity = request.session?.identity ?? request.identity
    const username = nameFor(request.session ?? identity, request.username)
    requireIdentity(identity, name, this.clock.date())
    const asked = this.moderation.reach(name, request.session)
    if (asked !== undefined) await asked
    this.moderation.refuseClosed(name, request.session)
    this.#limits.join(request.address)
    const room = this.#knock(name, request.address) ?? (await this.#open(name, username, request.session))
    if (request.session !== undefined && room.presence.has(request.session)) {
      return joinedAt(request.session, room)
    }
    if (identity !== undefined && request.resumes === true) {
      const reached = this.#reachHolder(room, username)
      if (reached !== undefined) await reached
      const resumed = ownSession(this.sessions, room, username, identity)
      if (resumed !== undefined) {
        await this.#directory?.update(resumed)
        return joinedAt(resumed, room)
      }
    }
    // A directory knows of a holder whose time is over before the room has been told.
    if (this.#directory === undefined) refuseHeldName(room, username)
    let { session } = request
    const release = room.hold()
    try {
      session ??= this.sessions.open(username, request.address, identity)
      // The name is held before the message is kept, so that two who join at once cannot both have it.
      const claimed = this.#directory === undefined ? undefined : await this.#directory.claim(name, session)
      takeName(session, room, claimed?.place)
      if (claimed?.isNew === false) return joinedAt(session, room)
      const draft = { type: 'join', username: session.username, text: 'joined' }
      // A flood of coming and going is told by the presence alone: it must not push out what was said.
      if (!this.#limits.note(room)) return joinedAt(session, room)
      const { message, epoch } = await this.#publisher.publish(room, draft, request.address)
      return { session, room, id: message.id, epoch }
    } catch (error) {
      if (session !== undefined) this.#undoJoin(session, room, session !== request.session)
      throw error
    } finally {
      release()
      this.rooms.settle(room)
    }
  }

  /** Gives the name back at once; the room is told, where that can be kept. */
  async leave(session: Session, name: unknown): Promise<void> {
    const entered = this.#enter(session, parseRoom(name))
    const room = entered instanceof Promise ? await entered : entered
    const isMine = this.#directory === undefined || (await this.#directory.release(room.name, session))
    releaseName(session, room)
    if (isMine) await this.#tellLeft(room, session.username)
  }

  /** Leaves every room, also those that it joined through other processes. The names are free even where a message cannot be kept. */
  async leaveAll(session: Session): Promise<void> {
    const known = this.#directory === undefined ? undefined : await this.#directory.find(session.token)
    const names = new Set([...[...session.rooms].map((room) => room.name), ...(known?.rooms ?? [])])
    const left = await Promise.allSettled([...names].map((name) => this.leave(session, name)))
    // Where a name could not be given back, that is said; that it was not held any more is nothing to tell.
    for (const one of left)
      if (one.status === 'rejected' && one.reason instanceof ChatError && one.reason.code === 'unavailable')
        throw one.reason
  }

  /** Leaves every room and is nobody any more: for whoever was somebody as long as a connection lasted. */
  async end(session: Session): Promise<void> {
    this.sessions.close(session)
    const rooms = [...session.rooms]
    await Promise.allSettled(rooms.map((room) => this.leave(session, room.name)))
    // What the directory could not be told it finds out when the session's time is over.
    for (const room of rooms) releaseName(session, room)
    await this.#directory?.end(session).catch(() => undefined)
  }

  /** Says that somebody types, or no longer does. */
  async typing(session: Session, name: unknown, typing: boolean): Promise<void> {
    const entered = this.#enter(session, parseRoom(name))
    const room = entered instanceof Promise ? await entered : entered
    this.#refuse(room.name, session.username, session)
    this.#limits.typing(session)
    room.presence.setTyping(session, typing)
    this.#directory?.typing(room.name, session, typing)
  }

  /** Brings the rooms here that other processes have made; undefined where there is nothing to ask. */
  reachRooms(): Promise<void> | undefined {
    return this.#newRooms.reach()
  }

  /** Who is in a room: at once where it is here, or where nobody else could say it. */
  members(name: string): readonly string[] | Promise<readonly string[]> {
    const here = this.rooms.get(name)
    if (here !== undefined || this.#directory === undefined) return here?.presence.state.presence.members ?? []
    return this.rooms.open(name).then((room) => {
      this.rooms.settle(room)
      return room.presence.state.presence.members
    })
  }

  /**
   * A page of a room's past, of `ANSWER_BYTES` at most, in its turn; `from`: what was said at that time or later. Rejects with
   * `unavailable` where too many are asked for.
   */
  history(name: string, { from, ...range }: Range & { readonly from?: number }): Promise<HistoryPage> {
    const encodeOne = (message: Message): Encoded => {
      // What the ring has encoded is taken from there, where the store gave the very same message.
      const entry = this.rooms.get(name)?.entry(message.id)
      return entry?.message === message ? entry : encode(message)
    }
    const read = (part: Range): Promise<History> => this.#store.read(name, part)
    return this.#historyTurns.run(async () => {
      const bounds = from === undefined ? range : { limit: range.limit, after: await idBefore(read, from) }
      return readHistory(read, encodeOne, bounds, ANSWER_BYTES)
    })
  }

  async close(): Promise<void> {
    this.amending.close()
    await this.#directory?.close()
    this.sessions.closeAll()
    this.rooms.close()
    await this.#store.close()
  }

  /** Publishes a draft; with a key once for its sender. */
  async #once(
    room: Room,
    draft: { readonly type: string; readonly username: string; readonly text: string; readonly of?: number },
    mark: string | undefined,
    session: Session | undefined,
    address: string | undefined,
  ): Promise<Sent> {
    if (mark === undefined) return sentTo(room, await this.#publisher.publish(room, draft, address), false)
    const sender = session === undefined ? 'name' : 'session'
    const parts = { ...draft, key: mark }
    const { appended, replayed } = await this.#publisher.publishByKey(room, sender, parts, address)
    if (replayed) this.watch.observer?.repeated(room, draft.username)
    return sentTo(room, appended, replayed)
  }

  /** The message that is answered. The room stays where it is meanwhile. */
  async #answered(room: Room, of: unknown): Promise<number> {
    const release = room.hold()
    try {
      return await this.amending.parseReply(room, of)
    } finally {
      release()
      this.rooms.settle(room)
    }
  }

  /** The room in which a session may speak now. It is counted as a message. */
  async #speak(session: Session, name: string): Promise<Room> {
    await this.moderation.reach(name, session)
    this.#refuse(name, session.username, session)
    const room = await this.#enter(session, name)
    this.#count(session)
    return room
  }

  /** Counts as a message of a session. */
  #count(session: Session): void {
    this.#limits.message(session.address, session, session.username)
  }

  /** The room with this name, if it is here. Where it has to be opened or made, an address may do that only so often. */
  #knock(name: string, address: string | undefined): Room | undefined {
    const room = this.rooms.get(name)
    if (room?.hasLog !== true) this.#limits.room(address)
    return room
  }

  /** Opens a room, whose orders may be known only now. */
  async #open(name: string, username: string, session: Session | undefined): Promise<Room> {
    const room = await this.rooms.open(name)
    if (this.#directory === undefined) return room
    try {
      await this.moderation.reach(name, session)
      this.#refuse(name, username, session)
    } catch (error) {
      this.rooms.settle(room)
      throw error
    }
    return room
  }

  /** The room, where this session holds its name in it. Throws or rejects with `not_joined`. */
  #enter(session: Session, name: string): Room | Promise<Room> {
    const room = this.rooms.get(name)
    if (this.#directory === undefined || room?.presence.has(session) === true) return requireJoined(session, room)
    return this.#enterLate(session, name, this.#directory)
  }

  /** As `#enter`, where another process may have let it join. */
  async #enterLate(session: Session, name: string, directory: Directory): Promise<Room> {
    const room = await this.rooms.open(name)
    try {
      if (!room.presence.has(session)) await directory.catchUp(name)
      const joined = requireJoined(session, room)
      session.rooms.add(joined)
      return joined
    } finally {
      this.rooms.settle(room)
    }
  }

  async #refuseHeldElsewhere(room: Room, username: string, directory: Directory): Promise<void> {
    const release = room.hold()
    try {
      if (await directory.isHeld(room.name, foldName(username))) throw nameTaken()
    } finally {
      release()
      this.rooms.settle(room)
    }
  }

  /** Makes the session known that holds a name, where another process opened it. */
  #reachHolder(room: Room, username: string): Promise<void> | undefined {
    return this.#directory?.catchUp(room.name).then(() => {
      const token = room.presence.holder(username)?.token
      return token === undefined ? undefined : this.sessions.reach(token)
    })
  }

  /** Takes a join back that was not told to the room. */
  #undoJoin(session: Session, room: Room, isNew: boolean): void {
    releaseName(session, room)
    if (isNew) this.sessions.close(session)
    // Where the directory cannot be told, it finds out when the session's time is over.
    this.#directory?.release(room.name, session).catch(() => undefined)
    if (isNew) this.#directory?.end(session).catch(() => undefined)
  }

  async #tellLeft(room: Room, username: string): Promise<void> {
    if (!this.#limits.note(room)) return this.rooms.settle(room)
    try {
      await this.#publisher.publish(room, { type: 'leave', username, text: 'left' })
    } catch (error) {
      // Whoever leaves has left: that a full or broken store cannot keep the message is nothing to tell them.
      if (!(error instanceof ChatError)) throw error
    }
  }

  async #follow(room: Room, directory: Directory): Promise<Undo> {
    const { sessions, moderation } = this
    const tellLeft = (to: Room, username: string): Promise<void> => this.#tellLeft(to, username)
    const unfollow = await directory.follow(room.name, mirror(room, { sessions, moderation, tellLeft }))
    return () => {
      unfollow()
      moderation.forget(room.name)
    }
  }

  #bucket(what: Counted['what'], of: string): Bucket | undefined {
    if (what === 'note') return this.rooms.get(of)?.notes
    const session = this.sessions.peek(of)
    return what === 'typed' ? session?.typed : session?.said
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
