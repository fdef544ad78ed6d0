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
import { Feed } from '../../core/feed.js'
import type { Gap } from '../../core/rooms/gap.js'
import type { Metrics } from '../../core/metrics.js'
import { presenceVersion } from '../../core/rooms/reader.js'
import type { Room } from '../../core/rooms/room.js'
import type { Session } from '../../core/people/sessions.js'
import { type Cut, Frames, startOf } from '../../core/rooms/stream.js'
import type { StreamWriter } from './stream-reply.js'
import type { LetGo, Waiter } from './request.js'

/** What a stream needs of its server. */
type StreamContext = { readonly chat: Chat; readonly metrics: Metrics; readonly eventStreams: EventStreams }

/** A comment this often keeps proxies from thinking that nothing comes any more. */
export const BEAT_MS = 15_000

/** A stream ends after this time and up to as much again, so that a balancer can spread its readers anew. */
export const LIFE_MS = 5 * 60_000

const RETRY_MS = 2000

/** The most messages in a frame for a reader of several rooms: each message has a cursor that names all rooms. */
const SEVERAL_MESSAGES = 32

/** What all streams of a server share. */
export class EventStreams {
  readonly one = new Frames((cut) => Buffer.from(eventsOf(cut, ({ epoch, id }) => `${epoch}.${id}`)))
  readonly several = new Frames(() => undefined, SEVERAL_MESSAGES)
  readonly #max: number
  readonly #presence = new WeakMap<object, Buffer>()
  size = 0

  constructor(max: number) {
    this.#max = max
  }

  get isFull(): boolean {
    return this.size >= this.#max
  }

  /** The event that tells the presence of a room, encoded once a change. */
  presenceOf({ name, presence: { state } }: Room): Buffer {
    let event = this.#presence.get(state)
    if (event === undefined) this.#presence.set(state, (event = Buffer.from(presenceEvent(`"${name}":${state.json}`))))
    return event
  }
}

export type EventOptions = { readonly since: Since; readonly limit: number; readonly presence: boolean }

export class EventStream implements Waiter {
  readonly #context: StreamContext
  readonly #rooms: readonly Room[]
  readonly #writer: StreamWriter
  readonly #feed: Feed
  readonly #places = new Map<Room, { epoch: string; id: number }>()
  readonly #undos: Undo[] = []
  #beat: Undo | undefined
  #watches = false
  #told: string | undefined

  constructor(rooms: readonly Room[], writer: StreamWriter, context: StreamContext) {
    this.#context = context
    this.#rooms = rooms
    this.#writer = writer
    this.#feed = new Feed({
      chat: context.chat,
      metrics: context.metrics,
      transport: 'sse',
      copies: rooms.length > 1,
      rests: true,
      cut: () => writer.cut(),
    })
    writer.onDrain(() => this.#drained())
  }

  /** `exit`: gives back the place among the readers of its address. */
  start({ since, limit, presence }: EventOptions, session: Session | undefined, exit?: Undo): void {
    const { chat, eventStreams } = this.#context
    eventStreams.size++
    this.#undos.push(() => eventStreams.size--)
    this.#feed.name = session?.username
    if (session !== undefined) this.#undos.push(session.connect())
    this.#feed.endWith(session?.identity)
    if (exit !== undefined) this.#undos.push(exit)
    this.#write(`retry: ${RETRY_MS}\n\n`)
    const starts = this.#rooms.map((room) => ({ room, place: startOf(room, since, limit) }))
    for (const { room, place } of starts) this.#places.set(room, { epoch: place.epoch ?? room.epoch, id: place.id })
    for (const { room, place } of starts) this.#follow(room, place)
    if (presence) this.#watch(since.presence)
    this.#undos.push(chat.timers.after(LIFE_MS * (1 + chat.random.fraction()), () => this.#end('')))
    this.#beatLater()
  }

  letGo(why: LetGo): void {
    // Each its own, so that a thousand readers do not come back in one instant.
    if (why === 'stop') this.#end(`retry: ${Math.round(500 + 4500 * this.#context.chat.random.fraction())}\n\n`)
    else this.#end('')
  }

  #follow(room: Room, place: ReturnType<typeof startOf>): void {
    const { one, several } = this.#context.eventStreams
    if (this.#rooms.length === 1) this.#feed.follow(room, place, one, (frame) => this.#writer.write(frame.form))
    else
      this.#feed.follow(room, place, several, (frame) =>
        this.#writer.write(eventsOf(frame, (at) => this.#cursor(room, at))),
      )
  }

  /** The cursor of a reader of several rooms, which has just come to a place in one of them. */
  #cursor(room: Room, place: { epoch: string; id: number }): string {
    this.#places.set(room, place)
    return formatCursor([...this.#places].map(([{ name }, { epoch, id }]) => ({ room: name, epoch, id })))
  }

  #watch(told: string | undefined): void {
    this.#watches = true
    this.#told = told
    for (const room of this.#rooms) this.#undos.push(room.presence.watch(() => this.#tellPresence()))
    this.#tellPresence()
  }

  #tellPresence(): void {
    const version = presenceVersion(this.#rooms)
    if (!this.#feed.hasRoom || this.#told === version) return
    this.#told = version
    const [room] = this.#rooms
    if (this.#rooms.length === 1 && room !== undefined) return this.#write(this.#context.eventStreams.presenceOf(room))
    this.#write(presenceEvent(this.#rooms.map(({ name, presence }) => `"${name}":${presence.state.json}`).join(',')))
  }

  #drained(): void {
    this.#feed.drained()
    if (this.#watches) this.#tellPresence()
  }

  #beatLater(): void {
    this.#beat = this.#context.chat.timers.after(BEAT_MS, () => {
      if (this.#feed.hasRoom) this.#write(':\n\n')
      this.#beatLater()
    })
  }

  #write(bytes: Buffer | string): void {
    if (!this.#writer.write(bytes)) this.#feed.full()
  }

  #end(last: string): void {
    this.#beat?.()
    this.#feed.close()
    for (const undo of this.#undos.splice(0)) undo()
    this.#writer.end(last)
  }
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
