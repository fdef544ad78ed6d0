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
// Knowing a reader costs a fiftieth of answering it. Its note leads to all that is known of it, and its part of a fact
// is two numbers. A look into a map and an object for each answer, with its JSON, would cost a tenth. Counting a crowd
// costs next to nothing.

import type { Batch, ReaderScene, RoomScene, Scene, Together, WireFact } from '../client/inside.js'
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

/** Readers are few again when there are fewer than this. */
const FEW = 150

/** So many of the newest facts of readers are looked through for one that another reader can join. */
const OPEN_FACTS = 8

/** Readers that have not come back after so many scenes, one a second, are forgotten. */
const AWAY_SCENES = 10

/** A reader, and where it reads. */
type Known = { readonly number: number; readonly places: Place[] }

/**
 * Where a reader is in one room. Its `note` leads here, and all that changes with a message is in this one object: a
 * reader that is answered is looked up nowhere.
 */
class Place {
  /** What made it; another one once the place is forgotten. */
  era: object | undefined
  readonly key: object
  readonly reader: number
  readonly way: string
  readonly room: string
  name: string | undefined
  id = 0
  isParked = false
  /** The number of the scene in which it was told or parked last. */
  scene = 0
  answers = 0
  bytes = 0

  constructor(era: object, { key, way, name }: WatchedReader, reader: number, room: string) {
    this.era = era
    this.key = key
    this.reader = reader
    this.way = way
    this.name = name
    this.room = room
  }
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
  /** Places of another era are none. */
  #era = {}
  #scenes = 0
  #isCrowd = false
  readonly #peaks = new Map<string, Peaks>()
  #facts: WireFact[] = []
  /** The facts of readers, and how many readers are in them. */
  #together: Together[] = []
  #eachCount = 0
  /** The facts that a reader joined last: most readers come right after another one that was given the same. */
  #lastTold: Together | undefined
  #lastParked: Together | undefined
  #flows = new Map<string, Flow>()
  /** The flow that was counted into last. */
  #flowing: Flow | undefined
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

  parked(reader: WatchedReader, { name: room }: WatchedRoom, id: number, at: number): void {
    const place = this.#placeOf(reader, room)
    if (place !== undefined) {
      place.id = id
      place.isParked = true
      place.scene = this.#scenes
    }
    if (place === undefined || this.#eachCount >= MOST_FACTS) {
      this.#flow(room, at).parked++
      return
    }
    const last = this.#lastParked
    const isSame = last?.kind === 'parked' && last.id === id && last.room === room
    this.#join((this.#lastParked = isSame ? last : this.#parkedAt(room, id, at)), place, at)
  }

  told(reader: WatchedReader, { name: room }: WatchedRoom, told: Told): void {
    const { at, id, bytes, gap } = told
    this.#answers++
    this.#bytes += bytes
    const place = this.#placeOf(reader, room)
    if (place !== undefined) {
      place.id = id
      place.isParked = place.way !== 'poll'
      place.scene = this.#scenes
      place.answers++
      place.bytes += bytes
    }
    if (place === undefined || this.#eachCount >= MOST_FACTS) {
      const flow = this.#flow(room, at)
      flow.told++
      flow.bytes += bytes
      return
    }
    const last = this.#lastTold
    const isSame = last?.kind === 'told' && gap === undefined && isToldSo(last, room, told)
    this.#join((this.#lastTold = isSame ? last : this.#toldAt(room, told)), place, at)
  }

  gone({ key }: WatchedReader): void {
    const known = this.#readers.get(key)
    if (known === undefined) return
    for (const place of known.places) place.era = undefined
    this.#readers.delete(key)
    this.#note({ kind: 'gone', at: this.#now(), reader: known.number })
  }

  /** The facts since the last call. */
  take(): Batch<WireFact> {
    const flows = [...this.#flows.values()].map((flow) => ({ kind: 'flow' as const, ...flow }))
    const facts = [...this.#facts, ...this.#together, ...flows].toSorted((a, b) => a.at - b.at)
    const batch = { to: this.#now(), left: this.#left, facts }
    this.#facts = []
    this.#forgetTogether()
    this.#flows = new Map()
    this.#flowing = undefined
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
      readers: this.#isCrowd ? [] : this.#readerScenes(),
      crowds: this.#isCrowd ? this.#crowds(rooms) : [],
      sessions: chat.sessions.size,
      answers: Math.round(this.#answers / seconds),
      bytes: Math.round(this.#bytes / seconds),
    }
    this.#answers = 0
    this.#bytes = 0
    return scene
  }

  /** Where a reader is known to be in a room; undefined in a crowd. */
  #placeOf(reader: WatchedReader, room: string): Place | undefined {
    const { note } = reader
    if (note instanceof Place && note.era === this.#era && note.room === room && note.key === reader.key) return note
    return this.#isCrowd ? undefined : this.#findPlace(reader, room)
  }

  #findPlace(reader: WatchedReader, room: string): Place | undefined {
    const { key, name } = reader
    let known = this.#readers.get(key)
    if (known === undefined) {
      if (this.#readers.size >= CROWD) {
        this.#beCrowd()
        return undefined
      }
      known = { number: ++this.#numbers, places: [] }
      this.#readers.set(key, known)
    }
    let place = known.places.find((one) => one.room === room)
    if (place === undefined) known.places.push((place = new Place(this.#era, reader, known.number, room)))
    place.name = name
    reader.note = place
    return place
  }

  #join({ readers, after, at: first }: Together, { reader }: Place, at: number): void {
    this.#eachCount++
    readers.push(reader)
    after.push(Math.round((at - first) * 1000))
  }

  /** What a reader that parks now can join. */
  #parkedAt(room: string, id: number, at: number): Together {
    const open = this.#together
      .slice(-OPEN_FACTS)
      .find((one) => one.kind === 'parked' && one.id === id && one.room === room)
    return open ?? this.#begin({ kind: 'parked', at: toThousandth(at), room, id, readers: [], after: [] })
  }

  /** What a reader that is told now can join; what it missed is its own alone. */
  #toldAt(room: string, told: Told): Together {
    const { id, messages, bytes, gap } = told
    const one = { kind: 'told' as const, at: toThousandth(told.at), room, id, messages, bytes, readers: [], after: [] }
    if (gap !== undefined) return this.#begin({ ...one, gap: { reason: gap.reason, missed: gap.missed } })
    const open = this.#together.slice(-OPEN_FACTS).find((last) => last.kind === 'told' && isToldSo(last, room, told))
    return open ?? this.#begin(one)
  }

  #begin(fact: Together): Together {
    this.#together.push(fact)
    return fact
  }

  #forgetTogether(): void {
    this.#together = []
    this.#eachCount = 0
    this.#lastTold = undefined
    this.#lastParked = undefined
  }

  #note(fact: WireFact): void {
    if (this.#facts.length < MOST_FACTS) this.#facts.push(fact)
    else this.#left++
  }

  #flow(room: string, now: number): Flow {
    const at = Math.floor(now / FLOW_MS) * FLOW_MS
    // A waking tells thousands of readers one after the other.
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

  #readerScenes(): ReaderScene[] {
    return [...this.#readers.values()].flatMap(({ places }) =>
      places.map(({ reader, name, way, room, id, isParked, answers, bytes }) => ({
        reader,
        ...(name === undefined ? {} : { name }),
        way,
        room,
        id,
        parked: isParked,
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
    this.#era = {}
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
    this.#askAll(this)
    this.#forgetTogether()
    this.#flows.clear()
    this.#flowing = undefined
  }

  #forgetThoseAway(): void {
    this.#scenes++
    for (const [key, { places }] of this.#readers) {
      const away = places.filter(({ isParked, scene }) => !isParked && this.#scenes - scene > AWAY_SCENES)
      for (const place of away) {
        place.era = undefined
        places.splice(places.indexOf(place), 1)
      }
      if (places.length === 0) this.#readers.delete(key)
    }
  }

  /** In milliseconds, to a thousandth. */
  #now(): number {
    return toThousandth(this.#clock.now())
  }
}

function toThousandth(ms: number): number {
  return Math.round(ms * 1000) / 1000
}

function isToldSo(fact: Together & { readonly kind: 'told' }, room: string, { id, messages, bytes }: Told): boolean {
  const { gap } = fact
  return fact.id === id && fact.room === room && fact.messages === messages && fact.bytes === bytes && gap === undefined
}

function sceneOf({ name, epoch, first, last, waiting, streams, presence, bytes }: Room): RoomScene {
  return { room: name, epoch, first, last, parked: waiting, streams, members: presence.size, bytes }
}
