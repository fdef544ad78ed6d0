// Messages that are on the server and not here. Loaded when the page is idle, or with the first of them.
//
//     older    scrolling up            fill     the button of a gap
//     newer    scrolling down again    goTo     a message that was found, or is answered: what was said around it
//     reload   Jump to newest          sayGap   the words of a gap

import { history, type HistoryAnswer, type PastOf } from '../src/client/history.js'
import type { Gap, Message } from '../src/client/wire.js'
import { BASE } from './base.js'
import { element } from './element.js'
import { later } from './later-words.js'
import { type Line, type Log, shown, SHOWN } from './log.js'
import type { Scroll } from './scroll.js'
import { sayCount } from './words.js'

const PAGE = 100
const MOST = 500

/** So many ids after the message that is gone to are loaded with it, and those before it. */
const AFTER = 40

export type PastParts = {
  readonly token: () => string | undefined
  /** The log of the current room. */
  readonly log: () => Log
  /** The lines as elements (log-view.ts). */
  readonly view: {
    prepend(lines: readonly Line[]): void
    append(lines: readonly Line[]): void
    trimStart(count: number): void
    trimEnd(count: number, newest: Message | undefined): void
  }
  readonly scroll: Scroll
  /** Draws the log anew. */
  readonly draw: () => void
  /** The same, and the reading place is kept. */
  readonly redraw: () => void
  /** The same, from the first unread message or the end. */
  readonly show: () => void
  readonly update: () => void
}

/** All of these throw without a connection. */
export class Past {
  readonly #parts: PastParts
  readonly #loading = new WeakSet<Log>()
  /** Before which id of a log the server has nothing. */
  readonly #beginnings = new WeakMap<Log, number>()

  constructor(parts: PastParts) {
    this.#parts = parts
  }

  async older(): Promise<void> {
    const log = this.#parts.log()
    const before = log.oldest
    if (before === undefined || before <= 1 || this.#beginnings.get(log) === before) return
    await this.#alone(log, async () => {
      const { messages } = await this.#page(log, { before })
      // Other lines were loaded meanwhile: these do not belong above them.
      if (log.oldest !== before) return
      if (messages.length === 0) this.#beginnings.set(log, before)
      const lines = linesOf(messages)
      log.lines.unshift(...lines)
      const { view } = this.#parts
      this.#keep(log, lines, () => {
        view.prepend(lines)
        view.trimEnd(log.trimEnd(), newestOf(log))
      })
    })
  }

  /** After a jump into the past: what was said next, until the newest message is here. */
  async newer(): Promise<void> {
    const log = this.#parts.log()
    const { view, scroll } = this.#parts
    await this.#alone(log, async () => {
      const from = newestOf(log)
      let after = from?.id
      while (!log.atEnd && after !== undefined) {
        const { messages, more, last } = await this.#page(log, { after })
        if (newestOf(log) !== from) return
        // Only changes of earlier messages may be in a page, and then the next one is asked for.
        after = more ? messages.at(-1)?.id : undefined
        const lines = linesOf(messages)
        log.lines.push(...lines)
        log.atEnd = !more && last >= log.last
        if (lines.length === 0 && !log.atEnd) continue
        scroll.hold()
        this.#keep(log, lines, () => {
          view.append(lines)
          view.trimStart(log.trimStart())
        })
        return this.#parts.update()
      }
    })
  }

  /** Loads a part of what a gap is for: the newest of it. */
  async fill(first: number): Promise<void> {
    const log = this.#parts.log()
    const { messages } = await this.#page(log, { before: first })
    const at = log.lines.findIndex((line, i) => i >= log.start && line.kind === 'gap' && line.gap.first === first)
    const line = log.lines[at]
    if (line?.kind !== 'gap' || line.gap.missed === null) return
    const from = first - line.gap.missed
    const found = messages.map(shown).filter(({ id }) => id >= from)
    const next = found[0]?.id ?? first
    const rest: Line = { kind: 'gap', gap: { ...line.gap, first: next, missed: next - from }, lost: found.length === 0 }
    // What is still missing stays a gap.
    log.lines.splice(at, 1, ...(next > from ? [rest] : []), ...linesOf(found))
    if (log === this.#parts.log()) this.#parts.redraw()
  }

  async reload(): Promise<void> {
    const log = this.#parts.log()
    log.reset((await this.#page(log, { limit: MOST })).messages)
    if (log === this.#parts.log()) this.#parts.show()
  }

  /** Goes to a message, and marks it while it has the focus. Resolves with whether there is one. */
  async goTo(id: number): Promise<boolean> {
    const log = this.#parts.log()
    if (log.get(id) === undefined) {
      const { messages } = await this.#page(log, { before: id + AFTER })
      if (log !== this.#parts.log() || !messages.some((message) => message.id === id)) return false
      log.reset(messages, false)
      this.#parts.draw()
      this.#parts.update()
    }
    const line = [...document.querySelectorAll<HTMLElement>(`#lines [data-id="${id}"]`)].at(-1)
    if (line === undefined) return false
    this.#parts.scroll.showLine(line)
    line.classList.add('found')
    line.focus({ preventScroll: true })
    line.addEventListener('blur', () => line.classList.remove('found'), { once: true })
    return true
  }

  #page({ room }: Log, part: Omit<PastOf, 'room'>): Promise<HistoryAnswer> {
    return history({ url: BASE, token: this.#parts.token() }, { room, limit: PAGE, ...part })
  }

  /** One page of a log at a time. */
  async #alone(log: Log, load: () => Promise<void>): Promise<void> {
    if (this.#loading.has(log)) return
    this.#loading.add(log)
    try {
      await load()
    } finally {
      this.#loading.delete(log)
    }
  }

  /** Draws lines that came, if their room is still shown, and keeps the reading place. */
  #keep(log: Log, lines: readonly Line[], draw: () => void): void {
    if (log !== this.#parts.log() || lines.length === 0) return
    this.#parts.scroll.keep(() => {
      draw()
      this.#parts.update()
    })
  }
}

/** Says in the line of a gap what is missing. `lost`: it cannot be loaded. */
export function sayGap(line: HTMLElement, gap: Gap, lost = false): void {
  line.append(element('span', {}, gapWords(gap), lost ? later.notKept : ''))
  if (gap.reason === 'overflow' && !lost)
    line.append(element('button', { type: 'button', class: 'quiet load', 'data-first': String(gap.first) }, later.load))
}

function gapWords({ reason, missed }: Gap): string {
  if (reason === 'overflow') return missed === null ? later.someMissed : sayCount(later.missed, missed)
  return reason === 'restart' ? later.restarted : later.wentBack
}

function linesOf(messages: readonly Message[]): Line[] {
  return messages
    .map(shown)
    .filter(({ type }) => SHOWN.has(type))
    .map((message) => ({ kind: 'message', message }))
}

function newestOf({ lines }: Log): Message | undefined {
  const line = lines.at(-1)
  return line?.kind === 'message' ? line.message : undefined
}
