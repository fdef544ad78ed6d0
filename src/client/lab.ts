// Parses the state of the lab, `event: lab` of /inside/events: its faults, its readers and what each of them got.

import { type Counts, NOTHING } from './ledger.js'

/** How the lab's readers read. */
export type Way = 'poll' | 'events' | 'websocket'
export const WAYS: readonly Way[] = ['poll', 'events', 'websocket']

/** The lanes of the race. */
export type Lane = 'poll-1' | 'poll-5' | Way

/** A reader, and the counts that it keeps itself. */
export type Account = Counts & { readonly name: string; readonly way: string }

export type Crowd = {
  readonly room: string
  readonly readers: number
  readonly writers: number
  /** Messages a minute, of all writers together. */
  readonly rate: number
}

export type CrowdState = Crowd & {
  /** Messages that were acknowledged. */
  readonly said: number
  readonly total: Counts
  /** The first few readers, one by one. */
  readonly some: readonly Account[]
}

export type LaneState = {
  readonly lane: Lane
  readonly readers: number
  /** Of one reader in a minute. */
  readonly requests: number
  readonly bytes: number
  /** Milliseconds from the send to the reader. */
  readonly p50: number | null
  readonly p99: number | null
  /** How many messages took up to each bound of `LATENCIES`, and at the end how many took longer. */
  readonly spread: readonly number[]
  /** Microseconds of the server's processor in a second, for one reader; null until it was measured. */
  readonly cpu: number | null
  /** By how much `cpu` may be wrong: half the difference of two measurements. */
  readonly error: number | null
  readonly counts: Counts
}

export type RaceState = {
  readonly pace: 'quiet' | 'busy'
  /**
   * `together`, and `warm` before it; or the lane that has the server for itself while its processor time is
   * measured; `idle`: no lane.
   */
  readonly phase: 'warm' | 'together' | 'idle' | Lane
  /** Microseconds of the server's processor in a second without a reader. */
  readonly idle: number | null
  readonly lanes: readonly LaneState[]
}

/** Bounds of latency, in milliseconds. */
export const LATENCIES: readonly number[] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000]

export type Faults = {
  /** Is one answer in ten dropped? */
  readonly drop: boolean
  /** Milliseconds that each answer waits. */
  readonly delay: number
  /** One reader of this way takes a write every three seconds. */
  readonly slow: Way | 'none'
}

export type LabState = {
  readonly faults: Faults
  readonly ring: number
  /** Since the process began. */
  readonly dropped: number
  readonly cut: number
  /** How often the supervisor has started the server again; null without a supervisor. */
  readonly restarts: number | null
  /** The ways in which the lab's readers read. */
  readonly ways: readonly Way[]
  readonly crowd: CrowdState
  /** Pages that count for themselves. */
  readonly pages: readonly Account[]
  readonly race: RaceState | null
}

export const NO_CROWD: CrowdState = {
  room: 'lobby',
  readers: 0,
  writers: 0,
  rate: 60,
  said: 0,
  total: NOTHING,
  some: [],
}

/** Undefined for anything but a state. */
export function parseLab(data: unknown): LabState | undefined {
  try {
    const value: unknown = typeof data === 'string' ? JSON.parse(data) : undefined
    const isState = typeof value === 'object' && value !== null && 'faults' in value && 'crowd' in value
    return isState ? (value as LabState) : undefined
  } catch {
    // Not swallowed: the page keeps what it has.
    return undefined
  }
}
