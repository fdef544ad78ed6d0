// One Markdown table of all runs: medians, and the median of the ratios of each round.
//
// The runs of a round come one right after the other, so what slows the whole machine down for a while slows all, and
// leaves their ratios as they are. Above 1, ours is better, whether the figure is a speed or a time.

import { availableParallelism, cpus } from 'node:os'
import { type Result, type Scenario, type Side, SIDES } from './scenario.js'

/** What each server came to, one right after the other. */
export type Round = ReadonlyMap<Side, Result>
export type Row = { readonly scenario: Scenario; readonly rounds: readonly Round[] }

const NAMES = { ours: 'ours', nchan: 'nchan', socketio: 'Socket.IO', reference: 'reference' }
const PEERS = SIDES.filter((side) => side !== 'ours')
const TIMED = SIDES.filter((side) => side !== 'socketio')

const HEAD = [
  'what',
  ...SIDES.map((side) => NAMES[side]),
  ...PEERS.map((side) => `ours : ${NAMES[side]}`),
  ...TIMED.map((side) => `p50 / p99: ${NAMES[side]}`),
  // Where the driver is at its limit, this is what tells the servers apart.
  'server, µs each',
  'lost or twice',
]

export function tableOf(rows: readonly Row[]): string {
  const rule = HEAD.map((_, i) => (i === 0 ? '---' : '--:'))
  return [HEAD, rule, ...rows.map(cellsOf)].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

/** The machine, the runtime and the command: without them a number says nothing. */
export function machine(command: string, pinned: boolean): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor'
  const place = pinned ? 'the server on one core and the driver on another' : 'nothing pinned to a core'
  return `${model}, ${availableParallelism()} cores, ${process.platform}; Node ${process.versions.node}; ${place}; \`${command}\``
}

/** The middle one; of an even number the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const upper = sorted[Math.floor(middle)] ?? 0
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? upper) + upper) / 2 : upper
}

function cellsOf({ scenario: { title, unit, better }, rounds }: Row): string[] {
  const all = (side: Side): Result[] => rounds.flatMap((round) => round.get(side) ?? [])
  const middle = (side: Side, value: (result: Result) => number): number => median(all(side).map(value))
  const ratioOf = (ours: number, theirs: number): number => (better === 'more' ? ours / theirs : theirs / ours)
  // Empty for a server that cannot do it.
  const cell = (side: Side, text: () => string): string => (all(side).length === 0 ? '' : text())
  const ratio = (side: Side): string => {
    const ratios = rounds.map((round) => ratioOf(round.get('ours')?.figure ?? NaN, round.get(side)?.figure ?? NaN))
    return median(ratios).toFixed(2)
  }
  const latency = (side: Side): string =>
    `${ms(middle(side, ({ p50 }) => p50))} / ${ms(middle(side, ({ p99 }) => p99))} ms`
  const cost = (side: Side): string =>
    unit.endsWith('/s') ? middle(side, ({ figure, usage }) => (1e6 * (usage.server ?? NaN)) / figure).toFixed(1) : ''
  const faults = (side: Side): string =>
    all(side)
      .reduce((sum, { lost, again }) => sum + lost + again, 0)
      .toLocaleString('en')
  const each = (text: (side: Side) => string): string =>
    SIDES.map((side) => cell(side, () => text(side)))
      .filter((part) => part !== '')
      .join(' / ')
  return [
    `${title}, ${unit}`,
    ...SIDES.map((side) => cell(side, () => figure(middle(side, (result) => result.figure)))),
    ...PEERS.map((side) => cell(side, () => ratio(side))),
    ...TIMED.map((side) => cell(side, () => latency(side))),
    each(cost),
    each(faults),
  ]
}

function figure(value: number): string {
  return value < 100 ? value.toFixed(1) : Math.round(value).toLocaleString('en')
}

function ms(value: number): string {
  return value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString('en')
}
