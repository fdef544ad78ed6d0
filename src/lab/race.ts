// One room read in five ways side by side: what each way costs, and how late it is.
//
//     warm        all ways read for some seconds, so that the server is as fast as it gets
//     alone       each way has the server for itself for some seconds, and for some seconds no way has it; all of it
//                 twice. The processor time beyond that without a reader is the readers', and the difference of the two
//                 measurements says how sure that is
//     together    all ways read the same messages until the race is ended
//
// A message carries its number. The writer and the readers are in one process and have one clock, so the time from
// the send to a reader is measured and not guessed. Requests and bytes are those of the readers' own sockets.

import { Agent } from 'node:http'
import { performance } from 'node:perf_hooks'
import { type Lane, LATENCIES, type LaneState, type RaceState, type Way } from '../client/lab.js'
import { sumOf } from '../client/ledger.js'
import { type LabReader, openReader, type Place, say } from './readers.js'

export const READERS = 20
const ALONE_MS = 3000

/** After readers have come, so much time passes before anything is measured. */
const SETTLE_MS = 500
const ROOM = 'race'

/** Milliseconds between two messages. */
const PACE_MS = { quiet: 4000, busy: 50 } as const

/** At most so many sends are remembered. */
const MOST_SENT = 2000

const SHORT_MS: Readonly<Record<Lane, number | undefined>> = {
  'poll-1': 1000,
  'poll-5': 5000,
  poll: undefined,
  events: undefined,
  websocket: undefined,
}

type Phase = RaceState['phase']

type Running = {
  readonly lane: Lane
  readonly readers: LabReader[]
  readonly spread: number[]
  /** The newest latencies. */
  readonly times: number[]
  begunAt: number
  /** Microseconds of the processor in a second, each time the lane was alone. */
  readonly cpus: number[]
}

export class Race {
  readonly #place: Place
  readonly #pace: 'quiet' | 'busy'
  readonly #run = Math.random().toString(36).slice(2, 8)
  readonly #lanes: readonly Running[]
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 4 })
  readonly #sentAt = new Map<string, number>()
  readonly #idle: number[] = []
  #phase: Phase = 'warm'
  #number = 0
  #writing: NodeJS.Timeout
  #turning: NodeJS.Timeout | undefined
  /** Where the measurement of a phase began. */
  #mark: { readonly at: number; readonly micros: number } | undefined
  #phaseAt = performance.now()
  #isNoted = false
  #isClosed = false

  constructor(place: Omit<Place, 'room'>, lanes: readonly Lane[], pace: 'quiet' | 'busy') {
    this.#place = { ...place, room: ROOM }
    this.#pace = pace
    this.#lanes = lanes.map((lane) => ({ lane, readers: [], spread: [], times: [], begunAt: 0, cpus: [] }))
    this.#writing = setInterval(() => this.#write(), PACE_MS[pace])
    this.#turn(['warm', 'idle', ...lanes, 'idle', ...lanes.toReversed(), 'together'])
  }

  get state(): RaceState {
    return {
      pace: this.#pace,
      phase: this.#phase,
      idle: this.#idleMicros ?? null,
      lanes: this.#lanes.map((lane) => this.#stateOf(lane)),
    }
  }

  /** How much the server's processor has done so far, by the server's clock. */
  cpu({ at, micros }: { readonly at: number; readonly micros: number }): void {
    if (this.#phase === 'together' || this.#phase === 'warm' || performance.now() - this.#phaseAt < SETTLE_MS) return
    if (this.#mark === undefined) {
      this.#mark = { at, micros }
      return
    }
    const seconds = (at - this.#mark.at) / 1000
    if (seconds < (ALONE_MS - SETTLE_MS) / 2000) return
    const perSecond = (micros - this.#mark.micros) / seconds
    if (this.#phase === 'idle') this.#measured(this.#idle, perSecond)
    else {
      const lane = this.#lanes.find(({ lane: one }) => one === this.#phase)
      if (lane !== undefined) this.#measured(lane.cpus, perSecond)
    }
  }

  /** Replaces the last measurement by the one of this phase so far. */
  #measured(list: number[], perSecond: number): void {
    if (this.#isNoted) list.pop()
    this.#isNoted = true
    list.push(perSecond)
  }

  close(): void {
    this.#isClosed = true
    clearInterval(this.#writing)
    clearTimeout(this.#turning)
    for (const lane of this.#lanes) this.#leave(lane)
    this.#agent.destroy()
  }

  get #idleMicros(): number | undefined {
    return meanOf(this.#idle)
  }

  #turn([phase, ...rest]: readonly Phase[]): void {
    if (phase === undefined || this.#isClosed) return
    this.#phase = phase
    this.#phaseAt = performance.now()
    this.#mark = undefined
    this.#isNoted = false
    for (const lane of this.#lanes) {
      this.#leave(lane)
      if (phase === 'together' || phase === 'warm' || phase === lane.lane) this.#enter(lane)
    }
    if (rest.length > 0) this.#turning = setTimeout(() => this.#turn(rest), ALONE_MS)
  }

  #enter(lane: Running): void {
    lane.begunAt = performance.now()
    lane.spread.splice(0, Infinity, ...LATENCIES.map(() => 0), 0)
    lane.times.length = 0
    const way: Way = lane.lane === 'poll-1' || lane.lane === 'poll-5' ? 'poll' : lane.lane
    const pauseMs = SHORT_MS[lane.lane]
    const parts = { ...this.#place, way, since: 'now', ...(pauseMs === undefined ? {} : { pauseMs }) }
    for (let i = 0; i < READERS; i++)
      lane.readers.push(
        openReader({ ...parts, name: `race-${lane.lane}-${i + 1}`, onMessage: ({ text }) => this.#came(lane, text) }),
      )
  }

  #leave(lane: Running): void {
    for (const reader of lane.readers.splice(0)) reader.close()
  }

  #write(): void {
    const text = `race ${this.#run} ${++this.#number}`
    this.#sentAt.set(text, performance.now())
    for (const old of this.#sentAt.keys()) {
      if (this.#sentAt.size <= MOST_SENT) break
      this.#sentAt.delete(old)
    }
    const said = { username: 'race', text, key: `${this.#run}-${this.#number}` }
    // Not swallowed: a message that did not arrive is in no lane.
    say(this.#place, this.#agent, said).catch(() => undefined)
  }

  #came({ spread, times }: Running, text: string): void {
    const sentAt = this.#sentAt.get(text)
    if (sentAt === undefined) return
    const ms = performance.now() - sentAt
    const at = LATENCIES.findIndex((bound) => ms <= bound)
    const slot = at < 0 ? LATENCIES.length : at
    spread[slot] = (spread[slot] ?? 0) + 1
    times.push(ms)
    if (times.length > MOST_SENT) times.shift()
  }

  #stateOf({ lane, readers, spread, times, begunAt, cpus }: Running): LaneState {
    const minutes = (performance.now() - begunAt) / 60_000
    const sorted = times.toSorted((a, b) => a - b)
    const traffic = readers.map((reader) => reader.traffic())
    const each = (sum: number): number => Math.round(sum / Math.max(1, readers.length) / Math.max(minutes, 1 / 6000))
    const [cpu, idle] = [meanOf(cpus), this.#idleMicros]
    return {
      lane,
      readers: readers.length,
      requests: each(traffic.reduce((sum, { requests }) => sum + requests, 0)),
      bytes: each(traffic.reduce((sum, { bytes }) => sum + bytes, 0)),
      p50: sorted[Math.floor(sorted.length * 0.5)] ?? null,
      p99: sorted[Math.floor(sorted.length * 0.99)] ?? null,
      spread: [...spread],
      cpu: cpu === undefined || idle === undefined ? null : Math.max(0, cpu - idle) / READERS,
      error: cpus.length < 2 ? null : (spanOf(cpus) + spanOf(this.#idle)) / 2 / READERS,
      counts: sumOf(readers.map(({ ledger }) => ledger.counts)),
    }
  }
}

function meanOf(list: readonly number[]): number | undefined {
  return list.length === 0 ? undefined : list.reduce((sum, one) => sum + one, 0) / list.length
}

function spanOf(list: readonly number[]): number {
  return list.length === 0 ? 0 : Math.max(...list) - Math.min(...list)
}
