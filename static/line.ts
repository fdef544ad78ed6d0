// One line of the log as an element: a message, a day, a gap, or a note of who came and went.

import type { Gap, Message } from '../src/client/wire.js'
import { element, nameElement } from './element.js'
import { type Reader, textElement } from './text.js'
import { type Forms, formFor, join, locale, type Nodes, sayCount, sayWith, words } from './words.js'

/**
 * A message with more lines than `fold`, at so many characters a line, is folded; the style then shows fifteen lines.
 */
const LONG = { fold: 18, characters: 70 }

/** A text of more characters or lines is tall: its name stays in sight while it scrolls by. */
const TALL = { characters: 140, lines: 3 }

/** Lines of one person within this time are a group, with the name once. */
const GROUP_MS = 5 * 60_000

const time = new Intl.DateTimeFormat(locale, { hour: 'numeric', minute: '2-digit' })
const clock = new Intl.DateTimeFormat(locale, { timeStyle: 'medium' })
const day = new Intl.DateTimeFormat(locale, { dateStyle: 'full' })

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
  if (isTall(text)) line.classList.add('tall')
  if (isLong(text)) line.append(unfoldButton(node))
  return line
}

function isTall(text: string): boolean {
  return text.length > TALL.characters || text.split('\n').length > TALL.lines
}

function isLong(text: string): boolean {
  if (text.length <= LONG.fold) return false
  const rows = text.split('\n').reduce((sum, row) => sum + Math.max(1, Math.ceil(row.length / LONG.characters)), 0)
  return rows > LONG.fold
}

function unfoldButton(text: HTMLElement): HTMLButtonElement {
  text.classList.add('folded')
  const button = element('button', { type: 'button', class: 'quiet unfold', 'aria-expanded': 'false' }, words.showAll)
  button.addEventListener('click', () => {
    const isFolded = text.classList.toggle('folded')
    button.textContent = isFolded ? words.showAll : words.showLess
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

/** Its words come with the code that loads what is missing, which is there before the first gap: the page was idle. */
export function gapLine(gap: Gap, lost?: boolean): HTMLLIElement {
  const line = element('li', { class: 'gap' })
  import('./past.js').then(
    ({ sayGap }) => sayGap(line, gap, lost),
    // No connection, which is told elsewhere; the dashes say that something is missing.
    () => undefined,
  )
  return line
}

/** A note of who came and went. A run of notes is one line, which is filled anew when the run grows. */
export function noteLine(run: readonly Message[]): HTMLLIElement {
  const line = element('li', { class: 'note' })
  fillNote(line, run)
  return line
}

export function fillNote(line: HTMLElement, run: readonly Message[]): void {
  line.replaceChildren(...noteWords(run))
}

const NAMED = 3

function noteWords(run: readonly Message[]): Nodes {
  const first = new Map<string, string>()
  const last = new Map<string, string>()
  for (const { username, type } of run) {
    if (!first.has(username)) first.set(username, type)
    last.set(username, type)
  }
  const did = new Map<Forms, string[]>(
    [words.joined, words.left, words.cameBack, words.lookedIn].map((forms) => [forms, []]),
  )
  for (const [name, end] of last) {
    const came = first.get(name) === 'join'
    did.get(end === 'join' ? (came ? words.joined : words.cameBack) : came ? words.lookedIn : words.left)?.push(name)
  }
  const some = [...did].filter(([, names]) => names.length > 0)
  return some.flatMap(([forms, names], i) => [i === 0 ? '' : words.comma, ...sayNames(forms, names)])
}

/** What people do, with their names: `ada`, `ada and bob`, `ada, bob and 5 others`. */
export function sayNames(forms: Forms, names: readonly string[]): Nodes {
  const shown = names.length > NAMED + 1 ? names.slice(0, NAMED) : names
  const rest = names.length - shown.length
  const items: Nodes[] = shown.map((name) => [element('bdi', {}, name)])
  if (rest > 0) items.push([sayCount(words.others, rest)])
  return sayWith(formFor(forms, names.length), { names: join(items) })
}

function isSameGroup(
  before: Message | undefined,
  { username, timestamp, text }: Pick<Message, 'username' | 'text' | 'timestamp'>,
): boolean {
  if (before === undefined || before.type !== 'chat' || before.username !== username) return false
  if (text.startsWith('/me ') || before.text.startsWith('/me ')) return false
  return timestamp - before.timestamp < GROUP_MS && dayOf(timestamp) === dayOf(before.timestamp)
}
