// Moderation: who may keep order in a room, and which orders are in force.
//
//     mute     a name may say nothing in a room for so many seconds         in memory, or in the directory
//     close    only moderators may speak or join                            in memory, or in the directory
//     slow     a name may send one message in so many seconds               in memory, or in the directory
//     remove   a `delete` message with `of: ID`: clients hide that          in the log, like every message
//              message, and rings and stores give a `removed` one instead
//     clear    a `clear` message begins the log anew: a new epoch           in the log, like every message
//
// What is in the log outlives a restart and reaches other processes. Mutes, closed rooms and slow rooms do so where
// there is a directory; without one they are gone with the process. A mute is of a name: a person who comes back under another
// name is heard again. Then the moderator closes the room.

import type { Clock, Undo } from '../clock.js'
import { ChatError } from '../errors.js'
import type { Carrying } from './carrying.js'
import { parseFlag, parseWhole } from './fields.js'
import { requireIdentity } from './identity.js'
import { findMessage, noSuchMessage } from '../rooms/history.js'
import { foldName, parseRoom, parseUsername } from '../rooms/message.js'
import type { RoomOrders } from '../rooms/presence.js'
import type { Publisher } from '../rooms/publisher.js'
import type { Room } from '../rooms/room.js'
import type { Rooms } from '../rooms/rooms.js'
import { requireSession, type Session, type Sessions } from './sessions.js'
import { SLOW_SECONDS, Speakers } from './slow.js'
import type { Directory, Orders } from './directory.js'
import type { Appended, Store } from '../rooms/store.js'

/** How long a name is muted, at most and by default: a day, and five minutes. */
export const MUTE_SECONDS = { most: 86_400, default: 300 }

export type Moderated = Appended

export type ModerationParts = {
  readonly clock: Clock
  readonly rooms: Rooms
  readonly store: Pick<Store, 'read'>
  readonly publisher: Publisher
  readonly sessions: Pick<Sessions, 'refresh'>
  readonly carrying: Carrying
  /** Keeps the orders of all processes; without it this process has its own. */
  readonly directory?: Directory | undefined
}

/** `slow`: seconds; 0 where it is not. */
type Order = {
  isClosed: boolean
  slow: number
  readonly muted: Map<string, number>
  readonly speakers: Speakers
}

export class Moderation {
  readonly #parts: ModerationParts
  /** The rooms in which an order is in force: nearly always none. */
  readonly #orders = new Map<string, Order>()

  constructor(parts: ModerationParts) {
    this.#parts = parts
  }

  /** Makes a session a moderator, as long as it lasts. */
  async appoint(session: Session): Promise<void> {
    session.moderates = true
    try {
      await this.#parts.directory?.update(session)
    } catch (error) {
      session.moderates = false
      throw error
    }
  }

  /** Takes over the orders of a room that this process follows, as the directory tells them. */
  set(room: string, { isClosed, slow, muted }: Orders): void {
    const { clock, rooms } = this.#parts
    const order = this.#order(room)
    const isSame = order.isClosed === isClosed && order.slow === slow
    const ahead = clock.now() - clock.date()
    order.isClosed = isClosed
    order.slow = slow
    order.muted.clear()
    for (const [fold, until] of muted) order.muted.set(fold, until + ahead)
    this.#tidy()
    if (!isSame) rooms.get(room)?.presence.changed()
  }

  /** The room is not followed any more: the directory alone keeps its orders. */
  forget(room: string): void {
    this.#orders.delete(room)
  }

  /**
   * Asks whether a session may speak in a closed or a slow room, because another process may have made it a moderator.
   * Undefined where there is nothing to ask, as nearly always.
   */
  reach(room: string, session: Session | undefined): Promise<void> | undefined {
    if (session === undefined || session.moderates || this.#orders.size === 0) return undefined
    if (!this.isClosed(room) && !this.isSlow(room)) return undefined
    return this.#parts.sessions.refresh(session)
  }

  isClosed(room: string): boolean {
    return this.#orders.get(room)?.isClosed === true
  }

  /** May a name speak there only now and then? */
  isSlow(room: string): boolean {
    return (this.#orders.get(room)?.slow ?? 0) > 0
  }

  /** What everybody is told of it. */
  ordersOf(room: string): RoomOrders {
    const { isClosed, slow } = this.#orders.get(room) ?? { isClosed: false, slow: 0 }
    return { ...(isClosed ? { closed: true as const } : {}), ...(slow > 0 ? { slow } : {}) }
  }

  /** A name speaks now; the undo says that it did not. Throws `rate_limited` where that is too soon in a slow room. */
  pace(room: Room, username: string, session: Session | undefined): Undo | undefined {
    const order = this.#orders.get(room.name)
    if (order === undefined || order.slow === 0 || session?.moderates === true) return undefined
    return order.speakers.speak(room, username, order.slow, this.#parts.clock.now())
  }

  /** Throws `forbidden` where the room is closed to this session. */
  refuseClosed(room: string, session: Session | undefined): void {
    if (this.#orders.size === 0 || !this.isClosed(room)) return
    if (session?.moderates === true) return
    throw new ChatError('forbidden', 'this room is closed for now: wait until it is opened again')
  }

  /** Throws `forbidden` where this name may not speak. */
  refuseMuted(room: string, username: string): void {
    if (this.#orders.size === 0) return
    const until = this.#orders.get(room)?.muted.get(foldName(username)) ?? 0
    const seconds = Math.ceil((until - this.#parts.clock.now()) / 1000)
    if (seconds > 0) throw new ChatError('forbidden', `this name is muted in this room: wait ${seconds} s`, seconds)
  }

  /** Mutes a name in a room for so many seconds; 0 takes that back. */
  async mute(
    session: Session | undefined,
    name: unknown,
    username: unknown,
    seconds: unknown = MUTE_SECONDS.default,
  ): Promise<void> {
    const { clock, directory } = this.#parts
    const room = await this.require(session, name)
    const fold = foldName(parseUsername(username))
    const wait = 1000 * parseWhole('seconds', seconds, 0, MUTE_SECONDS.most)
    if (directory !== undefined) return directory.mute(room, fold, wait > 0 ? clock.date() + wait : 0)
    const { muted } = this.#order(room)
    const now = clock.now()
    muted.delete(fold)
    for (const [other, until] of muted) if (until <= now) muted.delete(other)
    if (wait > 0) muted.set(fold, now + wait)
    this.#tidy()
  }

  /** Closes a room, or opens it again. */
  async close(session: Session | undefined, name: unknown, closed: unknown = true): Promise<void> {
    const { directory, rooms } = this.#parts
    const room = await this.require(session, name)
    const isClosed = parseFlag('closed', closed)
    if (directory !== undefined) return directory.setClosed(room, isClosed)
    this.#order(room).isClosed = isClosed
    this.#tidy()
    rooms.get(room)?.presence.changed()
  }

  /** Lets each name say one thing in so many seconds; 0 ends it. */
  async slow(session: Session | undefined, name: unknown, seconds: unknown): Promise<void> {
    const { directory, rooms } = this.#parts
    const room = await this.require(session, name)
    const slow = parseWhole('seconds', seconds, 0, SLOW_SECONDS)
    if (directory !== undefined) return directory.setSlow(room, slow)
    this.#order(room).slow = slow
    this.#tidy()
    rooms.get(room)?.presence.changed()
  }

  /** Takes out what a message said. That there was a message can still be seen. */
  async remove(session: Session | undefined, name: unknown, id: unknown): Promise<Moderated> {
    const { room, username } = await this.#enter(session, name)
    const of = parseWhole('id', id, 0, Number.MAX_SAFE_INTEGER)
    const { store, publisher, carrying } = this.#parts
    const said = await findMessage(store, room, of)
    if (said?.type !== 'chat') throw noSuchMessage()
    const removed = await publisher.publish(room, { type: 'delete', username, text: 'removed', of })
    carrying.drop(said)
    return removed
  }

  /** Begins a room's log anew. Readers are told of a restart, and the earlier messages are gone. */
  async clear(session: Session | undefined, name: unknown): Promise<Moderated> {
    const { room, username } = await this.#enter(session, name)
    const cleared = await this.#parts.publisher.publish(room, { type: 'clear', username, text: 'cleared' })
    this.#parts.carrying.dropAll(room.name, cleared.message.timestamp)
    return cleared
  }

  async #enter(session: Session | undefined, name: unknown): Promise<{ room: Room; username: string }> {
    const room = await this.#parts.rooms.open(await this.require(session, name))
    if (!room.hasLog) {
      this.#parts.rooms.settle(room)
      throw new ChatError('not_found', 'nothing has been said in this room')
    }
    return { room, username: session?.username ?? '' }
  }

  /** The room, where this session moderates. Throws `forbidden`. */
  async require(somebody: Session | undefined, name: unknown): Promise<string> {
    const session = requireSession(somebody)
    if (!session.moderates) await this.#parts.sessions.refresh(session)
    if (!session.moderates)
      throw new ChatError('forbidden', 'this session does not moderate: POST /admin with the key first')
    const room = parseRoom(name)
    requireIdentity(session.identity, room, this.#parts.clock.date())
    return room
  }

  #order(room: string): Order {
    let order = this.#orders.get(room)
    if (order === undefined)
      this.#orders.set(room, (order = { isClosed: false, slow: 0, muted: new Map(), speakers: new Speakers() }))
    return order
  }

  #tidy(): void {
    for (const [room, { isClosed, slow, muted }] of this.#orders)
      if (!isClosed && slow === 0 && muted.size === 0) this.#orders.delete(room)
  }
}
