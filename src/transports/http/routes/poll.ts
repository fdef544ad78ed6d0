// GET /poll: what is newer than a cursor, at once if there is something, otherwise as soon as there is.
//
//     GET /poll?room=lobby&since=k3f9qz1a.801
//        look ── something newer? ── yes ─> 200, now
//                      └── no ──> park ── a message, a change of presence, or time is up ──> 200
//
// It always answers 200, and never creates a room.

import type { Undo } from '../../../core/clock.js'
import { parseSince, type Since } from '../../../core/rooms/cursor.js'
import { ChatError } from '../../../core/errors.js'
import { parseRoom } from '../../../core/rooms/message.js'
import type { Observer, WatchedReader } from '../../../core/rooms/observer.js'
import { Reader, type ReaderOptions } from '../../../core/rooms/reader.js'
import type { Room } from '../../../core/rooms/room.js'
import type { Session } from '../../../core/people/sessions.js'
import type { Encoded } from '../encode.js'
import type { Packer } from '../packer.js'
import { LOOK_MS, type Parked } from '../parking.js'
import { clamped, flag, type Query, wholeNumber } from '../query.js'
import type { LetGo, Request, Waiter } from '../request.js'
import type { Answer, Context, Route } from '../route.js'

export const MAX_ROOMS = 16
export const MAX_WAIT_SECONDS = 55
export const MAX_LIMIT = 500

/** A poll is parked for 85 to 100 % of its wait, so that polls which came together do not come back together. */
const LEAST_WAIT = 0.85

export const poll: Route = {
  method: 'GET',
  path: '/poll',
  handle(request, answer, context) {
    const ask = askOf(request.query)
    const session = request.session()
    const rooms = roomsHere(ask.names, context)
    if (rooms !== undefined && !rooms.some((room) => context.chat.rooms.isBehind(room, ask.since)))
      return new Wait(rooms, ask, request, answer, context).start(session)
    return context.chat.rooms.openAll(ask.names, ask.since, (opened) =>
      new Wait(opened, ask, request, answer, context).start(session),
    )
  },
}

/** What a poll asks for, read from its query. */
export type Ask = {
  readonly names: readonly string[]
  readonly since: Since
  readonly options: ReaderOptions
  /** Seconds; undefined where the client leaves it to the server. */
  readonly wait: number | undefined
}

const asks = new WeakMap<Query, Ask>()

export function askOf(query: Query): Ask {
  const before = asks.get(query)
  if (before !== undefined) return before
  const names = roomsOf(query)
  const since = parseSince(query.one('since'), names)
  const options = optionsOf(query)
  const wait = wholeNumber(query, 'wait')
  const ask = { names, since, options, wait: wait === undefined ? undefined : Math.min(wait, MAX_WAIT_SECONDS) }
  asks.set(query, ask)
  return ask
}

/** The options of a reader, for a poll and for a stream. */
export function optionsOf(query: Query): ReaderOptions {
  return {
    limit: clamped(query, 'limit', 1, MAX_LIMIT, MAX_LIMIT),
    presence: flag(query, 'presence'),
    seen: flag(query, 'seen'),
  }
}

export function roomsOf(query: Query): readonly string[] {
  const given = query.all('room')
  const names = given.length > 1 ? [...new Set(given)] : given
  if (names.length > MAX_ROOMS)
    throw new ChatError('bad_request', `room is given for ${names.length} rooms: at most ${MAX_ROOMS} in one poll`)
  if (names.length === 0) parseRoom(undefined)
  for (const name of names) parseRoom(name)
  return names
}

function roomsHere(names: readonly string[], { chat }: Context): Room[] | undefined {
  const rooms: Room[] = []
  for (const name of names) {
    const room = chat.rooms.get(name)
    if (room === undefined) return undefined
    rooms.push(room)
  }
  return rooms
}

/** One poll, from its look into the rings to its answer. */
class Wait implements Parked, Waiter {
  place = 0
  deadline = 0
  readonly #reader: Reader
  readonly #request: Request
  readonly #answer: Answer
  readonly #context: Context
  #parkedAt: number | undefined
  #leave: Undo | undefined
  #disconnect: Undo | undefined
  #exit: Undo | undefined
  /** Is its answer being made, in its turn? */
  #isMade = false
  #isClosed = false
  #session: Session | undefined

  readonly #waitMs: number

  constructor(rooms: readonly Room[], ask: Ask, request: Request, answer: Answer, context: Context) {
    this.#reader = new Reader(rooms, ask.since, ask.options)
    this.#waitMs = request.method === 'HEAD' ? 0 : 1000 * (ask.wait ?? context.waitSeconds)
    this.#request = request
    this.#answer = answer
    this.#context = context
  }

  start(session: Session | undefined): void {
    const { chat, parking, stopping } = this.#context
    const waitMs = this.#waitMs
    this.#session = session
    if (session !== undefined) this.#noteSeen(session)
    if (stopping()) return this.#tell('stop')
    if (waitMs === 0) return this.#tell('news')
    this.#leave = this.#reader.park(() => this.#end('news'))
    if (this.#leave === undefined) return this.#tell('news')
    if (parking.isFull || !this.#enter()) return this.#end('full')
    this.#parkedAt = chat.clock.now()
    this.deadline = deadlineOf(this.#parkedAt, waitMs, chat.random.fraction())
    parking.add(this)
    this.#disconnect = session?.connect()
    if (chat.watch.observer !== undefined) this.tellTo(chat.watch.observer)
    this.#request.hold(this)
  }

  /** What comes after its places it has not had yet, and all that is before them it has. */
  #noteSeen(session: Session): void {
    const { rooms, places } = this.#reader
    for (const [i, room] of rooms.entries()) {
      const place = places[i]
      if (place !== undefined) room.saw(session, place)
    }
  }

  tellTo(observer: Observer): void {
    const { rooms, places } = this.#reader
    const at = this.#parkedAt ?? this.#context.chat.clock.now()
    for (const [i, room] of rooms.entries()) observer.parked(this.#watched, room, places[i]?.id ?? room.last, at)
  }

  expire(): void {
    this.#end('news')
  }

  letGo(why: LetGo): void {
    if (why === 'closed') this.#isClosed = true
    if (!this.#isMade) this.#end(why)
  }

  /** May one more reader of this address wait? */
  #enter(): boolean {
    const { readers } = this.#context
    if (readers === undefined) return true
    this.#exit = readers.enter(this.#request.address)
    return this.#exit !== undefined
  }

  #end(why: LetGo | 'news' | 'full'): void {
    try {
      this.#leave?.()
      this.#exit?.()
      this.#disconnect?.()
      if (this.#parkedAt !== undefined) this.#context.parking.remove(this)
      this.#tell(why)
    } catch (error) {
      this.#request.fail(error)
    }
  }

  #tell(why: LetGo | 'news' | 'full'): void {
    const { chat, metrics, encoder } = this.#context
    if (this.#parkedAt !== undefined) metrics.pollWait.observe((chat.clock.now() - this.#parkedAt) / 1000)
    if (why === 'closed') {
      metrics.polls.add(1, 'closed')
      chat.watch.observer?.gone(this.#watched)
      return this.#settle()
    }
    if (why === 'stop' || why === 'full')
      return this.#give(encoder.encode(this.#reader, retryMs(chat.random.fraction())), why)
    // Readers that waited are called a few at a time, and their answers are short, and the same for all of them.
    if (this.#parkedAt !== undefined) return this.#give(encoder.encode(this.#reader))
    const encoded = encoder.encodeSoon(this.#reader)
    if (!(encoded instanceof Promise) && this.#packer?.prepare(encoded.reply, this.#request) === undefined)
      return this.#give(encoded)
    this.#isMade = true
    this.#request.hold(this)
    this.#giveLater(encoded).catch((error: unknown) => this.#request.fail(error))
  }

  /** A long answer is made in its turn, and compressed on another thread. */
  async #giveLater(encoded: Encoded | Promise<Encoded>): Promise<void> {
    const made = await encoded
    await this.#packer?.prepare(made.reply, this.#request)
    this.#give(made)
  }

  #give(encoded: Encoded, why?: string): void {
    const { reply, count, newestAt, gaps, outcome } = encoded
    const { chat, metrics } = this.#context
    if (this.#isClosed) return this.#settle()
    this.#answer(this.#packer?.reply(reply, this.#request) ?? reply)
    if (chat.watch.observer !== undefined) this.#tellWhat(encoded, chat.watch.observer)
    metrics.polls.add(1, why ?? outcome)
    metrics.delivered.add(count, 'poll')
    for (const { reason } of gaps) metrics.gaps.add(1, reason)
    if (newestAt !== undefined && this.#parkedAt !== undefined)
      metrics.delivery.observe((chat.clock.now() - newestAt) / 1000, count)
    this.#settle()
  }

  get #watched(): WatchedReader {
    const key = this.#session ?? this.#request.connection
    return { key, way: 'poll', name: this.#session?.username }
  }

  /** Tells a watcher what was answered, all of it under the first room. */
  #tellWhat({ reply, count, gaps, places }: Encoded, observer: Observer): void {
    const at = this.#context.chat.clock.now()
    for (const [i, room] of this.#reader.rooms.entries()) {
      const gap = gaps.find((one) => one.room === room.name)
      const [messages, bytes] = i === 0 ? [count, reply.body.length] : [0, 0]
      observer.told(this.#watched, room, { at, id: places[i]?.id ?? room.last, messages, bytes, gap })
    }
  }

  /**
   * Compresses the answer. Undefined for a poll that waited, whose answer is short, and for rooms that must not be
   * mixed.
   */
  get #packer(): Packer | undefined {
    const { auth, packer } = this.#context
    const isMixed = auth !== undefined && this.#reader.rooms.length > 1
    return this.#parkedAt !== undefined || isMixed ? undefined : packer
  }

  #settle(): void {
    for (const room of this.#reader.rooms) this.#context.chat.rooms.settle(room)
  }
}

/** When a poll has waited long enough. It may be noticed `LOOK_MS` late, and still is no longer than the whole wait. */
export function deadlineOf(now: number, waitMs: number, fraction: number): number {
  const spread = waitMs * (1 - LEAST_WAIT) - LOOK_MS
  return now + waitMs * LEAST_WAIT + spread * fraction
}

/** A random pause from half a second to five, so that a thousand clients do not come back in one instant. */
export function retryMs(fraction: number): number {
  return Math.round(500 + 4500 * fraction)
}
