// Parses what `/inside/events` tells: facts as they happened, and once a second the whole scene.
//
//     event: facts    {"to":1834.2,"left":0,"facts":[{"kind":"ring","at":1801.9,"room":"lobby","id":801,…},…]}
//     event: scene    {"at":1834.2,"rooms":[…],"readers":[…],"crowds":[…],…}
//
// `at` is the server's own clock in milliseconds. Names are told, and never texts.
//
// Thirty readers that are given the same message are one fact on the wire, and the parser makes thirty facts of it:
//
//     {"kind":"told","at":1802,"room":"lobby","id":801,"messages":1,"bytes":171,"readers":[4,5,…],"after":[0,31,…]}

type RoomFact =
  | { readonly kind: 'sent' | 'repeated'; readonly at: number; readonly room: string; readonly name: string }
  | { readonly kind: 'kept'; readonly at: number; readonly room: string; readonly id: number }
  | {
      readonly kind: 'ring'
      readonly at: number
      readonly room: string
      readonly id: number
      readonly name: string
      readonly first: number
      readonly epoch: string
    }
  | {
      readonly kind: 'waking'
      readonly at: number
      readonly room: string
      readonly phase: 'asked' | 'held' | 'begun' | 'done'
      readonly readers: number
    }
  | { readonly kind: 'gone'; readonly at: number; readonly reader: number }
  /** Of a crowd: how many readers were told and how many parked in the 10 ms from `at` on. */
  | {
      readonly kind: 'flow'
      readonly at: number
      readonly room: string
      readonly told: number
      readonly parked: number
      readonly bytes: number
    }

type ToldFact = {
  readonly kind: 'told'
  readonly at: number
  readonly room: string
  readonly id: number
  readonly messages: number
  readonly bytes: number
  /** Why the reader cannot have some messages, and how many; null where it is another log. */
  readonly gap?: { readonly reason: string; readonly missed: number | null }
}

type ParkedFact = { readonly kind: 'parked'; readonly at: number; readonly room: string; readonly id: number }

/**
 * `id`: the place of a reader, or the id of a message. `reader`: a number, the same as long as it is the same reader.
 */
export type Fact = RoomFact | ((ToldFact | ParkedFact) & { readonly reader: number })

/** Readers that were given the same, or that park at the same place. `after`: microseconds since `at`, of each. */
export type Together = (ToldFact | ParkedFact) & { readonly readers: number[]; readonly after: number[] }

/** A fact on the wire. */
export type WireFact = RoomFact | Together

export type RoomScene = {
  readonly room: string
  readonly epoch: string
  readonly first: number
  readonly last: number
  readonly parked: number
  readonly streams: number
  readonly members: number
  readonly bytes: number
}

export type ReaderScene = {
  readonly reader: number
  /** Absent for a reader without a session. */
  readonly name?: string
  readonly way: string
  readonly room: string
  readonly id: number
  readonly parked: boolean
  readonly answers: number
  readonly bytes: number
}

export type Scene = {
  readonly at: number
  readonly version: string
  readonly store: string
  readonly ring: number
  readonly uptime: number
  readonly rooms: readonly RoomScene[]
  /** How many more rooms there are. */
  readonly others: number
  /** Each reader, while there are not too many; otherwise empty. */
  readonly readers: readonly ReaderScene[]
  /** For too many readers: how many wait in a room, and how many are on their way back to it. */
  readonly crowds: readonly { readonly room: string; readonly parked: number; readonly away: number }[]
  readonly sessions: number
  /** In the last second: the part of one processor that was used, answers and frames, and their bytes. */
  readonly cpu: number
  readonly answers: number
  readonly bytes: number
  readonly memory: number
}

export type Batch<T = Fact> = {
  /** Everything that happened before this time has been told. */
  readonly to: number
  /** How many facts were left out, because there were too many. */
  readonly left: number
  readonly facts: readonly T[]
}

const KINDS: readonly unknown[] = ['sent', 'repeated', 'kept', 'ring', 'waking', 'told', 'parked', 'gone', 'flow']

/** The facts are in the order of their time. Undefined for anything but a batch. Facts of unknown kinds are left out. */
export function parseBatch(data: unknown): Batch | undefined {
  const value = parseObject(data)
  if (value === undefined || !('facts' in value) || !Array.isArray(value.facts)) return undefined
  const { to, left, facts } = value as Batch<WireFact>
  const known = facts.filter((fact) => KINDS.includes(fact.kind) && Number.isFinite(fact.at))
  return { to, left, facts: known.flatMap(eachOf).toSorted((a, b) => a.at - b.at) }
}

function eachOf(fact: WireFact): Fact | Fact[] {
  if (!('after' in fact)) return fact
  const { readers, after, ...same } = fact
  return readers.map((reader, i) => ({ ...same, reader, at: Math.round(fact.at * 1000 + (after[i] ?? 0)) / 1000 }))
}

export function parseScene(data: unknown): Scene | undefined {
  const value = parseObject(data)
  const isScene =
    value !== undefined && 'rooms' in value && 'readers' in value && 'crowds' in value && Array.isArray(value.rooms)
  return isScene ? (value as Scene) : undefined
}

function parseObject(data: unknown): object | undefined {
  try {
    const value: unknown = typeof data === 'string' ? JSON.parse(data) : undefined
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    // Not swallowed: the caller goes on with what it has.
    return undefined
  }
}
