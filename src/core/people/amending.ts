// Changes to earlier messages: an edit and a delete by the author, and reactions by the people in the room.
//
//     edit, delete    the author alone, for a time (authors.ts)         in the log, like every message
//     reaction        all people in the room, one of each emoji each    in the log, several at a time (gatherings.ts)

import type { Clock } from '../clock.js'
import { ChatError } from '../errors.js'
import { parseEmoji, REACTION_KINDS, REACTION_PEOPLE } from '../rooms/change.js'
import { findMessage, noSuchMessage } from '../rooms/history.js'
import { type Message, parseKey, parseRoom, parseText } from '../rooms/message.js'
import type { Publisher } from '../rooms/publisher.js'
import type { Room } from '../rooms/room.js'
import type { Rooms } from '../rooms/rooms.js'
import type { Appended, Store } from '../rooms/store.js'
import type { Authors } from './authors.js'
import type { Carrying } from './carrying.js'
import type { Entrance } from './entrance.js'
import { parseFlag, parseId } from './fields.js'
import { Gatherings } from './gatherings.js'
import { requireSession, type Session } from './sessions.js'

/** An edit as it came in: nothing is checked yet. */
export type EditRequest = {
  readonly room: unknown
  readonly of: unknown
  readonly text: unknown
  readonly key?: unknown
  readonly session: Session | undefined
}

/** `on`: false takes the reaction back. */
export type ReactRequest = Omit<EditRequest, 'key'> & { readonly on?: unknown }

export type Amended = Appended & { readonly replayed: boolean }

export type AmendingParts = {
  readonly clock: Clock
  readonly rooms: Rooms
  readonly store: Pick<Store, 'read'>
  readonly publisher: Publisher
  readonly authors: Authors
  readonly entrance: Entrance
  readonly carrying: Carrying
}

export class Amending {
  readonly #parts: AmendingParts
  readonly #gatherings: Gatherings

  constructor(parts: AmendingParts) {
    this.#parts = parts
    this.#gatherings = new Gatherings(parts.clock)
  }

  /** Gives a message of this session another text. */
  async edit({ room: name, of: id, text: to, key, session: somebody }: EditRequest): Promise<Amended> {
    const { publisher, authors } = this.#parts
    const [session, to_, of, text] = [requireSession(somebody), parseRoom(name), parseId('of', id), parseText(to)]
    const mark = key === undefined ? undefined : parseKey(key)
    if (authors.editMs === 0) throw new ChatError('forbidden', 'this chat keeps messages as they were sent')
    const room = await this.#parts.entrance.speak(session, to_)
    const { username, address } = session
    const draft = { type: 'edit', username, text, of }
    if (mark === undefined) {
      await this.#requireOwn(session, room, of)
      return { ...(await publisher.publish(room, draft, address)), replayed: false }
    }
    const keyed = { ...draft, key: mark }
    const { appended, replayed } = await publisher.publishByKey(room, 'session', keyed, address, async () => {
      await this.#requireOwn(session, room, of)
    })
    return { ...appended, replayed }
  }

  /** Takes a message of this session out of its room. */
  async remove(session: Session, name: string, id: unknown): Promise<Appended> {
    const { rooms, publisher, entrance, carrying } = this.#parts
    const of = parseId('id', id)
    const room = await rooms.open(name)
    const release = room.hold()
    try {
      const said = await this.#requireOwn(session, room, of)
      entrance.count(session)
      const draft = { type: 'delete', username: session.username, text: 'removed', of }
      const removed = await publisher.publish(room, draft)
      carrying.drop(said)
      return removed
    } finally {
      release()
      rooms.settle(room)
    }
  }

  /** Puts an emoji under a message, or takes it back; undefined where it is so already. */
  async react({ room: name, of: id, text, on = true, session: somebody }: ReactRequest): Promise<Appended | undefined> {
    const [session, to, of, emoji] = [requireSession(somebody), parseRoom(name), parseId('of', id), parseEmoji(text)]
    const isOn = parseFlag('on', on)
    const room = await this.#parts.entrance.speak(session, to)
    const release = room.hold()
    try {
      const { username } = session
      const { epoch } = room
      const key = `${room.name} ${epoch}.${of} ${emoji}`
      const underWay = this.#gatherings.underWay(key, username)
      if (underWay?.isOn === isOn) return await underWay.kept
      // This person's earlier reaction comes first, whether it succeeds or not.
      await underWay?.kept.catch(() => undefined)
      const said = await this.find(room, of)
      if (said?.type !== 'chat') throw noSuchMessage()
      const has = said.reactions?.some((one) => one.text === emoji && one.by.includes(username)) === true
      if (has === isOn) return undefined
      if (isOn) refuseCrowd(said, emoji, this.#gatherings.waiting(key))
      return await this.#gatherings.add(key, { username, isOn }, async (names) => {
        if (room.epoch !== epoch) throw noSuchMessage()
        const by = names.length > 1 ? { by: names } : {}
        const parts = { type: 'reaction', username: names[0] ?? username, text: emoji, of }
        return this.#parts.publisher.publish(room, { ...parts, ...by, ...(isOn ? {} : { on: false as const }) })
      })
    } finally {
      release()
      this.#parts.rooms.settle(room)
    }
  }

  /** The message with this id, as it is now; undefined where there is none. */
  async find(room: Room, id: number): Promise<Message | undefined> {
    return id > room.last ? undefined : findMessage(this.#parts.store, room, id)
  }

  /** The id of the message that a reply answers. Throws `not_found` where there is no such message, and never was. */
  async parseReply(room: Room, id: unknown): Promise<number> {
    const of = parseId('of', id)
    if (of > room.last) throw noSuchMessage()
    const said = await this.find(room, of)
    if (said !== undefined && said.type !== 'chat' && said.type !== 'removed') throw noSuchMessage()
    return of
  }

  /** Refuses the reactions that wait to be kept. */
  close(): void {
    this.#gatherings.close()
  }

  /** Throws `forbidden` where a session may not change a message, and `not_found` where there is no such message. */
  async #requireOwn(session: Session, room: Room, of: number): Promise<Message> {
    const { authors, clock } = this.#parts
    const said = await this.find(room, of)
    if (said?.type !== 'chat') throw noSuchMessage()
    if (!(await authors.isAuthor(session, { room: room.name, epoch: room.epoch, id: of })))
      throw new ChatError('forbidden', 'only the session that sent a message may change it')
    if (clock.date() - said.timestamp > authors.editMs)
      throw new ChatError('forbidden', `a message may be changed for ${inWords(authors.editMs)}, and this one is older`)
    return said
  }
}

/** Throws `forbidden` where a message has as many reactions, or as many different emoji, as it may. */
function refuseCrowd({ reactions = [] }: Message, emoji: string, waiting: number): void {
  const people = reactions.reduce((sum, { by }) => sum + by.length, waiting)
  if (people >= REACTION_PEOPLE)
    throw new ChatError('forbidden', `a message has at most ${REACTION_PEOPLE} reactions, and this one has them`)
  if (reactions.length >= REACTION_KINDS && reactions.every(({ text }) => text !== emoji))
    throw new ChatError('forbidden', `a message has at most ${REACTION_KINDS} different emoji: use one that is there`)
}

function inWords(ms: number): string {
  return ms % 60_000 === 0 ? `${ms / 60_000} min` : `${Math.ceil(ms / 1000)} s`
}
