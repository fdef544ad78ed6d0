// What a scenario is: data for the table, and one function that runs in the driver's process.

import type { Target } from './http-connection.js'
import { startUsage, type Usage } from './measure.js'
import type { Traffic } from './traffic.js'

/** The servers that are measured, in the order of the table. */
export const SIDES = ['ours', 'nchan', 'socketio', 'reference'] as const
export type Side = (typeof SIDES)[number]

/** Where a scenario runs. */
export type Stage = {
  readonly target: Target
  readonly serverPid: number
  readonly pinned: boolean
  readonly traffic: Traffic
  /** How long to warm up, and how long to measure. */
  readonly warmMs: number
  readonly measureMs: number
  /** A shorter run, for a first look: fewer readers where their number is not the point. */
  readonly quick: boolean
}

/** What a run came to. Latencies in milliseconds. */
export type Result = {
  readonly figure: number
  readonly p50: number
  readonly p99: number
  readonly max: number
  readonly lost: number
  readonly again: number
  readonly usage: Usage
}

/** Until the first polls are parked: a hub tells a reader nothing of what was said before it came. */
export const PARK_MS = 500

/** A result, and what happened to the driver's connections: none of it should. */
export type Run = Result & { readonly reconnects: number; readonly failures: number }

/** A scenario that this server has nothing for, with the reason. */
export type Skip = { readonly skip: string }

export type Scenario = {
  readonly name: string
  readonly title: string
  readonly unit: string
  readonly better: 'more' | 'less'
  /** Sockets that each side needs. */
  readonly sockets: number
  /** The servers that can do it: some have no log, or no streams. */
  readonly sides: readonly Side[]
  /** It takes minutes: it is run only where it is asked for by its name. */
  readonly isLong?: boolean
  run(stage: Stage): Promise<Result | Skip>
}

/** Measures while `work` runs; `figure` makes the scenario's number of what was delivered in how many seconds. */
export async function measured(
  { serverPid, pinned, traffic }: Stage,
  work: () => Promise<void>,
  figure: (usage: Usage) => number,
): Promise<Result> {
  traffic.restart()
  const stop = startUsage(serverPid, pinned)
  await work()
  const usage = stop()
  return resultOf(traffic, figure(usage), usage)
}

export function resultOf({ latency, lost, again }: Traffic, figure: number, usage: Usage): Result {
  return {
    figure,
    p50: latency.percentile(0.5),
    p99: latency.percentile(0.99),
    max: latency.max,
    lost,
    again,
    usage,
  }
}

/** Runs rounds, one after the other, for a time. */
export async function repeat(ms: number, round: () => Promise<void>): Promise<void> {
  const end = performance.now() + ms
  while (performance.now() < end) await round()
}

/** Counts what is left to happen; resolves when everything has. */
export class Countdown {
  #left = 0
  #reached: (() => void) | undefined

  start(count: number): Promise<void> {
    this.#left = count
    return new Promise((resolve) => {
      this.#reached = resolve
    })
  }

  tick(): void {
    if (--this.#left === 0) this.#reached?.()
  }
}
