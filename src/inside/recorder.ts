// Notes what happens in the chat, as facts for the watchers of /inside: names, places, times and bytes, and never
// texts.
//
//     the chat ── what happens ──> recorder ── five batches a second, one scene ──> /inside/events
//
// With more than `CROWD` readers, or `MOST_FACTS` of their facts in one batch, a fact for each reader would be too
// many. Then a room has one fact for each `FLOW_MS`, which says how many readers were told and how many came back.
// Other facts have the same limit; those beyond it are counted.
//
//     few     each reader has a number: where it is, and what it was given. Readers that were given the same are one fact,
//             which lists them with the time of each
//     crowd   readers are not told apart: one that is told adds one to its room's flow, and the rooms themselves say
//             how many wait; when they are few again, each waiting reader is asked where it waits
//
// To know thousands would cost as much as a tenth of telling them; to count them costs next to nothing.

import type { Batch, Fact, ReaderScene, RoomScene, Scene } from '../client/inside.js'
import type { Clock } from '../core/clock.js'
import type { Chat } from '../core/chat.js'
import type { Observer, Told, WakingPhase, WatchedReader, WatchedRoom } from '../core/rooms/observer.js'
import type { Message } from '../core/rooms/message.js'
import type { Room } from '../core/rooms/room.js'

export const MOST_FACTS = 300
export const CROWD = 200
export const FLOW_MS = 10

/** The most rooms in a scene. */
const MOST_ROOMS = 24

/** A poll that has not come back for so long is forgotten. */
const AWAY_MS = 10_000

/** A crowd is few again below this. */
const FEW = 150

/** The clock is looked at again after so many of a crowd. */
const LOOKS = 8

/** Readers that have not come back after so many scenes, one a second, are forgotten. */
const AWAY_SCENES = 10

type KnownPlace = { id: number; parked: boolean; at: number }
type Known = {
  readonly number: number
  readonly way: string
  name: string | undefined
  readonly places: Map<string, KnownPlace>
  answers: number
  bytes: number
}

/** The most readers that waited in a room, in each of the last scenes. */
type Peaks = number[]

type Flow = { at: number; room: string; told: number; parked: number; bytes: number }

/** The parts of a scene that the recorder does not know. */
export type Surroundings = Pick<Scene, 'version' | 'store' | 'ring' | 'uptime' | 'cpu' | 'memory'>

export class Recorder implements Observer {
  readonly #clock: Clock
  readonly #readers = new Map<object, Known>()
  /** Asks all waiting readers to tell this recorder where they wait. */
  readonly #askAll: (recorder: Recorder) => void
  #isCrowd = false
  readonly #peaks = new Map<string, Peaks>()
  #facts: Fact[] = []
  /** Of a reader each. */
  #each: Fact[] = []
  #flows = new Map<string, Flow>()
  /** The flow that was counted into last. */
  #flowing: Flow | undefined
  #looks = 0
  #left = 0
  #numbers = 0
  #answers = 0
  #bytes = 0

  constructor(clock: Clock, askAll: (recorder: Recorder) => void) {
    this.#clock = clock
    this.#askAll = askAll
    this.#askQuietly()
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
    if (this.#isCrowd && phase === 'begun') this.#peak(name, readers)
    this.#note({ kind: 'waking', at: this.#now(), room: name, phase, readers })
  }

  parked(reader: WatchedReader, { name: room }: WatchedRoom, id: number): void {
    if (this.#isCrowd) {
      this.#flowNow(room).parked++
      return
    }
    const at = this.#now()
    const known = this.#know(reader)
    stand(known, room, id, true, at)
    if (this.#isMuch) this.#flow(room, at).parked++
    else this.#each.push({ kind: 'parked', at, room, reader: known.number, id })
  }

  told(reader: WatchedReader, { name: room }: WatchedRoom, { id, messages, bytes, gap }: Told): void {
    this.#answers++
    this.#bytes += bytes
    if (this.#isCrowd) {
      const flow = this.#flowNow(room)
      flow.told++
      flow.bytes += bytes
      return
    }
    const at = this.#now()
    const known = this.#know(reader)
    stand(known, room, id, reader.way !== 'poll', at)
    known.answers++
    known.bytes += bytes
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
    if (this.#isCrowd) return
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
    this.#looks = 0
    this.#left = 0
    return batch
  }

  /** The scene as it is now. `seconds`: since the last scene. */
  scene(chat: Chat, around: Surroundings, seconds: number): Scene {
    this.#forgetThoseAway()
    const all = [...chat.rooms.all()]
    if (this.#isCrowd) this.#lookAtCrowd(all)
    const rooms = all.toSorted((a, b) => b.waiting + b.streams - (a.waiting + a.streams)).slice(0, MOST_ROOMS)
    const scene = {
      at: this.#now(),
      ...around,
      rooms: rooms.map(sceneOf),
      others: all.length - rooms.length,
      readers: this.#isCrowd ? [] : this.#scenes(),
      crowds: this.#isCrowd ? this.#crowds(rooms) : [],
      sessions: chat.sessions.size,
      answers: Math.round(this.#answers / seconds),
      bytes: Math.round(this.#bytes / seconds),
    }
    this.#answers = 0
    this.#bytes = 0
    return scene
  }

  get #isMuch(): boolean {
    return this.#isCrowd || this.#each.length >= MOST_FACTS
  }

  #know({ key, way, name }: WatchedReader): Known {
    let known = this.#readers.get(key)
    if (known === undefined) {
      known = { number: ++this.#numbers, way, name, places: new Map(), answers: 0, bytes: 0 }
      this.#readers.set(key, known)
      if (this.#readers.size > CROWD) this.#beCrowd()
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
    // A waking tells thousands of readers one after the other.
    if (this.#flowing?.at === at && this.#flowing.room === room) return this.#flowing
    return (this.#flowing = this.#flowOf(room, at))
  }

  /** The flow of a room in this moment, or in the one before if that is only a few readers ago. */
  #flowNow(room: string): Flow {
    const flow = this.#flowing
    if (flow !== undefined && flow.room === room && --this.#looks > 0) return flow
    this.#looks = LOOKS
    return this.#flow(room, this.#clock.now())
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

  #crowds(rooms: readonly Room[]): Scene['crowds'] {
    return rooms.map(({ name: room, waiting, streams }) => {
      const parked = waiting + streams
      return { room, parked, away: Math.max(0, Math.max(...(this.#peaks.get(room) ?? [0])) - parked) }
    })
  }

  #beCrowd(): void {
    this.#isCrowd = true
    this.#readers.clear()
    this.#peaks.clear()
  }

  /**
   * The crowd are the readers that wait now, or waited a few seconds ago. Are they few again, so that each can be
   * known?
   */
  #lookAtCrowd(rooms: readonly Room[]): void {
    let size = 0
    for (const { name, waiting, streams } of rooms) {
      const parked = waiting + streams
      const peaks = this.#peaks.get(name) ?? []
      if (parked === 0 && peaks.every((peak) => peak === 0)) {
        this.#peaks.delete(name)
        continue
      }
      size += Math.max(parked, ...peaks)
      // The first peak is of now, and grows with each waking until the next scene.
      this.#peaks.set(name, [parked, ...peaks.slice(0, AWAY_SCENES - 1)])
    }
    if (size > FEW) return
    this.#isCrowd = false
    this.#askQuietly()
  }

  #peak(room: string, readers: number): void {
    const peaks = this.#peaks.get(room)
    if (peaks === undefined) this.#peaks.set(room, [readers])
    else peaks[0] = Math.max(peaks[0] ?? 0, readers)
  }

  /** Their waiting is in the next scene, and is no fact. */
  #askQuietly(): void {
    const { length } = this.#each
    this.#askAll(this)
    this.#each.length = Math.min(length, this.#each.length)
    this.#flows.clear()
    this.#flowing = undefined
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
