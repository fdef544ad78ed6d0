// One Markdown table of all runs: medians, and the median of the ratios of each round.
//
// The runs of a round come one right after the other, so what slows the whole machine down for a while slows all, and
// leaves their ratios as they are. Above 1, ours is better, whether the figure is a speed or a time.

import { availableParallelism, cpus } from 'node:os'
import type { Result, Scenario } from './scenario.js'

/** Runs one right after the other. `nchan`: where it is here, and can do what the scenario asks for. */
export type Pair = { readonly ours: Result; readonly nchan?: Result | undefined; readonly reference: Result }
export type Row = { readonly scenario: Scenario; readonly pairs: readonly Pair[] }

const HEAD = [
  [
    'what',
    'ours',
    'nchan',
    'ours : nchan',
    'reference',
    'ours : reference',
    'p50 / p99: ours',
    'nchan',
    'reference',
    'lost or twice',
  ],
  ['---', '--:', '--:', '--:', '--:', '--:', '--:', '--:', '--:', '--:'],
]

export function tableOf(rows: readonly Row[]): string {
  return [...HEAD, ...rows.map(cellsOf)].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
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

function cellsOf({ scenario: { title, unit, better }, pairs }: Row): string[] {
  const all = (side: keyof Pair): Result[] => pairs.map((pair) => pair[side]).filter((result) => result !== undefined)
  const middle = (side: keyof Pair, value: (result: Result) => number): number => median(all(side).map(value))
  const ratio = (side: keyof Pair): string => {
    const ratios = pairs.flatMap(({ ours, [side]: other }) =>
      other === undefined ? [] : [better === 'more' ? ours.figure / other.figure : other.figure / ours.figure],
    )
    return ratios.length === 0 ? '' : median(ratios).toFixed(2)
  }
  const speed = (side: keyof Pair): string =>
    all(side).length === 0 ? '' : figure(middle(side, (result) => result.figure))
  const latency = (side: keyof Pair): string =>
    all(side).length === 0 ? '' : `${ms(middle(side, ({ p50 }) => p50))} / ${ms(middle(side, ({ p99 }) => p99))} ms`
  const faults = (side: keyof Pair): string =>
    all(side)
      .reduce((sum, { lost, again }) => sum + lost + again, 0)
      .toLocaleString('en')
  return [
    `${title}, ${unit}`,
    speed('ours'),
    speed('nchan'),
    ratio('nchan'),
    speed('reference'),
    ratio('reference'),
    latency('ours'),
    latency('nchan'),
    latency('reference'),
    `${faults('ours')} / ${faults('nchan')} / ${faults('reference')}`,
  ]
}

function figure(value: number): string {
  return value < 100 ? value.toFixed(1) : Math.round(value).toLocaleString('en')
}

function ms(value: number): string {
  return value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString('en')
}
