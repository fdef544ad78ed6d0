// The lab: switches that break this server, and counts that show that no reader has lost a message.
//
//     a switch ──> POST inside/lab ──> the server has a fault
//     event: lab ──> the readers' counts, as each reader keeps them by id
//
// Loaded only if the server has the flag --lab.

import { type Account, type LabState, parseLab, type Way } from '../../src/client/lab.js'
import { element, on } from '../element.js'
import { Probes } from './probes.js'
import { RaceView } from './race.js'

type Parts = {
  /** The stream of the glass box. */
  readonly source: EventTarget
  /** The room in the drawing. */
  room(): string
  say(sentence: string): void
  /** Shows the drawing, or this view in its place. */
  cover(view: HTMLElement | undefined): void
}

const CROWDS = [
  { name: 'none', readers: 0, writers: 0, rate: 0 },
  { name: '3 readers, 1 writer, a message a second', readers: 3, writers: 1, rate: 60 },
  { name: '30 readers, 3 writers, 2 messages a second', readers: 30, writers: 3, rate: 120 },
  { name: '30 readers, 3 writers, 20 messages a second', readers: 30, writers: 3, rate: 1200 },
  { name: '1,000 readers, 1,000 writers, 5 messages a second', readers: 1000, writers: 1000, rate: 300 },
] as const

const HEADS = ['reader', 'got', 'lost', 'twice', 'out of order', 'told', 'new logs']

/** Puts the lab beside the drawing. */
export function openLab(parts: Parts): void {
  const drop = toggle('Drop one answer in ten')
  const delay = select('Delay each answer', [
    ['0', 'not at all'],
    ['100', 'by 0.1 s'],
    ['500', 'by 0.5 s'],
    ['2000', 'by 2 s'],
  ])
  const slow = select('A slow reader', [
    ['none', 'none'],
    ['poll', 'the first that polls'],
    ['events', 'the first with events'],
    ['websocket', 'the first WebSocket'],
  ])
  const crowd = select(
    'Readers and writers of the lab',
    CROWDS.map(({ name }, i): [string, string] => [String(i), name]),
  )
  const mine = toggle('This page reads too')
  const cut = button('Cut all connections')
  const stop = button('Stop the world for ten seconds')
  const restart = button('Kill it and start it again')
  const small = button('The same, with a ring of 8')
  const race = button('The race')
  const verdict = element('p', { class: 'verdict', role: 'status' })
  const body = element('tbody')
  const did = element('p', { class: 'did' })
  const head = element('tr', {}, ...HEADS.map((name) => element('th', { scope: 'col' }, name)))
  const table = element(
    'table',
    {},
    element('caption', {}, 'What each reader was given, counted by id; “told” is what a gap said is missing'),
  )
  table.append(element('thead', {}, head), body)
  const panel = element(
    'section',
    { class: 'lab', 'aria-labelledby': 'lab-title' },
    element('h2', { id: 'lab-title' }, 'The lab'),
    field('Traffic', crowd.label, mine.label),
    field('Faults', drop.label, delay.label, slow.label, cut, stop, restart, small),
    race,
    verdict,
    did,
    table,
  )
  document.body.append(panel)
  document.body.dataset['lab'] = ''
  const banner = element('p', { class: 'lab-on', role: 'note' }, 'The lab is on: this server can be broken on purpose.')
  document.querySelector('.head')?.append(banner)

  const probes = new Probes()
  const raceView = new RaceView((pace) => order({ fault: 'race', pace }))
  let state: LabState | undefined

  async function order(body: object): Promise<void> {
    try {
      const headers = { 'Content-Type': 'application/json' }
      const response = await fetch('inside/lab', { method: 'POST', headers, body: JSON.stringify(body) })
      const answer = await response.text()
      if (response.ok) show(parseLab(answer))
      else parts.say(sentenceOf(answer))
    } catch {
      // Not swallowed: the page says so, and the switch can be used again.
      parts.say('The server does not answer.')
    }
  }

  function show(next: LabState | undefined): void {
    if (next === undefined) return
    state = next
    mine.box.disabled = false
    const { faults, ways, crowd: made, pages, dropped, cut: wereCut, restarts, ring } = next
    drop.box.checked = faults.drop
    delay.box.value = String(faults.delay)
    slow.box.value = faults.slow
    const which = CROWDS.findIndex(
      ({ readers, rate }) => readers === made.readers && (readers === 0 || rate === made.rate),
    )
    if (which >= 0) crowd.box.value = String(which)
    for (const option of slow.box.options)
      option.disabled = option.value !== 'none' && !ways.includes(option.value as Way)
    // These need a supervisor.
    for (const one of [restart, small, race, crowd.box, slow.box]) one.disabled = restarts === null
    const here = probes.accounts
    const others = pages.filter(({ name }) => !here.some((one) => one.name === name))
    const total: Account = { ...made.total, name: `all ${made.readers} of the lab`, way: '' }
    const rows = [...(made.readers > 0 ? [total] : []), ...here, ...others, ...made.some]
    body.replaceChildren(...rows.map(row))
    const bad = rows.some(({ lost, doubled, disordered }) => lost + doubled + disordered > 0)
    verdict.dataset['bad'] = rows.length === 0 ? 'nobody' : String(bad)
    verdict.textContent =
      rows.length === 0
        ? 'Nobody counts yet: choose readers.'
        : bad
          ? 'A message is lost, came twice or out of order, and no gap told of it.'
          : 'Nothing is lost, nothing came twice, all is in order; what is missing was told.'
    did.textContent = `${n(dropped)} answers dropped, ${n(wereCut)} connections cut, started again ${n(restarts ?? 0)} times, a ring of ${n(ring)}, ${n(made.said)} messages acknowledged`
    raceView.show(next.race)
  }

  on(parts.source, 'lab', (event) => show(parseLab('data' in event ? event.data : undefined)))
  on(drop.box, 'change', () => void order({ fault: 'drop', on: drop.box.checked }))
  on(delay.box, 'change', () => void order({ fault: 'delay', ms: Number(delay.box.value) }))
  on(slow.box, 'change', () => void order({ fault: 'slow', way: slow.box.value }))
  on(cut, 'click', () => void order({ fault: 'cut' }))
  on(stop, 'click', () => void order({ fault: 'stop', seconds: 10 }))
  on(restart, 'click', () => void order({ fault: 'restart' }))
  on(small, 'click', () => void order({ fault: 'restart', ring: 8 }))
  on(crowd.box, 'change', () => {
    const { readers, writers, rate } = CROWDS[Number(crowd.box.value)] ?? CROWDS[0]
    void order({ fault: 'crowd', room: parts.room(), readers, writers, rate })
  })
  on(mine.box, 'change', () => {
    if (mine.box.checked) probes.open(parts.room(), state?.ways ?? [])
    else probes.close()
  })
  mine.box.disabled = true
  on(race, 'click', () => {
    const isOn = race.getAttribute('aria-pressed') !== 'true'
    race.setAttribute('aria-pressed', String(isOn))
    parts.cover(isOn ? raceView.view : undefined)
    if (!isOn) void order({ fault: 'race', pace: 'off' })
  })
}

function row({ name, way, got, lost, doubled, disordered, missed, restarts }: Account): HTMLTableRowElement {
  const bad = (count: number): HTMLTableCellElement => element('td', count === 0 ? {} : { class: 'error' }, n(count))
  const who = element('th', { scope: 'row' }, element('bdi', {}, name), way === '' ? '' : ` ${way}`)
  const cells = [element('td', {}, n(got)), bad(lost), bad(doubled), bad(disordered)]
  return element('tr', {}, who, ...cells, element('td', {}, n(missed)), element('td', {}, n(restarts)))
}

function field(name: string, ...children: HTMLElement[]): HTMLFieldSetElement {
  return element('fieldset', {}, element('legend', {}, name), ...children)
}

function button(name: string): HTMLButtonElement {
  return element('button', { type: 'button' }, name)
}

function toggle(name: string): { readonly label: HTMLLabelElement; readonly box: HTMLInputElement } {
  const box = element('input', { type: 'checkbox' })
  return { label: element('label', { class: 'check' }, box, name), box }
}

function select(
  name: string,
  options: readonly (readonly [value: string, words: string])[],
): { readonly label: HTMLLabelElement; readonly box: HTMLSelectElement } {
  const box = element('select', {}, ...options.map(([value, words]) => element('option', { value }, words)))
  return { label: element('label', {}, element('span', {}, name), box), box }
}

function sentenceOf(answer: string): string {
  try {
    const problem: unknown = JSON.parse(answer)
    if (typeof problem === 'object' && problem !== null && 'detail' in problem) return String(problem.detail)
  } catch {
    // Not swallowed: an answer that is no problem document has no sentence.
  }
  return 'The server does not answer.'
}

function n(value: number): string {
  return value.toLocaleString('en')
}
