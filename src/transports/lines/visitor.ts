// A visitor is the person at the other end of a connection: the name and the rooms, and what each line does.
//
//     PASS secret    where there is a password: everything else is refused until then
//          │
//          ├── a name ─────────> plain: each line is a message in the lobby
//          └── JOIN, MSG, … ───> command: the first word of each line is a command

import type { Auth } from '../../auth/auth.js'
import type { Chat } from '../../core/chat.js'
import type { Joined } from '../../core/people/membership.js'
import type { Undo } from '../../core/clock.js'
import { ChatError } from '../../core/errors.js'
import type { Feed } from '../../core/feed.js'
import { type Identity, maySee } from '../../core/people/identity.js'
import { ConnectionMember } from '../../core/connection-member.js'
import type { Metrics } from '../../core/metrics.js'
import { oldestOf, type Frame, type Frames } from '../../core/rooms/stream.js'
import { parseCommand } from './command.js'
import { asWord, bytesOf, COMMAND_FORM, type LineForm, linesOf, PLAIN_FORM } from './form.js'

export type LineVisitorParts = {
  readonly chat: Chat
  readonly metrics: Metrics
  /** Authentication, where the chat has any. */
  readonly auth: Auth | undefined
  /** The address to which the visitor is counted. */
  readonly address: string
  readonly frames: { readonly command: Frames<Buffer>; readonly plain: Frames<Buffer> }
}

/** How the visitor is answered. */
export type Voice = {
  readonly feed: Feed
  say(line: string): void
  /** False when the socket takes no more for now. */
  write(bytes: Buffer): boolean
  /** Ends the connection, with a last line. */
  end(line?: string): void
}

/** The room of the plain mode. */
const LOBBY = 'lobby'

const UNKNOWN = 'ERROR unknown command or wrong args'

export class LineVisitor {
  readonly #parts: LineVisitorParts
  readonly #voice: Voice
  /** Authentication, until it has let the visitor in. */
  #auth: Auth | undefined
  #identity: Identity | undefined
  #member: ConnectionMember
  readonly #reading = new Map<string, Undo>()
  #mode: 'new' | 'command' | 'plain' = 'new'

  constructor(parts: LineVisitorParts, voice: Voice) {
    const { chat, address, auth } = parts
    this.#parts = parts
    this.#voice = voice
    this.#auth = auth
    this.#member = new ConnectionMember(chat, { address })
  }

  /** Has the visitor given neither a name nor a command yet? */
  get isNew(): boolean {
    return this.#mode === 'new'
  }

  /** Does what a line asks for. Rejects with a `ChatError` where that is refused. */
  take(line: string): Promise<void> {
    return this.#mode === 'plain' ? this.#takePlain(line) : this.#takeCommand(line)
  }

  /** The connection has ended: every room is left. */
  close(): Promise<void> {
    return this.#member.end()
  }

  async #takePlain(text: string): Promise<void> {
    if (text === 'exit') return this.#voice.end()
    await this.#send(LOBBY, text)
  }

  async #takeCommand(line: string): Promise<void> {
    if (this.#auth !== undefined) return this.#pass(line, this.#auth)
    const command = this.#commandOf(line)
    if (command === undefined) return this.#mode === 'new' ? this.#joinPlain(line) : this.#voice.say(UNKNOWN)
    // The password comes before the first line with a name or a command.
    if (command.name === 'pass') return this.#voice.say(this.#mode === 'new' ? 'INFO no password is needed' : UNKNOWN)
    this.#mode = 'command'
    switch (command.name) {
      case 'join':
        return this.#join(command.room, command.username)
      case 'msg':
        return this.#send(command.room, command.text)
      case 'leave':
        return this.#leave(command.room)
      case 'who':
        return this.#who(command.room)
      case 'rooms':
        return this.#rooms()
      case 'quit':
        return this.#voice.end('INFO bye')
      case 'wrong':
        return this.#voice.say(UNKNOWN)
    }
  }

  #commandOf(line: string): ReturnType<typeof parseCommand> {
    try {
      return parseCommand(line)
    } catch (error) {
      // A command word decides the mode, even with a room or a name that is refused.
      this.#mode = 'command'
      throw error
    }
  }

  /** The password, or the token, comes first. A wrong one ends the connection. */
  async #pass(line: string, auth: Auth): Promise<void> {
    const { chat, metrics, address } = this.#parts
    const word = /^PASS (.+)$/i.exec(line)?.[1]
    if (word === undefined) throw new ChatError('unauthorized', auth.wants)
    try {
      this.#identity = await auth.pass(word, address)
    } catch (error) {
      if (!(error instanceof ChatError)) throw error
      metrics.rejected.add(1, error.code)
      return this.#voice.end(`ERROR ${error.message}`)
    }
    this.#auth = undefined
    this.#member = new ConnectionMember(chat, { address, identity: this.#identity })
    this.#voice.feed.endWith(this.#identity)
    this.#voice.say('INFO welcome')
  }

  async #join(room: string, username: string): Promise<void> {
    if (this.#member.isIn(room)) return this.#voice.say(`ERROR already in room ${room}`)
    const joined = await this.#member.join(room, username)
    this.#voice.say(`INFO joined room ${room}`)
    this.#follow(joined, COMMAND_FORM, this.#parts.frames.command)
  }

  async #joinPlain(username: string): Promise<void> {
    const joined = await this.#member.join(LOBBY, username)
    this.#mode = 'plain'
    this.#follow(joined, PLAIN_FORM, this.#parts.frames.plain, 'HISTORY_END')
  }

  // Earlier messages are told first, and only messages: who came and went then is no news any more.
  #follow({ session, room, id }: Joined, form: LineForm, frames: Frames<Buffer>, end?: string): void {
    let isPast = true
    const toSelf = (frame: Frame<Buffer>): Buffer => {
      const lines = linesOf(frame, form, (message) =>
        message.id > id || (message.id < id && message.type === 'chat') ? form.line(message) : undefined,
      )
      if (frame.place.id < id) return bytesOf(lines)
      isPast = false
      const live = frame.entries.filter(({ message }) => message.id > id && form.line(message) !== undefined).length
      if (end !== undefined) lines.splice(lines.length - live, 0, end)
      return bytesOf(lines)
    }
    this.#voice.feed.name = session.username
    const write = (frame: Frame<Buffer>): boolean => this.#voice.write(isPast ? toSelf(frame) : frame.form)
    const unfollow = this.#voice.feed.follow(room, oldestOf(room), frames, write, session)
    this.#reading.set(room.name, unfollow)
  }

  async #send(room: string, text: string): Promise<void> {
    if (!this.#member.isIn(room)) return this.#voice.say(`ERROR not in room ${room}`)
    await this.#parts.chat.send({ room, text, session: this.#member.in(room) })
    this.#voice.feed.catchUp()
  }

  async #leave(room: string): Promise<void> {
    if (!this.#member.isIn(room)) return this.#voice.say(`ERROR not in room ${room}`)
    this.#reading.get(room)?.()
    this.#reading.delete(room)
    this.#voice.say(`INFO left ${room}`)
    await this.#member.leave(room)
  }

  async #who(room: string): Promise<void> {
    const { members } = maySee(this.#identity, room) ? await this.#parts.chat.members(room) : { members: [] }
    this.#voice.say([`INFO ${room}:`, ...members.map(asWord)].join(' '))
  }

  async #rooms(): Promise<void> {
    await this.#parts.chat.reachRooms()
    for (const room of this.#parts.chat.rooms)
      if (maySee(this.#identity, room.name)) this.#voice.say(`INFO ${room.name} ${room.presence.size}`)
  }
}
