// Order in a classroom: who has the right to it, and what has been done with it.
//
//     mute     a name says nothing in a room for so many seconds            here, in memory
//     close    nobody but a moderator says anything or comes in             here, in memory
//     remove   a `delete` message with `of: ID`: whoever has it hides it,   in the log, like every message
//              and rings and stores give a `removed` one in its place
//     clear    a `clear` message begins the log anew: a new epoch           in the log, like every message
//
// What is in the log outlives a restart and reaches other processes; mutes and closed rooms do neither. A mute is
// of a name, so whoever leaves and comes back under another one is heard again: then the room is closed.

import type { Clock } from '../clock.js'
import { ChatError } from '../errors.js'
import { requireIdentity } from './identity.js'
import { foldName, parseRoom, parseUsername } from '../rooms/message.js'
import type { Publisher } from '../rooms/publisher.js'
import type { Room } from '../rooms/room.js'
import type { Rooms } from '../rooms/rooms.js'
import type { Session } from './sessions.js'
import type { Appended, Store } from '../rooms/store.js'

/** A name is muted for a day at the most, and for five minutes by itself. */
export const MUTE_SECONDS = { most: 86_400, default: 300 }

export type Moderated = Appended

export type ModerationParts = {
  readonly clock: Clock
  readonly rooms: Rooms
  readonly store: Pick<Store, 'read'>
  readonly publisher: Publisher
}

type Order = { isClosed: boolean; readonly muted: Map<string, number> }

export class Moderation {
  readonly #parts: ModerationParts
  readonly #moderators = new WeakSet<Session>()
  /** The rooms in which something has been ordered: nearly always none. */
  readonly #orders = new Map<string, Order>()

  constructor(parts: ModerationParts) {
    this.#parts = parts
  }

  /** Gives a session the right, as long as it lasts. */
  appoint(session: Session): void {
    this.#moderators.add(session)
  }

  isClosed(room: string): boolean {
    return this.#orders.get(room)?.isClosed === true
  }

  /** Throws `forbidden` where the room is closed to this session. */
  refuseClosed(room: string, session: Session | undefined): void {
    if (this.#orders.size === 0 || !this.isClosed(room)) return
    if (session !== undefined && this.#moderators.has(session)) return
    throw new ChatError('forbidden', 'this room is closed for now: wait until it is opened again')
  }

  /** Throws `forbidden` where this name may not speak. */
  refuseMuted(room: string, username: string): void {
    if (this.#orders.size === 0) return
    const until = this.#orders.get(room)?.muted.get(foldName(username)) ?? 0
    const seconds = Math.ceil((until - this.#parts.clock.now()) / 1000)
    if (seconds > 0) throw new ChatError('forbidden', `this name is muted in this room: wait ${seconds} s`, seconds)
  }

  /** Lets a name say nothing in a room for so many seconds; 0 takes it back. */
  mute(session: Session | undefined, name: unknown, username: unknown, seconds: unknown = MUTE_SECONDS.default): void {
    const { muted } = this.#order(this.#require(session, name))
    const fold = foldName(parseUsername(username))
    const now = this.#parts.clock.now()
    muted.delete(fold)
    for (const [other, until] of muted) if (until <= now) muted.delete(other)
    const wait = wholeNumber('seconds', seconds, MUTE_SECONDS.most)
    if (wait > 0) muted.set(fold, now + wait * 1000)
    this.#tidy()
  }

  /** Closes a room, or opens it again. */
  close(session: Session | undefined, name: unknown, closed: unknown = true): void {
    const room = this.#require(session, name)
    if (closed !== true && closed !== false && closed !== 'true' && closed !== 'false') {
      throw new ChatError('bad_request', 'closed is true or false')
    }
    this.#order(room).isClosed = String(closed) === 'true'
    this.#tidy()
    this.#parts.rooms.get(room)?.presence.changed()
  }

  /** Takes what a message said out of its room; that it was there can still be seen. */
  async remove(session: Session | undefined, name: unknown, id: unknown): Promise<Moderated> {
    const { room, username } = await this.#enter(session, name)
    const of = wholeNumber('id', id, Number.MAX_SAFE_INTEGER)
    const { store, publisher } = this.#parts
    const said = room.entry(of)?.message ?? (await store.read(room.name, { after: of - 1, limit: 1 })).messages[0]
    if (said?.id !== of || said.type !== 'chat')
      throw new ChatError('not_found', 'there is no such message in this room, or it was removed before')
    return publisher.publish(room, { type: 'delete', username, text: 'removed', of })
  }

  /** Begins a room's log anew: readers are told of a restart, and nothing that was said before can be had. */
  async clear(session: Session | undefined, name: unknown): Promise<Moderated> {
    const { room, username } = await this.#enter(session, name)
    return this.#parts.publisher.publish(room, { type: 'clear', username, text: 'cleared' })
  }

  async #enter(session: Session | undefined, name: unknown): Promise<{ room: Room; username: string }> {
    const room = await this.#parts.rooms.open(this.#require(session, name))
    if (!room.hasLog) {
      this.#parts.rooms.settle(room)
      throw new ChatError('not_found', 'nothing has been said in this room')
    }
    return { room, username: session?.username ?? '' }
  }

  #require(session: Session | undefined, name: unknown): string {
    if (session === undefined)
      throw new ChatError('unauthorized', 'join first: POST /join gives a token for Authorization: Bearer')
    if (!this.#moderators.has(session))
      throw new ChatError('forbidden', 'this session does not moderate: POST /admin with the key first')
    const room = parseRoom(name)
    requireIdentity(session.identity, room, this.#parts.clock.date())
    return room
  }

  #order(room: string): Order {
    let order = this.#orders.get(room)
    if (order === undefined) this.#orders.set(room, (order = { isClosed: false, muted: new Map() }))
    return order
  }

  #tidy(): void {
    for (const [room, { isClosed, muted }] of this.#orders) if (!isClosed && muted.size === 0) this.#orders.delete(room)
  }
}

/** A form has no numbers, so digits will do. */
function wholeNumber(name: string, value: unknown, most: number): number {
  const number = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value
  if (typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 && number <= most) return number
  throw new ChatError('bad_request', `${name} is a whole number from 0 to ${most}`)
}
