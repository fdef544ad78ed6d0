// The race: five ways to read one room, side by side, with the costs of each.

import { type Lane, LATENCIES, type LaneState, type RaceState } from '../../src/client/lab.js'
import { element, on } from '../element.js'

const NAMES: Readonly<Record<Lane, string>> = {
  'poll-1': 'Short poll, 1 s',
  'poll-5': 'Short poll, 5 s',
  poll: 'Long poll',
  events: 'Events',
  websocket: 'WebSocket',
}

/** A CPU figure is shown while its error is at most this part of it. */
const MOST_ERROR = 0.5

type Pace = 'quiet' | 'busy' | 'off'

export class RaceView {
  readonly view: HTMLElement
  readonly #state = element(
    'p',
    { class: 'phase', role: 'status' },
    'Choose a room. Each way is read by twenty readers, and the figures are those of one.',
  )
  readonly #lanes = element('div', { class: 'lanes' })
  readonly #buttons: readonly HTMLButtonElement[]

  constructor(start: (pace: Pace) => Promise<void>) {
    const choose = (pace: Pace, words: string): HTMLButtonElement => {
      const button = element('button', { type: 'button', 'data-pace': pace, 'aria-pressed': 'false' }, words)
      on(button, 'click', () => void start(pace))
      return button
    }
    this.#buttons = [
      choose('quiet', 'A quiet room: a message in four seconds'),
      choose('busy', 'A busy room: twenty a second'),
      choose('off', 'Stop'),
    ]
    this.view = element(
      'section',
      { class: 'race', 'aria-labelledby': 'race-title' },
      element('h2', { id: 'race-title' }, 'One room, read in five ways'),
      element('div', { class: 'controls' }, ...this.#buttons),
      this.#state,
      this.#lanes,
    )
  }

  show(race: RaceState | null): void {
    for (const button of this.#buttons)
      button.setAttribute('aria-pressed', String(race !== null && button.dataset['pace'] === race.pace))
    if (race === null) return
    this.#state.textContent = phaseOf(race)
    const most = (of: (lane: LaneState) => number): number => Math.max(1, ...race.lanes.map(of))
    const scale = {
      requests: most(({ requests }) => requests),
      bytes: most(({ bytes }) => bytes),
      cpu: most((lane) => (isVague(lane) ? 0 : (lane.cpu ?? 0))),
    }
    this.#lanes.replaceChildren(...race.lanes.map((lane) => laneElement(lane, scale)))
  }
}

type Scale = { readonly requests: number; readonly bytes: number; readonly cpu: number }

function laneElement(lane: LaneState, scale: Scale): HTMLElement {
  const { requests, bytes, p50, p99, counts, readers } = lane
  const rest = readers > 0
  const told = counts.missed > 0 ? `, ${n(counts.missed)} told missing` : ''
  const bad = counts.lost + counts.doubled + counts.disordered
  return element(
    'article',
    { class: 'lane', 'data-resting': String(!rest) },
    element('h3', {}, NAMES[lane.lane]),
    figure('requests a minute', rest ? n(requests) : '–', requests / scale.requests),
    figure('bytes a minute', rest ? n(bytes) : '–', bytes / scale.bytes),
    cpuFigure(lane, scale.cpu),
    element('p', { class: 'late' }, element('span', {}, 'half within'), element('b', {}, ms(p50))),
    element('p', { class: 'late' }, element('span', {}, '99 of 100 within'), element('b', {}, ms(p99))),
    spread(lane.spread),
    element('p', { class: 'counts-line' }, `${n(counts.got)} messages, ${n(bad)} lost, twice or out of order${told}`),
  )
}

function figure(name: string, value: string, part: number): HTMLElement {
  const meter = element('span', { class: 'meter', 'aria-hidden': 'true' }, element('i'))
  meter.style.setProperty('--part', String(Math.max(0.004, Math.min(1, part))))
  return element('p', { class: 'figure' }, element('span', {}, name), element('b', {}, value), meter)
}

function cpuFigure(lane: LaneState, most: number): HTMLElement {
  const { cpu, error } = lane
  if (cpu === null) return figure('CPU', '–', 0)
  if (isVague(lane)) return figure('CPU', 'too little to measure', 0)
  const give = error === null ? '' : ` ± ${n(Math.round(error))}`
  return figure('CPU', `${n(Math.round(cpu))}${give} µs/s`, cpu / most)
}

/** A figure on which two measurements do not agree is no figure. */
function isVague({ cpu, error }: LaneState): boolean {
  return cpu !== null && error !== null && error > cpu * MOST_ERROR
}

/** How many messages were how late, as bars. The words above say the same. */
function spread(counts: readonly number[]): HTMLElement {
  const most = Math.max(1, ...counts)
  const bars = counts.map((count, i) => {
    const bound = LATENCIES[i]
    const bar = element('i', { title: bound === undefined ? 'later' : `up to ${ms(bound)}: ${n(count)}` })
    bar.style.setProperty('--part', String(count / most))
    return bar
  })
  const axis = element(
    'p',
    { class: 'axis' },
    ...['1 ms', '10 ms', '100 ms', '1 s', '5 s'].map((words) => element('span', {}, words)),
  )
  return element('div', { class: 'spread', 'aria-hidden': 'true' }, element('div', { class: 'bars' }, ...bars), axis)
}

function phaseOf({ phase, idle }: RaceState): string {
  if (phase === 'warm') return 'First all five read, so that nothing is cold when it is measured.'
  if (phase === 'together')
    return 'All five read the same messages. The processor’s time was measured before, each way alone, twice.'
  if (phase === 'idle')
    return idle === null
      ? 'The server without a reader.'
      : 'And all once more, the other way round, to see how sure that is.'
  return `${NAMES[phase]} has the server for itself, for its processor’s time.`
}

function ms(value: number | null): string {
  if (value === null) return '–'
  if (value >= 1000) return `${(value / 1000).toFixed(1)} s`
  return value < 10 ? `${value.toFixed(1)} ms` : `${value.toFixed(0)} ms`
}

function n(value: number): string {
  return value.toLocaleString('en')
}
