// Sending: what a message goes through until the store has it.
//
//     parse ──> entrance ──> limits ──> room ──> is the name free? ──> is there what it answers? ──> publisher
//                                                                        slow mode, file, key ──────────┘
//
// A message without a session is sent under a name that no session holds. A message with a key is kept once, however often
// it is sent.

import type { Undo } from '../clock.js'
import type { Watch } from '../rooms/observer.js'
import type { Publisher } from '../rooms/publisher.js'
import { parseKey, parseRoom, parseText, parseUsername } from '../rooms/message.js'
import type { Attachment } from '../rooms/file.js'
import type { Room } from '../rooms/room.js'
import type { Rooms } from '../rooms/rooms.js'
import type { Appended } from '../rooms/store.js'
import type { Amending } from './amending.js'
import type { Authors } from './authors.js'
import type { Carrying, Uploaded } from './carrying.js'
import type { Entrance } from './entrance.js'
import type { Limits } from './limits.js'
import type { Moderation } from './moderation.js'
import type { Session } from './sessions.js'

/**
 * A message to be sent, as it came in: nothing is checked yet. `address`: the address to which it is counted; without
 * it the address that the session joined from. A message of the program itself has neither, and is not counted.
 */
export type SendRequest = {
  readonly room: unknown
  readonly username?: unknown
  readonly text: unknown
  /** The id of the message that it answers. */
  readonly of?: unknown
  /** The id of a file that the same session has uploaded to this room. */
  readonly file?: unknown
  readonly key?: unknown
  readonly session?: Session | undefined
  readonly address?: string | undefined
}

/** `epoch` is of the message: the room may have begun another log since. */
export type Sent = Appended & { readonly room: Room; readonly replayed: boolean }

export type SendingParts = {
  readonly rooms: Rooms
  readonly publisher: Publisher
  readonly limits: Limits
  readonly entrance: Entrance
  readonly moderation: Moderation
  readonly amending: Pick<Amending, 'parseReply'>
  readonly authors: Authors
  readonly carrying: Carrying
  readonly watch: Watch
}

type Draft = {
  readonly type: string
  readonly username: string
  readonly text: string
  readonly of?: number
  readonly file?: Attachment
}

/** What is said of a draft apart from what it says. */
type Sender = {
  readonly mark: string | undefined
  readonly session: Session | undefined
  readonly address: string | undefined
  readonly uploaded: Uploaded | undefined
}

export class Sending {
  readonly #parts: SendingParts

  constructor(parts: SendingParts) {
    this.#parts = parts
  }

  /** Publishes a text under the name of a session, or under a free name; once for each sender and key. */
  async send(request: SendRequest): Promise<Sent> {
    const { limits, entrance, moderation, authors, carrying } = this.#parts
    const { username, of, session, address = session?.address } = request
    const name = parseRoom(request.room)
    const uploaded = request.file === undefined ? undefined : await carrying.find(request.file, name, session)
    // Who cannot show a file reads its name.
    const text = uploaded !== undefined && isEmpty(request.text) ? uploaded.file.name : request.text
    const said = { type: 'chat', username: session?.username ?? parseUsername(username), text: parseText(text) }
    const mark = request.key === undefined ? undefined : parseKey(request.key)
    const asked = moderation.reach(name, session)
    if (asked !== undefined) await asked
    entrance.refuse(name, said.username, session)
    if (session !== undefined) {
      const entered = entrance.enter(session, name)
      if (entered instanceof Promise) await entered
    }
    limits.message(address, session, said.username)
    const room = entrance.knock(name, address) ?? (await entrance.open(name, said.username, session))
    if (session === undefined) {
      const free = entrance.refuseHeld(room, said.username)
      if (free !== undefined) await free
    }
    const answer = of === undefined ? said : { ...said, of: await this.#answered(room, of) }
    const draft = uploaded === undefined ? answer : { ...answer, file: uploaded.file }
    const kept = this.#publish(room, draft, { mark, session, address, uploaded })
    const sent = kept instanceof Promise ? await kept : kept
    if (session !== undefined && !sent.replayed) {
      const { message, epoch } = sent
      authors.wrote(session, { room: name, epoch, id: message.id })
    }
    return sent
  }

  #publish(room: Room, draft: Draft, sender: Sender): Sent | Promise<Sent> {
    const { publisher, moderation } = this.#parts
    const isChecked = sender.uploaded !== undefined || moderation.isSlow(room.name)
    if (isChecked || sender.mark !== undefined) return this.#publishOnce(room, draft, sender, isChecked)
    const kept = publisher.publish(room, draft, sender.address)
    return kept instanceof Promise ? kept.then((one) => sentTo(room, one, false)) : sentTo(room, kept, false)
  }

  /** Publishes a draft with a key, once for its sender, or one that is checked first: with a file, or in a slow room. */
  async #publishOnce(
    room: Room,
    draft: Draft,
    { mark, session, address, uploaded }: Sender,
    isChecked: boolean,
  ): Promise<Sent> {
    const { publisher, moderation, carrying, watch } = this.#parts
    const undos: (Undo | undefined)[] = []
    const prepare = async (): Promise<void> => {
      undos.push(moderation.pace(room, draft.username, session))
      if (uploaded !== undefined) undos.push(await carrying.take(uploaded, mark !== undefined))
    }
    try {
      if (mark === undefined) {
        await prepare()
        return sentTo(room, await publisher.publish(room, draft, address), false)
      }
      const sender = session === undefined ? 'name' : 'session'
      const parts = { ...draft, key: mark }
      // What is only repeated is no message more.
      const check = isChecked ? prepare : undefined
      const { appended, replayed } = await publisher.publishByKey(room, sender, parts, address, check)
      if (replayed) watch.observer?.repeated(room, draft.username)
      return sentTo(room, appended, replayed)
    } catch (error) {
      // What could not be kept was not said.
      for (const undo of undos) undo?.()
      throw error
    }
  }

  /** The id of the message that is answered. The room is held meanwhile. */
  async #answered(room: Room, of: unknown): Promise<number> {
    const { rooms, amending } = this.#parts
    const release = room.hold()
    try {
      return await amending.parseReply(room, of)
    } finally {
      release()
      rooms.settle(room)
    }
  }
}

function isEmpty(text: unknown): boolean {
  return text === undefined || text === ''
}

function sentTo(room: Room, { message, epoch }: Appended, replayed: boolean): Sent {
  return { room, message, epoch, replayed }
}
