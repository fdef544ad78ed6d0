// Which moment is drawn: now, a moment of the recording in slow motion, or a moment that is held.
//
//     live ── speed ──> replay over ten seconds: of the last message's second, or of its flight alone
//      ^  └── pause ──> held ── step ──> the next fact
//      └───── speed `live`, or pause again
//
// Live is a third of a second behind the server, so that a batch of facts is there before it is drawn.

import type { Fact } from '../../src/client/inside.js'
import type { Recording } from './recording.js'

const BEHIND_MS = 350

/** A replay takes this long. */
const REPLAY_MS = 10_000

/** How far back the time line of a live drawing goes. */
const LIVE_MS = 6000

/** The shortest flight is this long on the time line. */
const LEAST_MS = 2

export type Speed = 'live' | 'second' | 'flight'

export type Frame = {
  /** The moment, by the server's clock. */
  readonly at: number
  /** The server's milliseconds in one of the watcher's. A held moment keeps the last rate. */
  readonly rate: number
  /** The beginning of the time line. */
  readonly from: number
  readonly to: number
}

export class Player {
  readonly #recording: Recording
  #speed: Speed = 'live'
  #held: number | undefined
  #replay: { readonly from: number; readonly to: number; readonly begunAt: number } | undefined

  constructor(recording: Recording) {
    this.#recording = recording
  }

  get isHeld(): boolean {
    return this.#held !== undefined
  }

  get speed(): Speed {
    return this.#speed
  }

  /** A replay shows the newest flight in the room; without a flight the drawing is live. */
  setSpeed(speed: Speed, room: string, now: number): void {
    this.#held = undefined
    const flight = speed === 'live' ? undefined : this.#recording.flightAt(room, Infinity)
    this.#speed = flight?.ringAt === undefined ? 'live' : speed
    this.#replay = undefined
    if (flight?.ringAt === undefined) return
    const begin = flight.sentAt ?? flight.ringAt
    const end = Math.max(flight.ringAt, ...[...flight.told, ...flight.parked].map(({ at }) => at))
    const length = speed === 'second' ? 1000 : Math.min(1000, Math.max(LEAST_MS, (end - begin) * 1.2))
    const from = begin - length / 20
    this.#replay = { from, to: from + length, begunAt: now }
  }

  pause(now: number): void {
    if (this.#held === undefined) this.#held = this.frame(now).at
    else {
      if (this.#replay !== undefined) {
        const played = (this.#held - this.#replay.from) / this.#rate
        this.#replay = { ...this.#replay, begunAt: now - Math.max(0, played) }
      }
      this.#held = undefined
    }
  }

  /** Goes to the next fact of a room, and holds there; answers the fact. */
  step(room: string, now: number): Fact | undefined {
    const { at } = this.frame(now)
    const fact = this.#recording.facts.find((one) => one.at > at && 'room' in one && one.room === room)
    this.#held = fact?.at ?? at
    return fact
  }

  frame(now: number): Frame {
    const replay = this.#replay
    const rate = this.#rate
    const at = this.#held ?? this.#playing(now)
    if (replay === undefined) return { at, rate, from: at - LIVE_MS, to: at }
    return { at, rate, from: replay.from, to: replay.to }
  }

  get #rate(): number {
    return this.#replay === undefined ? 1 : (this.#replay.to - this.#replay.from) / REPLAY_MS
  }

  #playing(now: number): number {
    const replay = this.#replay
    if (replay === undefined) return this.#recording.time(now) - BEHIND_MS
    // After the end it begins again, with a short pause.
    const played = (now - replay.begunAt) % (REPLAY_MS + 1500)
    return Math.min(replay.to, replay.from + played * this.#rate)
  }
}
