// Notes what happens in the chat, as facts for the watchers of /inside: names, places, times and bytes, and never what
// was said.
//
//     the chat ── what happens ──> recorder ── five batches a second, one scene ──> /inside/events
//
// With more than `CROWD` readers, or `MOST_FACTS` of them in one batch, a fact for each would be too many: then a room
// has one fact for each `FLOW_MS`, which says how many were told and how many came back. What else happens has at most
// as many facts again; what is beyond is counted.

import type { Batch, Fact, ReaderScene, RoomScene, Scene } from '../client/inside.js'
import type { Clock } from '../core/clock.js'
import type { Chat } from '../core/chat.js'
import type { Observer, Told, WakingPhase, WatchedReader, WatchedRoom } from '../core/rooms/observer.js'
import type { Message } from '../core/rooms/message.js'
import type { Room } from '../core/rooms/room.js'

export const MOST_FACTS = 300
export const CROWD = 200
export const FLOW_MS = 10

/** Rooms in a scene. */
const MOST_ROOMS = 24

/** A poll that has not come back for so long is forgotten. */
const AWAY_MS = 10_000

type KnownPlace = { id: number; parked: boolean; at: number }
type Known = {
  readonly number: number
  readonly way: string
  name: string | undefined
  readonly places: Map<string, KnownPlace>
  answers: number
  bytes: number
}

type Flow = { at: number; room: string; told: number; parked: number; bytes: number }

/** What a scene says beside what the recorder saw. */
export type Surroundings = Pick<Scene, 'version' | 'store' | 'ring' | 'uptime' | 'cpu' | 'memory'>

export class Recorder implements Observer {
  readonly #clock: Clock
  readonly #readers = new Map<object, Known>()
  #facts: Fact[] = []
  /** Of a reader each. */
  #each: Fact[] = []
  #flows = new Map<string, Flow>()
  /** The last one that was counted in. */
  #flowing: Flow | undefined
  #left = 0
  #numbers = 0
  #answers = 0
  #bytes = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  sent(room: WatchedRoom, username: string): void {
    this.#note({ kind: 'sent', at: this.#now(), room: room.name, name: username })
  }

  kept({ room, id }: Message): void {
    this.#note({ kind: 'kept', at: this.#now(), room, id })
  }

  repeated(room: WatchedRoom, username: string): void {
    this.#note({ kind: 'repeated', at: this.#now(), room: room.name, name: username })
  }

  delivered({ first, epoch }: WatchedRoom, { room, id, username }: Message): void {
    this.#note({ kind: 'ring', at: this.#now(), room, id, name: username, first, epoch })
  }

  waking({ name }: WatchedRoom, phase: WakingPhase, readers: number): void {
    this.#note({ kind: 'waking', at: this.#now(), room: name, phase, readers })
  }

  parked(reader: WatchedReader, { name: room }: WatchedRoom, id: number): void {
    const at = this.#now()
    const known = this.#know(reader)
    stand(known, room, id, true, at)
    if (this.#isMuch) this.#flow(room, at).parked++
    else this.#each.push({ kind: 'parked', at, room, reader: known.number, id })
  }

  told(reader: WatchedReader, { name: room }: WatchedRoom, { id, messages, bytes, gap }: Told): void {
    const at = this.#now()
    const known = this.#know(reader)
    stand(known, room, id, reader.way !== 'poll', at)
    known.answers++
    known.bytes += bytes
    this.#answers++
    this.#bytes += bytes
    if (this.#isMuch) {
      const flow = this.#flow(room, at)
      flow.told++
      flow.bytes += bytes
    } else {
      const missing = gap === undefined ? {} : { gap: { reason: gap.reason, missed: gap.missed } }
      this.#each.push({ kind: 'told', at, room, reader: known.number, id, messages, bytes, ...missing })
    }
  }

  gone({ key }: WatchedReader): void {
    const known = this.#readers.get(key)
    if (known === undefined) return
    this.#readers.delete(key)
    if (!this.#isMuch) this.#each.push({ kind: 'gone', at: this.#now(), reader: known.number })
  }

  /** What happened since the last one. */
  take(): Batch {
    const flows = [...this.#flows.values()].map((flow): Fact => ({ kind: 'flow', ...flow }))
    const facts = [...this.#facts, ...this.#each, ...flows].toSorted((a, b) => a.at - b.at)
    const batch = { to: this.#now(), left: this.#left, facts }
    this.#facts = []
    this.#each = []
    this.#flows = new Map()
    this.#flowing = undefined
    this.#left = 0
    return batch
  }

  /** How everything is now. `seconds`: since the last scene. */
  scene(chat: Chat, around: Surroundings, seconds: number): Scene {
    this.#forgetThoseAway()
    const all = [...chat.rooms.all()]
    const rooms = all.toSorted((a, b) => b.waiting + b.streams - (a.waiting + a.streams)).slice(0, MOST_ROOMS)
    const scene = {
      at: this.#now(),
      ...around,
      rooms: rooms.map(sceneOf),
      others: all.length - rooms.length,
      readers: this.#isCrowd ? [] : this.#scenes(),
      crowds: this.#isCrowd ? this.#crowds(rooms.map(({ name }) => name)) : [],
      sessions: chat.sessions.size,
      answers: Math.round(this.#answers / seconds),
      bytes: Math.round(this.#bytes / seconds),
    }
    this.#answers = 0
    this.#bytes = 0
    return scene
  }

  get #isCrowd(): boolean {
    return this.#readers.size > CROWD
  }

  get #isMuch(): boolean {
    return this.#isCrowd || this.#each.length >= MOST_FACTS
  }

  #know({ key, way, name }: WatchedReader): Known {
    let known = this.#readers.get(key)
    if (known === undefined) {
      known = { number: ++this.#numbers, way, name, places: new Map(), answers: 0, bytes: 0 }
      this.#readers.set(key, known)
    }
    known.name = name
    return known
  }

  #note(fact: Fact): void {
    if (this.#facts.length < MOST_FACTS) this.#facts.push(fact)
    else this.#left++
  }

  #flow(room: string, now: number): Flow {
    const at = Math.floor(now / FLOW_MS) * FLOW_MS
    // A waking tells thousands one after the other.
    if (this.#flowing?.at === at && this.#flowing.room === room) return this.#flowing
    return (this.#flowing = this.#flowOf(room, at))
  }

  #flowOf(room: string, at: number): Flow {
    const key = `${at} ${room}`
    let flow = this.#flows.get(key)
    if (flow !== undefined) return flow
    flow = { at, room, told: 0, parked: 0, bytes: 0 }
    if (this.#flows.size < MOST_FACTS) this.#flows.set(key, flow)
    else this.#left++
    return flow
  }

  #scenes(): ReaderScene[] {
    return [...this.#readers.values()].flatMap(({ number, way, name, places, answers, bytes }) =>
      [...places].map(([room, { id, parked }]) => ({
        reader: number,
        ...(name === undefined ? {} : { name }),
        way,
        room,
        id,
        parked,
        answers,
        bytes,
      })),
    )
  }

  #crowds(rooms: readonly string[]): Scene['crowds'] {
    const crowds = new Map(rooms.map((room) => [room, { room, parked: 0, away: 0 }]))
    for (const { places } of this.#readers.values())
      for (const [room, { parked }] of places) {
        const crowd = crowds.get(room)
        if (crowd !== undefined) crowd[parked ? 'parked' : 'away']++
      }
    return [...crowds.values()]
  }

  #forgetThoseAway(): void {
    const now = this.#clock.now()
    for (const [key, { places }] of this.#readers) {
      for (const [room, { parked, at }] of places) if (!parked && now - at > AWAY_MS) places.delete(room)
      if (places.size === 0) this.#readers.delete(key)
    }
  }

  /** In milliseconds, to a thousandth. */
  #now(): number {
    return Math.round(this.#clock.now() * 1000) / 1000
  }
}

/** A reader's place is one object for as long as it reads: a crowd would make thousands with each message. */
function stand({ places }: Known, room: string, id: number, parked: boolean, at: number): void {
  const place = places.get(room)
  if (place === undefined) places.set(room, { id, parked, at })
  else {
    place.id = id
    place.parked = parked
    place.at = at
  }
}

function sceneOf({ name, epoch, first, last, waiting, streams, presence, bytes }: Room): RoomScene {
  return { room: name, epoch, first, last, parked: waiting, streams, members: presence.size, bytes }
}
