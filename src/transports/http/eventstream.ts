// The form of Server-Sent Events, and one stream of them (HTML Standard, section 9.2).
//
//     id: k3f9qz1a.801                  the cursor: `Last-Event-ID` brings it back, and nothing is told twice
//     data: {"id":801,"room":"lobby",…  a message as one line of JSON
//
//     event: gap                        what this reader cannot have
//     event: presence                   who is here and who types, whole
//
// At most one frame (see core/rooms/stream.ts) is on its way to a reader, which is less than 128 KiB.

import type { Chat } from '../../core/chat.js'
import type { Undo } from '../../core/clock.js'
import { formatCursor, type Since } from '../../core/rooms/cursor.js'
import { Feed, type FeedParts } from '../../core/feed.js'
import type { Gap } from '../../core/rooms/gap.js'
import type { Metrics } from '../../core/metrics.js'
import { presenceVersion, type ReaderOptions } from '../../core/rooms/reader.js'
import type { Room } from '../../core/rooms/room.js'
import type { Session } from '../../core/people/sessions.js'
import { type Cut, Frames, startOf } from '../../core/rooms/stream.js'
import type { StreamWriter } from './stream-reply.js'
import { type Ageing, Sweep, turnsOf } from './sweep.js'
import type { LetGo, Waiter } from './request.js'

/** A comment this often shows proxies that the stream is alive. */
export const BEAT_MS = 15_000

/** A stream ends after this time and up to as much again, so that a balancer can spread its readers anew. */
export const LIFE_MS = 5 * 60_000

const RETRY_MS = 2000

/** The most messages in a frame for a reader of several rooms: each message has a cursor that names all rooms. */
const SEVERAL_MESSAGES = 32

type Place = { readonly epoch: string; readonly id: number }

/** What all streams of a server share. */
export class EventStreams {
  readonly chat: Chat
  readonly all: Sweep<EventStream>
  readonly one = new Frames((cut) => Buffer.from(eventsOf(cut, ({ epoch, id }) => `${epoch}.${id}`)))
  readonly several = new Frames(() => undefined, SEVERAL_MESSAGES)
  readonly #feeds: { readonly one: FeedParts; readonly several: FeedParts }
  readonly #max: number
  readonly #presence = new WeakMap<object, Buffer>()

  constructor(chat: Chat, metrics: Metrics, max: number) {
    this.chat = chat
    this.all = new Sweep(chat.clock)
    const parts = { chat, metrics, transport: 'sse', rests: true }
    this.#feeds = { one: parts, several: { ...parts, copies: true } }
    this.#max = max
  }

  get isFull(): boolean {
    return this.all.size >= this.#max
  }

  feedOf(rooms: readonly Room[]): FeedParts {
    return rooms.length > 1 ? this.#feeds.several : this.#feeds.one
  }

  /** The event that tells the presence of a room, encoded once a change. */
  presenceOf({ name, presence: { state } }: Room): Buffer {
    let event = this.#presence.get(state)
    if (event === undefined) this.#presence.set(state, (event = Buffer.from(presenceEvent(`"${name}":${state.json}`))))
    return event
  }
}

export type EventOptions = ReaderOptions & { readonly since: Since }

/** What a reader of presence was told last. `seen`: does it ask how far people have read? */
type Watching = { readonly seen: boolean; told: string | undefined }

export class EventStream implements Waiter, Ageing {
  readonly #streams: EventStreams
  readonly #rooms: readonly Room[]
  readonly #writer: StreamWriter
  readonly #feed: Feed
  /** The places of a reader of several rooms, which each of its cursors names. */
  #places: Map<Room, Place> | undefined
  #watching: Watching | undefined
  #undos: readonly Undo[] = NO_UNDOS
  #turnsToBeat: number
  #turnsLeft: number

  constructor(rooms: readonly Room[], writer: StreamWriter, streams: EventStreams) {
    this.#streams = streams
    this.#rooms = rooms
    this.#writer = writer
    this.#feed = new Feed(streams.feedOf(rooms), writer)
    // Streams that have begun together do not have their turns together.
    const { random } = streams.chat
    this.#turnsToBeat = turnsOf(BEAT_MS * random.fraction())
    this.#turnsLeft = turnsOf(LIFE_MS * (1 + random.fraction()))
    writer.onDrain(() => this.#drained())
  }

  /** `exit` gives back the reader's place among the readers of its address. */
  start({ since, limit, presence, seen = false }: EventOptions, session: Session | undefined, exit?: Undo): void {
    this.#streams.all.add(this)
    this.#feed.name = session?.username
    this.#feed.endWith(session?.identity)
    const undos = [session?.connect(), exit].filter((undo) => undo !== undefined)
    if (undos.length > 0) this.#undos = undos
    this.#write(`retry: ${RETRY_MS}\n\n`)
    const starts = this.#rooms.map((room) => ({ room, place: startOf(room, since, limit) }))
    if (starts.length > 1)
      this.#places = new Map(starts.map(({ room, place: { epoch = room.epoch, id } }) => [room, { epoch, id }]))
    for (const { room, place } of starts) this.#follow(room, place, session)
    if (presence) this.#watch({ seen, told: since.presence })
  }

  letGo(why: LetGo): void {
    // Each stream has its own pause, so that a thousand readers do not come back in one instant.
    if (why === 'stop') this.#end(`retry: ${Math.round(500 + 4500 * this.#streams.chat.random.fraction())}\n\n`)
    else this.#end('')
  }

  age(): void {
    if (--this.#turnsLeft < 0) return this.#end('')
    if (--this.#turnsToBeat > 0) return
    this.#turnsToBeat = turnsOf(BEAT_MS)
    if (this.#feed.hasRoom) this.#write(BEAT)
  }

  #follow(room: Room, place: ReturnType<typeof startOf>, session: Session | undefined): void {
    const { one, several } = this.#streams
    const places = this.#places
    if (places === undefined) this.#feed.follow(room, place, one, ({ form }) => this.#writer.write(form), session)
    else
      this.#feed.follow(
        room,
        place,
        several,
        (frame) => this.#writer.write(eventsOf(frame, (at) => cursorOf(places, room, at))),
        session,
      )
  }

  #watch(watching: Watching): void {
    this.#watching = watching
    const undos = this.#rooms.map(({ presence }) => presence.watch(() => this.#tellPresence(watching), watching.seen))
    this.#undos = [...this.#undos, ...undos]
    this.#tellPresence(watching)
  }

  #tellPresence(watching: Watching): void {
    const { seen, told } = watching
    const version = presenceVersion(this.#rooms, seen)
    if (!this.#feed.hasRoom || told === version) return
    watching.told = version
    const [room] = this.#rooms
    if (this.#rooms.length === 1 && room !== undefined && !seen) return this.#write(this.#streams.presenceOf(room))
    this.#write(presenceEvent(this.#rooms.map(({ name, presence }) => `"${name}":${presence.json(seen)}`).join(',')))
  }

  #drained(): void {
    this.#feed.drained()
    if (this.#watching !== undefined) this.#tellPresence(this.#watching)
  }

  #write(bytes: Buffer | string): void {
    if (!this.#writer.write(bytes)) this.#feed.full()
  }

  #end(last: string): void {
    this.#streams.all.remove(this)
    this.#feed.close()
    const undos = this.#undos
    this.#undos = NO_UNDOS
    for (const undo of undos) undo()
    this.#writer.end(last)
  }
}

const NO_UNDOS: readonly Undo[] = []
const BEAT = Buffer.from(':\n\n')

/** The cursor of a reader of several rooms that has just come to a place in one of them. */
function cursorOf(places: Map<Room, Place>, room: Room, place: Place): string {
  places.set(room, place)
  return formatCursor([...places].map(([{ name }, { epoch, id }]) => ({ room: name, epoch, id })))
}

type At = (place: { epoch: string; id: number }) => string

/** A gap and the messages behind it. `at`: the cursor of a place. */
function eventsOf({ room, gap, entries, place: { epoch, id } }: Cut, at: At): string {
  const events = gap === undefined ? [] : [gapEvent(gap, at({ epoch, id: (entries[0]?.message.id ?? id + 1) - 1 }))]
  for (const { message, json } of entries)
    events.push(`id: ${at({ epoch: room.epoch, id: message.id })}\ndata: ${json}\n\n`)
  return events.join('')
}

function gapEvent(gap: Gap, cursor: string): string {
  return `event: gap\nid: ${cursor}\ndata: ${JSON.stringify(gap)}\n\n`
}

function presenceEvent(rooms: string): string {
  return `event: presence\ndata: {${rooms}}\n\n`
}
