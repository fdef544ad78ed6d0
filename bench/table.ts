// One Markdown table of all runs: medians, and the median of the ratios of each pair of runs.
//
// A pair runs one right after the other, so what slows the whole machine down for a while slows both, and leaves
// their ratio as it is. Above 1, ours is better, whether the figure is a speed or a time.

import { availableParallelism, cpus } from 'node:os'
import type { Result, Scenario } from './scenario.js'

export type Pair = { readonly ours: Result; readonly reference: Result }
export type Row = { readonly scenario: Scenario; readonly pairs: readonly Pair[] }

const HEAD = [
  [
    '',
    'unit',
    'ours',
    'reference',
    'ratio',
    'ours p50 / p99',
    'reference p50 / p99',
    'lost or twice, ours / reference',
  ],
  ['---', '---', '--:', '--:', '--:', '--:', '--:', '--:'],
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
  const ratios = pairs.map(({ ours, reference }) =>
    better === 'more' ? ours.figure / reference.figure : reference.figure / ours.figure,
  )
  const of = (side: keyof Pair, value: (result: Result) => number): number =>
    median(pairs.map((pair) => value(pair[side])))
  const latency = (side: keyof Pair): string =>
    `${ms(of(side, ({ p50 }) => p50))} / ${ms(of(side, ({ p99 }) => p99))} ms`
  const faults = (side: keyof Pair): string =>
    pairs.reduce((sum, pair) => sum + pair[side].lost + pair[side].again, 0).toLocaleString('en')
  return [
    title,
    unit,
    figure(of('ours', (result) => result.figure)),
    figure(of('reference', (result) => result.figure)),
    `${median(ratios).toFixed(2)}`,
    latency('ours'),
    latency('reference'),
    `${faults('ours')} / ${faults('reference')}`,
  ]
}

function figure(value: number): string {
  return value < 100 ? value.toFixed(1) : Math.round(value).toLocaleString('en')
}

function ms(value: number): string {
  return value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString('en')
}
