// The conversation: what `mini-chat join` does between entering and leaving.
//
//     a typed line ──> command ──> outbox (until it has arrived) ──> POST /send
//                         └────> membership: /join, /leave, /who, /rooms
//     GET /poll ──> incoming ──> screen
//
// The only thing that it knows about its screen is whether a person sits there. Leaving is always the same: messages
// get a few seconds to arrive, the name is given back, and the screen is put back as it was.

import { type Credentials, edit, hand, history, type Message, react, remove } from '../client/index.js'
import { Incoming } from './incoming.js'
import type { Kept } from './kept.js'
import { withFile } from './format.js'
import { foundRows, handsOf, helpRows, roomRows, whoRow } from './lists.js'
import { Membership, NoName } from './membership.js'
import { type Command, parseCommand } from './commands.js'
import type { Screen } from './screen.js'
import { Sending } from './sending.js'
import { sentenceOf } from './errors.js'

/** How many rooms one poll may follow. */
const MAX_ROOMS = 16

/** How long leaving waits for messages to arrive. */
const SETTLE_MS = 5000

/** How much a search prints, and in how many requests: each looks through thousands of messages. */
const MOST_FOUND = 20
const MOST_SEARCHES = 10

export type TalkOptions = {
  readonly url: string
  readonly room: string
  readonly username: string | undefined
  readonly credentials: Credentials
  readonly screen: Screen
  readonly kept: Kept
}

export class Talk {
  readonly #url: string
  readonly #screen: Screen
  readonly #membership: Membership
  readonly #sending: Sending
  readonly #incoming: Incoming
  readonly #impatience = new AbortController()
  readonly #ended: Promise<Error | undefined>
  #end: (error: Error | undefined) => void = () => undefined
  #stopping = false
  #active: string

  constructor({ url, room, username, credentials, screen, kept }: TalkOptions) {
    this.#url = url
    this.#screen = screen
    this.#active = room
    this.#ended = new Promise((resolve) => (this.#end = resolve))
    this.#membership = new Membership(
      {
        url,
        credentials,
        kept,
        anotherName: (sentence) => this.#askName(sentence),
        onRejoined: (lost) => this.#rejoined(lost),
      },
      username,
    )
    const shared = { url, screen, membership: this.#membership, onUnauthorized: () => this.#rejoin() }
    this.#sending = new Sending({ ...shared, onSent: (message) => void this.#incoming.seen.take(message) })
    this.#incoming = new Incoming({
      ...shared,
      room,
      active: () => this.#active,
      onStatus: () => this.#prompt(),
      onBack: () => this.#sending.hurry(),
    })
  }

  /** Enters, talks and leaves. Resolves with how many messages did not arrive; throws the error that ended it. */
  async run(): Promise<number> {
    const undo = this.#screen.onGone((isAsked) => (isAsked ? this.stop() : this.hangUp()))
    try {
      await this.#membership.join(this.#active)
      if (this.#screen.isTerminal) this.#screen.notice('/help lists the commands')
      this.#prompt()
      this.#incoming.listen().catch((error: Error) => this.#end(error))
      this.#screen
        .read((line, isText = false) => this.#obey(isText ? { kind: 'say', text: line } : parseCommand(line)))
        .then(
          () => this.#end(undefined),
          (error: Error) => this.#end(error),
        )
      const error = await this.#ended
      this.#stopping = true
      await this.#leave()
      if (error !== undefined) throw error
    } finally {
      undo()
      this.#incoming.close()
      this.#sending.close()
      this.#screen.close()
    }
    return this.#sending.pending + (this.#screen.isTerminal ? 0 : this.#sending.refused)
  }

  /** The person asks to leave. The first time that is done in good order, the second time at once. */
  stop(): void {
    if (this.#stopping) this.#impatience.abort()
    this.hangUp()
  }

  /** The person has gone. A closed terminal says so in several ways, and none of them is impatience. */
  hangUp(): void {
    this.#stopping = true
    this.#end(undefined)
  }

  async #obey(command: Command): Promise<void> {
    try {
      await this.#follow(command)
    } catch (error) {
      if (error instanceof NoName) this.#end(error)
      else this.#screen.notice(sentenceOf(error, this.#url))
    }
  }

  async #follow(command: Command): Promise<void> {
    if (this.#stopping) return
    if (command.kind === 'nothing') return this.#hurry()
    if (command.kind === 'say') return this.#sending.say(this.#active, command.text, this.#impatience.signal)
    if (command.kind === 'join') return this.#join(command.room)
    if (command.kind === 'leave') return this.#leaveRoom(command.room ?? this.#active)
    if (command.kind === 'edit' || command.kind === 'delete') return this.#change(command)
    if (command.kind === 'reply' || command.kind === 'react') return this.#answer(command)
    if (command.kind === 'search') return this.#search(this.#active, command.words)
    if (command.kind === 'hand') return this.#raise(this.#active)
    if (command.kind === 'nick') return this.#rename(command.username)
    if (command.kind === 'quit') return this.#end(undefined)
    if (command.kind === 'wrong') return this.#screen.notice(command.why)
    if (command.kind === 'help') return this.#screen.notice(helpRows())
    if (command.kind === 'who')
      return this.#screen.notice(whoRow(await this.#membership.get(`/members?room=${command.room ?? this.#active}`)))
    this.#screen.notice(roomRows(await this.#membership.get('/rooms')))
  }

  /** Changes one's own newest message. */
  async #change(command: Extract<Command, { kind: 'edit' | 'delete' }>): Promise<void> {
    // The last message may still be on its way.
    await this.#sending.settle(0, SETTLE_MS, this.#impatience.signal)
    const { username: name, amending } = this.#membership
    const said = await this.#newest(name)
    if (said === undefined) return this.#screen.notice('you have said nothing here lately')
    const about = { room: said.room, of: said.id }
    await (command.kind === 'edit' ? edit(amending, { ...about, text: command.text }) : remove(amending, about))
  }

  /** Answers the newest message of this name, or of any other person. */
  async #answer({ kind, name, text }: Extract<Command, { kind: 'reply' | 'react' }>): Promise<void> {
    const said = await this.#newest(name)
    if (said === undefined)
      return this.#screen.notice(
        `${name ?? 'nobody else'} has said ${name === undefined ? 'anything' : 'nothing'} here lately`,
      )
    const { id: of, room, reactions = [] } = said
    if (kind === 'reply') return this.#sending.say(room, text, this.#impatience.signal, of)
    const { username, amending } = this.#membership
    const emoji = text.replaceAll('\ufe0f', '')
    const isMine = reactions.some((one) => one.text.replaceAll('\ufe0f', '') === emoji && one.by.includes(username))
    const answer = await react(amending, { room, of, text, on: !isMine })
    // It counts for the next command, even before a poll brings it.
    if (answer !== undefined) this.#incoming.seen.take(answer.message)
  }

  /** The server knows whether the hand is up. */
  async #raise(room: string): Promise<void> {
    const { amending, username } = this.#membership
    const up = !handsOf(await this.#membership.get(`/members?room=${room}`)).includes(username)
    await hand(amending, { room, up })
    this.#screen.notice(up ? 'your hand is up: /hand puts it down' : 'your hand is down')
  }

  /** Prints the newest of what was said with these words, each as a line with its date. */
  async #search(room: string, words: string): Promise<void> {
    const { amending } = this.#membership
    const found: Message[] = []
    let before: number | undefined
    let isAll = false
    for (let asked = 0; asked < MOST_SEARCHES && found.length < MOST_FOUND && !isAll; asked++) {
      if (this.#stopping) return
      const limit = MOST_FOUND - found.length
      const { messages, more, searched } = await history(amending, { room, q: words, before, limit })
      found.unshift(...messages)
      before = searched
      isAll = !more
    }
    const rows = found.map((message) => withFile(message, this.#url))
    this.#screen.notice(foundRows(words, rows, isAll))
  }

  /** The newest message in the active room of this name, or of any other person. */
  async #newest(name: string | undefined): Promise<Message | undefined> {
    return this.#incoming.seen.newest(this.#active, { name, me: this.#membership.username })
  }

  async #join(room: string): Promise<void> {
    if (!this.#membership.rooms.includes(room)) {
      if (this.#membership.rooms.length >= MAX_ROOMS)
        return this.#screen.notice(`${MAX_ROOMS} rooms are all there is place for: /leave one first`)
      await this.#membership.join(room)
      this.#incoming.changeRooms()
    }
    this.#active = room
    this.#prompt()
  }

  async #leaveRoom(room: string): Promise<void> {
    if (!this.#membership.rooms.includes(room)) return this.#screen.notice(`you are not in ${room}`)
    const [next] = this.#membership.rooms.filter((other) => other !== room)
    if (next === undefined) return this.#end(undefined)
    await this.#sending.settle(0, SETTLE_MS, this.#impatience.signal)
    await this.#incoming.part([room], () => this.#membership.leave(room), this.#impatience.signal)
    this.#incoming.changeRooms()
    if (this.#active === room) this.#active = next
    this.#prompt()
  }

  async #rename(username: string): Promise<void> {
    // Messages on their way go out under the old name first, or they could arrive under both.
    await this.#sending.settle(0, SETTLE_MS, this.#impatience.signal)
    if (this.#sending.pending > 0)
      return this.#screen.notice('not yet: what you said has not arrived. Try again when it has')
    await this.#membership.rename(username)
    this.#screen.notice(`you are ${this.#membership.username} now`)
    this.#incoming.again()
  }

  /** An empty line: everything that waits is tried now. */
  #hurry(): void {
    this.#sending.hurry()
    this.#incoming.hurry()
  }

  async #rejoin(): Promise<void> {
    if (this.#stopping) throw new NoName('')
    try {
      await this.#membership.rejoin()
    } catch (error) {
      if (error instanceof NoName) this.#end(error)
      throw error
    }
  }

  #rejoined(lost: readonly string[]): void {
    for (const room of lost) this.#screen.notice(`somebody else has your name in ${room} now: you are no longer in it`)
    const { rooms, username } = this.#membership
    const [first] = rooms
    if (first === undefined) return this.#end(undefined)
    if (!rooms.includes(this.#active)) this.#active = first
    if (lost.length > 0) this.#incoming.changeRooms()
    this.#screen.notice(`the server did not know you any more: you have joined again as ${username}`)
    this.#incoming.again()
    this.#prompt()
  }

  async #askName(sentence: string | undefined): Promise<string> {
    if (!this.#screen.isTerminal) throw new NoName(sentence ?? 'somebody has to speak: add --as NAME')
    if (sentence !== undefined) this.#screen.notice(sentence)
    for (;;) {
      const name = await this.#screen.ask('your name: ')
      if (name === undefined) throw new NoName('')
      if (name.trim() !== '') return name.trim()
    }
  }

  #prompt(): void {
    const { status } = this.#incoming
    this.#screen.prompt(`${this.#active}${status === '' ? '' : ` (${status})`}> `)
  }

  async #leave(): Promise<void> {
    const { signal } = this.#impatience
    await this.#sending.settle(0, SETTLE_MS, signal)
    // If the server cannot be told, the name is free after a minute.
    const end = (): Promise<void> => this.#membership.end(signal).catch(() => undefined)
    await this.#incoming.part(this.#membership.rooms, end, signal)
  }
}
