// A recording of the last half minute of the server, by its own clock, so that any moment of it can be drawn again.
//
//     facts ──> a track for each reader, and for each room its ring and the flights of its messages
//     at(t)     the state at a time; drawing changes nothing here
//
// A flight is one message on its way: sent, kept, in the ring, told to each reader, and each of them parked again.

import type { Batch, Fact, Scene } from '../../src/client/inside.js'

/** How much is remembered. */
const KEPT_MS = 30_000
const MOST_FACTS = 20_000
const MOST_MOMENTS = 400
const MOST_FLIGHTS = 200

/** The epoch of a room without messages. */
const NO_LOG = '00000000'

export type Gap = { readonly reason: string; readonly missed: number | null }

/** From `at` on the reader is parked at `id`, or on its way back. */
export type Moment = {
  readonly at: number
  readonly kind: 'parked' | 'told'
  readonly id: number
  readonly bytes: number
  readonly gap: Gap | undefined
}

export type ReaderTrack = {
  readonly reader: number
  readonly room: string
  name: string | undefined
  way: string
  answers: number
  bytes: number
  goneAt: number
  readonly moments: Moment[]
}

export type Ring = { readonly at: number; readonly epoch: string; readonly first: number; readonly last: number }
export type Flow = { readonly at: number; readonly told: number; readonly parked: number; readonly bytes: number }
export type Waking = { readonly at: number; readonly phase: string; readonly readers: number }

export type Flight = {
  readonly room: string
  readonly name: string
  id: number | undefined
  sentAt: number | undefined
  keptAt: number | undefined
  ringAt: number | undefined
  readonly told: { readonly reader: number; readonly at: number; readonly gap: Gap | undefined }[]
  readonly parked: { readonly reader: number; readonly at: number }[]
}

export type RoomTrack = {
  readonly room: string
  readonly rings: Ring[]
  readonly wakings: Waking[]
  readonly flows: Flow[]
  readonly flights: Flight[]
}

export class Recording {
  scene: Scene | undefined
  /** In the order of their time. */
  readonly facts: Fact[] = []
  readonly readers = new Map<string, ReaderTrack>()
  readonly rooms = new Map<string, RoomTrack>()
  /** Facts that the server left out, because there were too many. */
  left = 0
  /** Rooms whose log has become another one, and when that was seen. A new server does not clear this. */
  readonly newLogs = new Map<string, { readonly at: number; readonly before: string }>()
  readonly #epochs = new Map<string, string>()
  #to = 0
  #heardAt = 0

  /** The server's time, as far as it is known: everything before it has been told. `now`: this page's clock. */
  time(now: number): number {
    return this.#to === 0 ? 0 : this.#to + (now - this.#heardAt)
  }

  /** A server that began anew has another clock. */
  clear(): void {
    this.scene = undefined
    this.facts.length = 0
    this.readers.clear()
    this.rooms.clear()
    this.#to = 0
  }

  hear({ to, left, facts }: Batch, now: number): void {
    if (to < this.#to) this.clear()
    this.#to = to
    this.#heardAt = now
    this.left += left
    for (const fact of facts) this.#note(fact)
    this.#forget(to - KEPT_MS)
  }

  look(scene: Scene): void {
    this.scene = scene
    for (const { room, epoch, first, last } of scene.rooms) {
      const before = this.#epochs.get(room)
      if (before !== undefined && before !== epoch && epoch !== NO_LOG) this.newLogs.set(room, { at: scene.at, before })
      if (epoch !== NO_LOG) this.#epochs.set(room, epoch)
      const { rings } = this.room(room)
      const ring = rings.at(-1)
      if (ring === undefined || ring.epoch !== epoch || ring.first !== first || ring.last !== last)
        push(rings, { at: scene.at, epoch, first, last })
    }
    const seen = new Set<string>()
    for (const { reader, name, way, room, id, parked, answers, bytes } of scene.readers) {
      const track = this.#track(reader, room)
      seen.add(keyOf(reader, room))
      Object.assign(track, { name, way, answers, bytes })
      // The reader was here before this page looked, or was told as a part of a crowd.
      const last = track.moments.at(-1)
      const kind = parked ? 'parked' : 'told'
      const isSame = last?.id === id && (last.kind === kind || way !== 'poll')
      if (!isSame) push(track.moments, { at: scene.at, kind, id, bytes: 0, gap: undefined })
    }
    for (const [key, track] of this.readers)
      if (!seen.has(key) && (track.moments.at(-1)?.at ?? 0) < scene.at) track.goneAt = Math.min(track.goneAt, scene.at)
  }

  room(name: string): RoomTrack {
    let track = this.rooms.get(name)
    if (track === undefined)
      this.rooms.set(name, (track = { room: name, rings: [], wakings: [], flows: [], flights: [] }))
    return track
  }

  /** The readers of a room at a time, in the order of their numbers. */
  readersOf(room: string, at: number): ReaderTrack[] {
    return [...this.readers.values()]
      .filter((track) => track.room === room && track.goneAt > at && (track.moments[0]?.at ?? Infinity) <= at + 1000)
      .toSorted((a, b) => a.reader - b.reader)
  }

  /** The newest flight that is in the ring at a time. */
  flightAt(room: string, at: number): Flight | undefined {
    return this.room(room).flights.findLast(({ ringAt }) => ringAt !== undefined && ringAt <= at)
  }

  #track(reader: number, room: string): ReaderTrack {
    const key = keyOf(reader, room)
    let track = this.readers.get(key)
    if (track === undefined) {
      track = { reader, room, name: undefined, way: 'poll', answers: 0, bytes: 0, goneAt: Infinity, moments: [] }
      this.readers.set(key, track)
    }
    return track
  }

  #note(fact: Fact): void {
    this.facts.push(fact)
    if (fact.kind === 'gone') {
      for (const track of this.readers.values()) if (track.reader === fact.reader) track.goneAt = fact.at
      return
    }
    const room = this.room(fact.room)
    if (fact.kind === 'flow') push(room.flows, fact)
    else if (fact.kind === 'waking') push(room.wakings, fact)
    else if (fact.kind === 'sent') push(room.flights, flightOf(fact.room, fact.name, { sentAt: fact.at }), MOST_FLIGHTS)
    else if (fact.kind === 'ring') this.#inRing(room, fact)
    else if (fact.kind === 'kept') {
      const flight = room.flights.find(({ id }) => id === fact.id)
      if (flight !== undefined) flight.keptAt = fact.at
    } else if (fact.kind === 'told' || fact.kind === 'parked') this.#ofReader(room, fact)
  }

  #inRing({ rings, flights }: RoomTrack, { at, room, id, name, first, epoch }: Fact & { kind: 'ring' }): void {
    push(rings, { at, epoch, first, last: id })
    let flight = flights.find((one) => one.name === name && one.ringAt === undefined)
    // Another server sent it, or the page was opened in between.
    if (flight === undefined) push(flights, (flight = flightOf(room, name, {})), MOST_FLIGHTS)
    flight.id = id
    flight.ringAt = at
  }

  #ofReader({ flights }: RoomTrack, fact: Fact & { kind: 'told' | 'parked' }): void {
    const { at, kind, room, reader, id } = fact
    const track = this.#track(reader, room)
    track.goneAt = Infinity
    const told = kind === 'told' ? { bytes: fact.bytes, gap: fact.gap } : { bytes: 0, gap: undefined }
    push(track.moments, { at, kind, id, ...told })
    const flight = flights.findLast(({ ringAt, id: of }) => ringAt !== undefined && of !== undefined && of <= id)
    if (flight === undefined || flight.ringAt === undefined || flight.ringAt > at) return
    if (kind === 'told' && fact.messages > 0) flight.told.push({ reader, at, gap: fact.gap })
    if (kind === 'parked' && flight.told.some((one) => one.reader === reader)) flight.parked.push({ reader, at })
  }

  #forget(before: number): void {
    let count = Math.max(0, this.facts.length - MOST_FACTS)
    while ((this.facts[count]?.at ?? Infinity) < before) count++
    if (count > 0) this.facts.splice(0, count)
    for (const [key, { goneAt }] of this.readers) if (goneAt < before) this.readers.delete(key)
  }
}

/** The last entry at a time, in a list in the order of time. */
export function lastAt<T extends { readonly at: number }>(list: readonly T[], at: number): T | undefined {
  return list.findLast((one) => one.at <= at)
}

function push<T>(list: T[], one: T, most = MOST_MOMENTS): void {
  list.push(one)
  if (list.length > most) list.splice(0, list.length - most)
}

function keyOf(reader: number, room: string): string {
  return `${reader} ${room}`
}

function flightOf(room: string, name: string, { sentAt }: { sentAt?: number }): Flight {
  return { room, name, id: undefined, sentAt, keptAt: undefined, ringAt: undefined, told: [], parked: [] }
}
