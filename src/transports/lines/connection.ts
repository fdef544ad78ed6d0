// One connection: who it is, which rooms it is in, and what it says.
//
// Its lines are taken one after another, and no more is read while one is being done or while the socket has no
// room for answers: a flood waits in the sender's own buffers. The end of the connection leaves every room.

import type { Socket } from 'node:net'
import { setImmediate as breathe } from 'node:timers/promises'
import type { Access } from '../../access/access.js'
import type { Chat, Joined } from '../../core/chat.js'
import type { Undo } from '../../core/clock.js'
import { ChatError } from '../../core/errors.js'
import { Feed } from '../../core/feed.js'
import { type Grant, maySee } from '../../core/grant.js'
import { Guest } from '../../core/guest.js'
import type { Metrics } from '../../core/metrics.js'
import { oldestOf, type Piece, type Pieces } from '../../core/stream.js'
import type { Log } from '../../log.js'
import { looksLikeHttp, parseCommand } from './command.js'
import { asWord, bytesOf, COMMAND_FORM, type Form, linesOf, PLAIN_FORM } from './form.js'
import { type Line, Splitter } from './split.js'

export type ConnectionParts = {
  readonly chat: Chat
  readonly metrics: Metrics
  readonly log: Log
  readonly socket: Socket
  /** The door, where there is one. */
  readonly access: Access | undefined
  /** Whom to count it to. */
  readonly address: string
  readonly pieces: { readonly command: Pieces<Buffer>; readonly plain: Pieces<Buffer> }
}

/** A connection on which nothing went either way for this long is closed. */
const IDLE_MS = 10 * 60_000

/** The room of the plain mode. */
const LOBBY = 'lobby'

/** Lines that are done before everyone else has a turn. */
const BURST = 32

const UNKNOWN = 'ERROR unknown command or wrong args'

export class Connection {
  readonly #chat: Chat
  readonly #metrics: Metrics
  readonly #log: Log
  readonly #socket: Socket
  readonly #pieces: ConnectionParts['pieces']
  readonly #feed: Feed
  readonly #address: string
  /** Asked until it has let somebody in. */
  #door: Access | undefined
  #grant: Grant | undefined
  #guest: Guest
  readonly #reading = new Map<string, Undo>()
  #mode: 'new' | 'command' | 'plain' = 'new'
  #isOver = false
  #contactAt: number
  #idle: Undo | undefined

  constructor({ chat, metrics, log, socket, address, access, pieces }: ConnectionParts) {
    this.#chat = chat
    this.#metrics = metrics
    this.#log = log
    this.#socket = socket
    this.#pieces = pieces
    this.#address = address
    this.#door = access
    this.#guest = new Guest(chat, { address })
    this.#contactAt = chat.clock.now()
    this.#feed = new Feed({ chat, metrics, transport: 'lines', cut: () => socket.destroy() })
    socket.on('drain', () => this.#feed.drained())
    socket.on('close', () => {
      this.#idle?.()
      this.#feed.close()
    })
    socket.on('error', () => undefined) // A peer that vanished: the reading below ends, and that is all there is to it.
  }

  /** Reads until the connection ends, and gives everything back. */
  async run(): Promise<void> {
    const splitter = new Splitter()
    let count = 0
    this.#watch(IDLE_MS)
    this.#say('INFO welcome to mini-chat')
    try {
      for await (const chunk of this.#socket) {
        this.#contactAt = this.#chat.clock.now()
        for (const line of splitter.push(chunk)) {
          if (this.#isOver) break
          await this.#take(line)
          if (++count % BURST === 0) await breathe()
          if (!this.#feed.hasRoom) await this.#drained()
        }
      }
    } catch {
      // A reset, or a socket that was cut: an ordinary end, and nobody is left to be told. Bugs are caught in #take.
    } finally {
      this.#feed.close()
      await this.#guest.end()
      this.end()
    }
  }

  /** Says a last word and closes. */
  end(line?: string): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#feed.close()
    this.#socket.end(line === undefined ? '' : `${line}\n`, () => this.#socket.destroy())
    // A peer that does not even take this is not waited for.
    this.#socket.setTimeout(1000, () => this.#socket.destroy())
  }

  #watch(ms: number): void {
    const { wheel, clock } = this.#chat
    this.#idle = wheel.after(ms, () => {
      const left = this.#contactAt + IDLE_MS - clock.now()
      if (left > 0) this.#watch(left)
      else this.end()
    })
  }

  async #take({ text, isTooLong }: Line): Promise<void> {
    try {
      if (this.#mode === 'new' && looksLikeHttp(text)) this.#hangUp()
      else if (isTooLong) this.#say('ERROR line too long')
      else if (this.#mode === 'plain') await this.#takePlain(text)
      else await this.#takeCommand(text)
    } catch (error) {
      if (error instanceof ChatError) return this.#refuse(error)
      this.#metrics.rejected.add(1, 'internal')
      this.#log.error('bug', error)
      this.end('ERROR this is a fault of the server, and it has been noted')
    }
  }

  #refuse({ code, message }: ChatError): void {
    this.#metrics.rejected.add(1, code)
    this.#say(`ERROR ${code === 'name_taken' ? 'name taken' : message}`)
  }

  async #takePlain(text: string): Promise<void> {
    if (text === 'exit') return this.end()
    await this.#send(LOBBY, text)
  }

  async #takeCommand(line: string): Promise<void> {
    if (this.#door !== undefined) return this.#knock(line, this.#door)
    const command = parseCommand(line)
    if (command === undefined) return this.#mode === 'new' ? this.#joinPlain(line) : this.#say(UNKNOWN)
    // The password comes before the first line that says who somebody is.
    if (command.name === 'pass') return this.#say(this.#mode === 'new' ? 'INFO no password is needed' : UNKNOWN)
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
        return this.end('INFO bye')
      case 'wrong':
        return this.#say(UNKNOWN)
    }
  }

  /** The password, or the proof of who somebody is, comes first. A wrong one ends the connection. */
  async #knock(line: string, door: Access): Promise<void> {
    const word = /^PASS (.+)$/i.exec(line)?.[1]
    if (word === undefined) throw new ChatError('unauthorized', door.wants)
    try {
      this.#grant = await door.pass(word, this.#address)
    } catch (error) {
      if (!(error instanceof ChatError)) throw error
      this.#metrics.rejected.add(1, error.code)
      return this.end(`ERROR ${error.message}`)
    }
    this.#door = undefined
    this.#guest = new Guest(this.#chat, { address: this.#address, grant: this.#grant })
    this.#feed.endWith(this.#grant)
    this.#say('INFO welcome')
  }

  async #join(room: string, username: string): Promise<void> {
    if (this.#guest.isIn(room)) return this.#say(`ERROR already in room ${room}`)
    const joined = await this.#guest.join(room, username)
    this.#say(`INFO joined room ${room}`)
    this.#follow(joined, COMMAND_FORM, this.#pieces.command)
  }

  async #joinPlain(username: string): Promise<void> {
    const joined = await this.#guest.join(LOBBY, username)
    this.#mode = 'plain'
    this.#follow(joined, PLAIN_FORM, this.#pieces.plain, 'HISTORY_END')
  }

  // What was said before is told first, as messages alone: who came and went then is no news any more.
  #follow({ room, id }: Joined, form: Form, pieces: Pieces<Buffer>, end?: string): void {
    let isPast = true
    const toSelf = (piece: Piece<Buffer>): Buffer => {
      const lines = linesOf(piece, form, (message) =>
        message.id > id || (message.id < id && message.type === 'chat') ? form.line(message) : undefined,
      )
      if (piece.place.id < id) return bytesOf(lines)
      isPast = false
      const live = piece.entries.filter(({ message }) => message.id > id && form.line(message) !== undefined).length
      if (end !== undefined) lines.splice(lines.length - live, 0, end)
      return bytesOf(lines)
    }
    const unfollow = this.#feed.follow(room, oldestOf(room), pieces, (piece) =>
      this.#write(isPast ? toSelf(piece) : piece.form),
    )
    this.#reading.set(room.name, unfollow)
  }

  async #send(room: string, text: string): Promise<void> {
    if (!this.#guest.isIn(room)) return this.#say(`ERROR not in room ${room}`)
    await this.#chat.send({ room, text, session: this.#guest.in(room) })
    this.#feed.catchUp()
  }

  async #leave(room: string): Promise<void> {
    if (!this.#guest.isIn(room)) return this.#say(`ERROR not in room ${room}`)
    this.#reading.get(room)?.()
    this.#reading.delete(room)
    this.#say(`INFO left ${room}`)
    await this.#guest.leave(room)
  }

  #who(room: string): void {
    const here = maySee(this.#grant, room) ? this.#chat.rooms.get(room) : undefined
    const members = here?.members.state.presence.members ?? []
    this.#say([`INFO ${room}:`, ...members.map(asWord)].join(' '))
  }

  #rooms(): void {
    for (const room of this.#chat.rooms)
      if (maySee(this.#grant, room.name)) this.#say(`INFO ${room.name} ${room.members.size}`)
  }

  // A browser that another site sent here must not be able to say anything.
  #hangUp(): void {
    this.#isOver = true
    this.#socket.destroy()
  }

  #say(line: string): void {
    if (!this.#write(Buffer.from(`${line}\n`))) this.#feed.full()
  }

  #write(bytes: Buffer): boolean {
    if (bytes.length === 0 || !this.#socket.writable) return true
    this.#contactAt = this.#chat.clock.now()
    return this.#socket.write(bytes)
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#socket.off('drain', done).off('close', done)
        resolve()
      }
      this.#socket.on('drain', done).on('close', done)
      if (this.#socket.destroyed) done()
    })
  }
}
