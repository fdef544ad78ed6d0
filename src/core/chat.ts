// The chat: what people can do, whatever the transport. Each call leads to the file that does it:
//
//     send                          sending        edit, react, remove     amending, moderation
//     join, leave, leaveAll, end    membership     mute, close, clear …    moderation
//     typing, hand                  signs          history, search         past
//     knock                         entrance       members                 crowds
//
//     send ──> publisher ──> store.append ──> (the store delivers) ──> room ──> readers
//
// `send` never touches a ring. Every message, of this process or of another, comes in through the store's delivery.
// So there is one order, and a second machine is not a second path.

import type { Bucket } from './bucket.js'
import type { Clock, Random, Undo } from './clock.js'
import { Crowds } from './crowds.js'
import { Past, type PastRange } from './past.js'
import { PendingAnswers } from './pending-answers.js'
import { Amending } from './people/amending.js'
import { Authors, EDIT_MS } from './people/authors.js'
import { Carrying } from './people/carrying.js'
import type { Directory } from './people/directory.js'
import { Entrance } from './people/entrance.js'
import { requireIdentity } from './people/identity.js'
import { type ConnectionLimit, type Counted, Limits, NO_LIMITS, type Rates } from './people/limits.js'
import { type Joined, type JoinRequest, Membership } from './people/membership.js'
import { follow } from './people/mirror.js'
import { Moderation } from './people/moderation.js'
import { Sending, type SendRequest, type Sent } from './people/sending.js'
import { type Session, Sessions } from './people/sessions.js'
import { Signs } from './people/signs.js'
import type { Files } from './rooms/file.js'
import type { HistoryPage } from './rooms/history.js'
import { type Message, parseRoom } from './rooms/message.js'
import { NewRooms } from './rooms/new-rooms.js'
import type { Watch, Watchable } from './rooms/observer.js'
import type { Holder, Members, RoomOrders } from './rooms/presence.js'
import { Publisher } from './rooms/publisher.js'
import type { Room } from './rooms/room.js'
import { type RoomLimits, Rooms } from './rooms/rooms.js'
import { Scheduler } from './rooms/scheduler.js'
import type { SearchPage } from './rooms/search.js'
import type { Appended, Store } from './rooms/store.js'
import { TimerWheel } from './rooms/timer-wheel.js'

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
  /** Where the files are that messages carry; without it they carry none. */
  readonly files?: Files | undefined
  /** Is it noted how far members have read? By default it is. */
  readonly seen?: boolean | undefined
}

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
  readonly #publisher: Publisher
  readonly #entrance: Entrance
  readonly #sending: Sending
  readonly #membership: Membership
  readonly #signs: Signs
  readonly #past: Past
  readonly #crowds: Crowds
  readonly #newRooms: NewRooms

  constructor(options: ChatOptions) {
    const { store, directory, clock, random, ringSize, keepMs, limits: most, rates = NO_LIMITS, seen } = options
    this.clock = clock
    this.random = random
    this.timers = new TimerWheel(clock)
    this.pending = new PendingAnswers(options.pendingBytes)
    this.ringSize = ringSize
    this.#store = store
    this.#directory = directory
    const { timers, watch } = this
    const limits = new Limits(clock, rates, directory === undefined ? undefined : (one) => directory.count(one))
    const carrying = new Carrying(options.files)
    const orders = (name: string): RoomOrders => this.moderation.ordersOf(name)
    const followed = directory === undefined ? undefined : (room: Room) => this.#follow(room, directory)
    const roomParts = { clock, timers, ringSize, keepMs, orders, follow: followed, watch, seen }
    const rooms = (this.rooms = new Rooms(store, { ...roomParts, scheduler: new Scheduler(clock) }, most))
    this.#newRooms = new NewRooms({ store, rooms, clock })
    const sessions = (this.sessions = new Sessions(
      { clock, random, timers, connectionLimit: options.connectionLimit, directory },
      most.sessions,
      (session) => void this.leaveAll(session),
    ))
    const onStop = (room: string, holder: Holder): void => directory?.typing(room, holder, false)
    const publisher = (this.#publisher = new Publisher(store, clock, rooms, watch, onStop))
    const authors = new Authors(clock, options.editMs ?? EDIT_MS, directory)
    const shared = { clock, store, rooms, sessions, publisher, directory, limits, carrying, authors, watch }
    const moderation = (this.moderation = new Moderation(shared))
    const entrance = (this.#entrance = new Entrance({ ...shared, moderation }))
    const parts = { ...shared, moderation, entrance }
    const amending = (this.amending = new Amending(parts))
    this.#sending = new Sending({ ...parts, amending })
    this.#membership = new Membership(parts)
    this.#signs = new Signs(parts)
    this.#past = new Past(clock, rooms, store)
    this.#crowds = new Crowds(clock, rooms, this.isAlone)
    directory?.begin({
      session: (token) => sessions.peek(token),
      sessions: () => sessions,
      counted: (one, times) => limits.charge(one, times, (counted) => this.#bucket(counted)),
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

  /** Publishes a text under the name of a session, or under a free name; once for each sender and key. */
  send(request: SendRequest): Promise<Sent> {
    return this.#sending.send(request)
  }

  /** Takes a message out of its room: a moderator any message, another session its own for a time. */
  async remove(session: Session | undefined, room: unknown, id: unknown): Promise<Appended> {
    if (session?.moderates === false) await this.sessions.refresh(session)
    if (session === undefined || session.moderates) return this.moderation.remove(session, room, id)
    const name = parseRoom(room)
    requireIdentity(session.identity, name, this.clock.date())
    return this.amending.remove(session, name, id)
  }

  /** May a session say something in a room now? Counted as a message: for what is uploaded before it is sent. */
  async knock(session: Session, name: unknown): Promise<string> {
    return (await this.#entrance.speak(session, parseRoom(name))).name
  }

  /**
   * Takes a name in a room, and tells the room. With a session, the name is the session's. The answer lists the members,
   * so a crowd joins in turns. Rejects with `unavailable` where too many wait.
   */
  async join(request: JoinRequest): Promise<Joined> {
    const name = parseRoom(request.room)
    return this.#crowds.run(name, () => this.#membership.join(name, request))
  }

  /** Gives the name back at once, and tells the room, where the store can keep that. */
  leave(session: Session, name: unknown): Promise<void> {
    return this.#membership.leave(session, name)
  }

  /** Leaves every room, also rooms that were joined through other processes. */
  leaveAll(session: Session): Promise<void> {
    return this.#membership.leaveAll(session)
  }

  /** Leaves every room and ends the session: for a person whose connection has ended. */
  end(session: Session): Promise<void> {
    return this.#membership.end(session)
  }

  /** Says that a person types, or no longer does. */
  typing(session: Session, name: unknown, typing: boolean): Promise<void> {
    return this.#signs.typing(session, name, typing)
  }

  /** Puts the session's own hand up or down in a room; a moderator puts down another person's. */
  hand(session: Session, name: unknown, isUp: boolean, username?: unknown): Promise<void> {
    return this.#signs.hand(session, name, isUp, username)
  }

  /** Opens the rooms that other processes have made; undefined where there is nothing to ask. */
  reachRooms(): Promise<void> | undefined {
    return this.#newRooms.reach()
  }

  /** Who is in a room. Rejects with `unavailable` where too many ask a crowd. */
  members(name: string): Promise<Members> {
    return this.#crowds.members(name)
  }

  /** A page of a room's past, in its turn. Rejects with `unavailable` when too many pages are asked for. */
  history(name: string, asked: PastRange): Promise<HistoryPage> {
    return this.#past.history(name, asked)
  }

  /** A page of what was said with these words. Throws `bad_request`; rejects with `unavailable` where too many search. */
  search(name: string, query: string, asked: PastRange): Promise<SearchPage> {
    return this.#past.search(name, query, asked)
  }

  async close(): Promise<void> {
    this.amending.close()
    await this.#directory?.close()
    this.sessions.closeAll()
    this.rooms.close()
    await this.#store.close()
  }

  #follow(room: Room, directory: Directory): Promise<Undo> {
    const { sessions, moderation } = this
    const tellLeft = (to: Room, username: string): Promise<void> => this.#membership.tellLeft(to, username)
    return follow(directory, room, { sessions, moderation, tellLeft })
  }

  #bucket({ what, of }: Counted): Bucket | undefined {
    if (what === 'note') return this.rooms.get(of)?.notes
    const session = this.sessions.peek(of)
    return what === 'typed' ? session?.typed : session?.said
  }
}
