// The parked poll of one socket. There is one record a socket, used again for each of its polls: a poll that comes
// again makes no object but a place.
//
//     start ── its room is here, and it has to wait ──> parked ── a message, time is up, let go ──> answer
//        └── anything else: the route `poll` takes it
//
// It does what the route does (routes/poll.ts) for a poll of one room, without presence.

import type { Undo } from '../../../core/clock.js'
import type { Chat } from '../../../core/chat.js'
import { maySee } from '../../../core/people/identity.js'
import type { Session } from '../../../core/people/sessions.js'
import type { Observer, WatchedReader } from '../../../core/rooms/observer.js'
import { Reader } from '../../../core/rooms/reader.js'
import type { Place } from '../../../core/rooms/cursor.js'
import type { Room } from '../../../core/rooms/room.js'
import { Seat } from '../../../core/rooms/waitlist.js'
import { problem, type Reply } from '../answer.js'
import type { Encoded } from '../encode.js'
import { findHeader } from '../header.js'
import type { Parked } from '../parking.js'
import type { LetGo, Waiter } from '../request.js'
import { deadlineOf, retryMs } from '../routes/poll.js'
import type { FastPathParts } from './fast-path.js'
import { isHere, type SamePoll } from './same-poll.js'

/** The socket that the answer goes to. */
type Answering = { answer(poll: ParkedPoll, reply: Reply): void }

export class ParkedPoll extends Seat implements Parked, Waiter {
  place = 0
  deadline = 0
  /** The number of the poll's request on the connection. */
  number = 0
  readonly #parts: FastPathParts
  readonly #connection: object
  /** The reader, for a watcher. */
  #watched: WatchedReader
  readonly #socket: Answering
  #same: SamePoll | undefined
  #room: Room | undefined
  #at: Place = NOWHERE
  #parkedAt = 0
  #session: Session | undefined
  #disconnect: Undo | undefined

  /** `connection`: the socket's, the same object for each poll. */
  constructor(parts: FastPathParts, connection: object, socket: Answering) {
    super()
    this.#parts = parts
    this.#connection = connection
    this.#watched = { key: connection, way: 'poll', name: undefined, note: undefined }
    this.#socket = socket
  }

  /**
   * Parks a poll with this id, of this session. False where it has to be answered in another way; then nothing has
   * happened.
   */
  start(same: SamePoll, id: number, session: Session | undefined): boolean {
    const { chat, parking, readers, stopping, waitSeconds } = this.#parts.context
    const waitMs = 1000 * (same.wait ?? waitSeconds)
    const room = chat.rooms.get(same.room)
    if (room === undefined || readers !== undefined || waitMs === 0 || parking.isFull || stopping()) return false
    if (!isHere(room, same, id) || (session !== undefined && !isGood(session, same.room, chat))) return false
    const at = { epoch: same.epoch, id }
    if (!room.sitForNext(at, this)) return false
    this.#same = same
    this.#room = room
    this.#at = at
    this.#parkedAt = chat.clock.now()
    this.deadline = deadlineOf(this.#parkedAt, waitMs, chat.random.fraction())
    parking.add(this)
    if (session !== undefined) {
      session.touch()
      room.saw(session, at)
    }
    this.#disconnect = session?.connect()
    if (session !== this.#session)
      this.#watched = { key: session ?? this.#connection, way: 'poll', name: session?.username, note: undefined }
    this.#session = session
    if (chat.watch.observer !== undefined) this.tellTo(chat.watch.observer)
    return true
  }

  tellTo(observer: Observer): void {
    if (this.#room !== undefined) observer.parked(this.#watched, this.#room, this.#at.id, this.#parkedAt)
  }

  wake(): void {
    this.#end('news')
  }

  expire(): void {
    this.#end('news')
  }

  letGo(why: LetGo): void {
    this.#end(why)
  }

  header(name: string): string | undefined {
    return this.#same === undefined ? undefined : findHeader(this.#same.head.rawHeaders, name)
  }

  #end(why: LetGo | 'news'): void {
    const { context, service } = this.#parts
    try {
      this.leave()
      this.#disconnect?.()
      context.parking.remove(this)
      this.#tell(why)
    } catch (error) {
      service.note(error)
      this.#socket.answer(this, problem(error))
    }
  }

  #tell(why: LetGo | 'news'): void {
    const { chat, metrics } = this.#parts.context
    const now = chat.clock.now()
    metrics.pollWait.observe((now - this.#parkedAt) / 1000)
    if (why === 'closed') {
      chat.watch.observer?.gone(this.#watched)
      return metrics.polls.add(1, 'closed')
    }
    const encoded = this.#encode(why)
    if (encoded === undefined) return
    const { reply, count, newestAt, gaps, outcome } = encoded
    this.#socket.answer(this, reply)
    if (chat.watch.observer !== undefined) this.#tellWhat(encoded, now, chat.watch.observer)
    metrics.polls.add(1, why === 'stop' ? why : outcome)
    metrics.delivered.add(count, 'poll')
    for (const { reason } of gaps) metrics.gaps.add(1, reason)
    if (newestAt !== undefined) metrics.delivery.observe((now - newestAt) / 1000, count)
  }

  #tellWhat({ reply, count, gaps, places }: Encoded, at: number, observer: Observer): void {
    if (this.#room === undefined) return
    const id = places[0]?.id ?? this.#at.id
    observer.told(this.#watched, this.#room, { at, id, messages: count, bytes: reply.body.length, gap: gaps[0] })
  }

  #encode(why: LetGo | 'news'): Encoded | undefined {
    const { chat, encoder } = this.#parts.context
    const [room, same] = [this.#room, this.#same]
    if (room === undefined || same === undefined) return undefined
    const { limit } = same
    const known = why === 'stop' ? undefined : encoder.find(room, this.#at, limit)
    if (known !== undefined) return known
    const at = this.#at
    const reader = new Reader([room], { place: () => at, presence: undefined }, { limit, presence: false })
    return encoder.encode(reader, why === 'stop' ? retryMs(chat.random.fraction()) : undefined)
  }
}

/** Does the session still exist, and may it read this room? */
function isGood(session: Session, room: string, { sessions, clock }: Chat): boolean {
  if (sessions.peek(session.token) !== session) return false
  const { identity } = session
  return identity === undefined || (identity.until > clock.date() && maySee(identity, room))
}

const NOWHERE: Place = { epoch: undefined, id: 0 }
