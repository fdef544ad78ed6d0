// A person who is here as long as a connection lasts: in one room or several, under one name or several. The end of
// the connection leaves every room and frees every name.

import type { Chat } from './chat.js'
import type { Joined } from './people/membership.js'
import type { Undo } from './clock.js'
import { ChatError } from './errors.js'
import type { Identity } from './people/identity.js'
import { foldName, parseRoom, parseUsername } from './rooms/message.js'
import type { Session } from './people/sessions.js'

/** Where a connection comes from, and who the person is, where the chat asks for that. */
export type ConnectionOrigin = { readonly address?: string | undefined; readonly identity?: Identity | undefined }

export class ConnectionMember {
  readonly #chat: Chat
  readonly #origin: ConnectionOrigin
  readonly #byRoom = new Map<string, Session>()
  readonly #byName = new Map<string, { session: Session; disconnect: Undo }>()
  #isGone = false

  constructor(chat: Chat, origin: ConnectionOrigin = {}) {
    this.#chat = chat
    this.#origin = origin
  }

  /** The session under which the person is in a room. Throws `not_joined`. */
  in(room: string): Session {
    const session = this.#byRoom.get(room)
    if (session === undefined) throw new ChatError('not_joined', 'you have not joined this room: join it first')
    return session
  }

  isIn(room: string): boolean {
    return this.#byRoom.has(room)
  }

  /** Takes a name in a room, with the session that has this name already, or a new one. */
  async join(name: unknown, username: unknown): Promise<Joined> {
    const room = parseRoom(name)
    if (this.isIn(room)) throw new ChatError('bad_request', 'you are in this room already')
    const known = this.#byName.get(foldName(parseUsername(username)))?.session
    const joined = await this.#chat.join({
      room,
      ...this.#origin,
      ...(known === undefined ? { username } : { session: known }),
    })
    const { session } = joined
    if (known === undefined) this.#byName.set(session.fold, { session, disconnect: session.connect() })
    this.#byRoom.set(room, session)
    if (this.#isGone) await this.end()
    return joined
  }

  /** Leaves a room. The session ends with its last room. */
  async leave(room: string): Promise<void> {
    const session = this.in(room)
    this.#byRoom.delete(room)
    if (session.rooms.size > 1) await this.#chat.leave(session, room)
    else await this.#end(session)
  }

  /** The connection has ended. A join that is still under way is taken back when it is done. */
  async end(): Promise<void> {
    this.#isGone = true
    this.#byRoom.clear()
    await Promise.all([...this.#byName.values()].map(({ session }) => this.#end(session)))
  }

  async #end(session: Session): Promise<void> {
    this.#byName.get(session.fold)?.disconnect()
    this.#byName.delete(session.fold)
    await this.#chat.end(session)
  }
}
