// A log's lines as elements. An element stands for one line, for a run of notes, or, as a day line, for none. So when
// lines are taken away at one end, they are counted and not guessed. People who join within five minutes share one
// note, even if a message comes in between: a class that comes in is one line.

import type { Message } from '../src/client/wire.js'
import { element } from './element.js'
import { dayLine, dayOf, fillNote, gapLine, messageLine, noteLine } from './line.js'
import type { Line, Log } from './log.js'
import type { Reader } from './text.js'
import { words } from './words.js'

const ARRIVALS_MS = 5 * 60_000

/** The place after which the next line is drawn. `arrivals`: the note about people who joined lately. */
type Place = {
  readonly message: Message | undefined
  readonly day: string
  readonly note: HTMLElement | undefined
  readonly arrivals?: { readonly note: HTMLElement; readonly until: number } | undefined
}

const NOWHERE: Place = { message: undefined, day: '', note: undefined }

export class LogView {
  readonly #list: HTMLOListElement
  readonly #reader: () => Reader
  readonly #counts = new WeakMap<Element, number>()
  readonly #runs = new WeakMap<Element, Message[]>()
  #end: Place = NOWHERE
  #marker: HTMLElement | undefined

  constructor(list: HTMLOListElement, reader: () => Reader) {
    this.#list = list
    this.#reader = reader
  }

  /** The message that was drawn last. */
  get newest(): Message | undefined {
    return this.#end.message
  }

  show({ lines }: Log): void {
    this.#marker = undefined
    this.#end = NOWHERE
    this.#list.replaceChildren()
    this.append(lines)
  }

  /** Draws lines, and the marker above the first unread one; returns the marker, if there is one. */
  appendUnread(lines: readonly Line[], isUnread: (message: Message) => boolean): HTMLElement | undefined {
    const at = lines.findIndex((line) => line.kind === 'message' && isUnread(line.message))
    if (at < 0) {
      this.append(lines)
      return undefined
    }
    this.append(lines.slice(0, at))
    this.unmarkNew()
    this.markNew()
    this.append(lines.slice(at))
    return this.#marker
  }

  append(lines: readonly Line[]): void {
    const { items, end } = this.#draw(lines, this.#end)
    this.#list.append(...items)
    this.#end = end
  }

  prepend(lines: readonly Line[]): void {
    const { items, end } = this.#draw(lines, NOWHERE)
    const first = this.#list.firstElementChild
    const following = this.#list.children[1]
    // The older lines have a day line of their own: if it is the same day, this one goes.
    if (
      first?.className === 'day' &&
      end.message !== undefined &&
      first.textContent === dayLine(end.message.timestamp).textContent
    )
      first.remove()
    this.#list.prepend(...items)
    if (following === undefined) this.#end = end
  }

  trimStart(count: number): void {
    for (let left = count; left > 0;) {
      const first = this.#list.firstElementChild
      if (first === null) return
      left -= this.#shorten(first, left)
    }
  }

  /** `newest`: the last message that stays. */
  trimEnd(count: number, newest: Message | undefined): void {
    if (count === 0) return
    for (let left = count; left > 0;) {
      const last = this.#list.lastElementChild
      if (last === null) break
      left -= this.#counts.get(last) ?? 0
      last.remove()
    }
    this.#end = newest === undefined ? NOWHERE : { ...NOWHERE, day: dayOf(newest.timestamp) }
  }

  /** Draws the line above which everything has been seen, at the end. */
  markNew(): void {
    if (this.#marker !== undefined) return
    this.#marker = element('li', { class: 'new' }, words.newMessages)
    this.#list.append(this.#marker)
    this.#end = { ...NOWHERE, day: this.#end.day }
  }

  unmarkNew(): void {
    this.#marker?.remove()
    this.#marker = undefined
  }

  /** Takes out an element that stands for at most `most` lines, or a part of a run; returns how many lines went. */
  #shorten(item: Element, most: number): number {
    const count = this.#counts.get(item) ?? 0
    const run = this.#runs.get(item)
    if (count > most && run !== undefined && item instanceof HTMLElement) {
      run.splice(0, most)
      this.#counts.set(item, run.length)
      fillNote(item, run)
      return most
    }
    if (item === this.#end.note) this.#end = { ...this.#end, note: undefined }
    if (item === this.#end.arrivals?.note) this.#end = { ...this.#end, arrivals: undefined }
    item.remove()
    return count
  }

  #draw(lines: readonly Line[], from: Place): { items: HTMLElement[]; end: Place } {
    const items: HTMLElement[] = []
    const reader = this.#reader()
    let end = from
    const put = (item: HTMLElement, count: number): void => {
      this.#counts.set(item, count)
      items.push(item)
    }
    for (const line of lines) {
      if (line.kind === 'gap') {
        put(gapLine(line.gap, line.lost), 1)
        end = { message: undefined, day: end.day, note: undefined }
        continue
      }
      const { message } = line
      const day = dayOf(message.timestamp)
      if (day !== end.day) {
        put(dayLine(message.timestamp), 0)
        end = { message: undefined, day, note: undefined }
      }
      if (message.type === 'chat') {
        const item = messageLine(message, reader, end.message)
        item.dataset['id'] = String(message.id)
        put(item, 1)
        end = { ...end, message, note: undefined }
        continue
      }
      const arrivals = message.type === 'join' ? end.arrivals : undefined
      if (end.note !== undefined) {
        this.#lengthen(end.note, message)
        end = { ...end, message }
      } else if (arrivals !== undefined && message.timestamp < arrivals.until) {
        this.#lengthen(arrivals.note, message)
      } else {
        const note = noteLine([message])
        this.#runs.set(note, [message])
        put(note, 1)
        const until = message.timestamp + ARRIVALS_MS
        end = { ...end, message, note, arrivals: message.type === 'join' ? { note, until } : end.arrivals }
      }
    }
    return { items, end }
  }

  #lengthen(note: HTMLElement, message: Message): void {
    const run = this.#runs.get(note) ?? []
    run.push(message)
    this.#counts.set(note, run.length)
    fillNote(note, run)
  }
}
