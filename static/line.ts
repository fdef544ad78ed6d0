// One line of the log as an element: a message, a day, a gap, or a note of who came and went.

import type { Gap, Message } from '../src/client/wire.js'
import { element, nameElement } from './element.js'
import { type Reader, textElement } from './text.js'

/**
 * A message with more lines than `fold`, at so many characters a line, is folded; the style then shows fifteen lines.
 */
const LONG = { fold: 18, characters: 70 }

/** Lines of one person within this time are one group, with the name once. */
const GROUP_MS = 5 * 60_000

const time = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' })
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' })
const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'full' })

export function messageLine(
  message: Pick<Message, 'username' | 'text' | 'timestamp'>,
  reader: Reader,
  before: Message | undefined,
): HTMLLIElement {
  const { username, text, timestamp } = message
  const { node, mentions } = textElement(text, reader, username)
  const line = element('li', { class: 'line', tabindex: '-1' }, nameElement(username), node, timeElement(timestamp))
  if (!isSameGroup(before, message)) line.classList.add('first')
  if (mentions && username !== reader.name) line.classList.add('mentions')
  if (username === reader.name) line.classList.add('mine')
  if (isLong(text)) line.append(unfoldButton(node))
  return line
}

function isLong(text: string): boolean {
  if (text.length <= LONG.fold) return false
  const rows = text.split('\n').reduce((sum, row) => sum + Math.max(1, Math.ceil(row.length / LONG.characters)), 0)
  return rows > LONG.fold
}

function unfoldButton(text: HTMLElement): HTMLButtonElement {
  text.classList.add('folded')
  const button = element('button', { type: 'button', class: 'quiet unfold', 'aria-expanded': 'false' }, 'Show all')
  button.addEventListener('click', () => {
    const isFolded = text.classList.toggle('folded')
    button.textContent = isFolded ? 'Show all' : 'Show less'
    button.ariaExpanded = String(!isFolded)
  })
  return button
}

function timeElement(timestamp: number): HTMLTimeElement {
  const { short, whole } = timeWords(timestamp)
  return element('time', { datetime: new Date(timestamp).toISOString(), title: whole }, short)
}

let lastTime = { second: -1, short: '', whole: '' }

/** The time in words. Making them is slow, so they are remembered for lines of the same second. */
function timeWords(timestamp: number): typeof lastTime {
  const second = Math.floor(timestamp / 1000)
  if (second !== lastTime.second)
    lastTime = {
      second,
      short: time.format(timestamp),
      whole: `${dayWords(timestamp)}, ${clock.format(timestamp)}`,
    }
  return lastTime
}

export function dayLine(timestamp: number): HTMLLIElement {
  return element('li', { class: 'day' }, dayWords(timestamp))
}

const days = new Map<string, string>()

/** The date in words. Making it is slow, and a log has five hundred lines, so it is remembered. */
function dayWords(timestamp: number): string {
  const name = dayOf(timestamp)
  let words = days.get(name)
  if (words === undefined) days.set(name, (words = day.format(new Date(timestamp))))
  return words
}

export function dayOf(timestamp: number): string {
  return new Date(timestamp).toDateString()
}

/** `lost`: there is nothing to load. */
export function gapLine(gap: Gap, lost = false): HTMLLIElement {
  const line = element('li', { class: 'gap' }, element('span', {}, gapWords(gap), lost ? ', no longer kept' : ''))
  if (gap.reason === 'overflow' && !lost)
    line.append(element('button', { type: 'button', class: 'quiet load', 'data-first': String(gap.first) }, 'Load'))
  return line
}

function gapWords({ reason, missed }: Gap): string {
  if (reason === 'overflow') return missed === 1 ? '1 message missed' : `${missed ?? 'Some'} messages missed`
  return reason === 'restart'
    ? 'The server restarted; only you still see what is above'
    : 'The server went back to an earlier state'
}

/** A note of who came and went. A run of them is one line, which is filled anew when the run grows. */
export function noteLine(run: readonly Message[]): HTMLLIElement {
  const line = element('li', { class: 'note' })
  fillNote(line, run)
  return line
}

export function fillNote(line: HTMLElement, run: readonly Message[]): void {
  line.replaceChildren(...noteWords(run))
}

const NAMED = 3

function noteWords(run: readonly Message[]): (Node | string)[] {
  const first = new Map<string, string>()
  const last = new Map<string, string>()
  for (const { username, type } of run) {
    if (!first.has(username)) first.set(username, type)
    last.set(username, type)
  }
  const did: Record<'joined' | 'left' | 'came back' | 'looked in', string[]> = {
    joined: [],
    left: [],
    'came back': [],
    'looked in': [],
  }
  for (const [name, end] of last) {
    const begin = first.get(name)
    did[end === 'join' ? (begin === 'join' ? 'joined' : 'came back') : begin === 'join' ? 'looked in' : 'left'].push(
      name,
    )
  }
  const parts: (Node | string)[] = []
  for (const [verb, names] of Object.entries(did)) {
    if (names.length > 0) parts.push(...(parts.length > 0 ? [', '] : []), ...listOf(names), ` ${verb}`)
  }
  return parts
}

/** `ada`, `ada and bob`, `ada, bob and 5 others`. */
export function listOf(names: readonly string[]): (Node | string)[] {
  const shown = names.length > NAMED + 1 ? names.slice(0, NAMED) : names
  const rest = names.length - shown.length
  const items: (Node | string)[] = shown.map((name) => element('bdi', {}, name))
  if (rest > 0) items.push(`${rest} others`)
  return items.flatMap((item, i) => (i === 0 ? [item] : [i === items.length - 1 ? ' and ' : ', ', item]))
}

function isSameGroup(
  before: Message | undefined,
  { username, timestamp, text }: Pick<Message, 'username' | 'text' | 'timestamp'>,
): boolean {
  if (before === undefined || before.type !== 'chat' || before.username !== username) return false
  if (text.startsWith('/me ') || before.text.startsWith('/me ')) return false
  return timestamp - before.timestamp < GROUP_MS && dayOf(timestamp) === dayOf(before.timestamp)
}
