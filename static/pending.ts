// Messages of this person that have not come back yet. They are at once at the end of the log, grey while they are on
// their way, with Retry and Delete when they failed. A line goes when the log has the message, so it is never there
// twice.
//
//     outbox: sending, waiting, failed ──┐
//     sent: answered, not yet polled ────┴─> pending lines ── its key or its id came in ─> gone

import { type Outbox, type Pending } from '../src/client/outbox.js'
import type { Gap, Message } from '../src/client/wire.js'
import { element } from './element.js'
import { messageLine } from './line.js'
import type { Reader } from './text.js'

export type PendingLinesParts = {
  readonly list: HTMLOListElement
  readonly outbox: Outbox
  readonly reader: () => Reader
  readonly room: () => string
  /** The message that is drawn above. */
  readonly newest: () => Message | undefined
  readonly knows: (message: Message) => boolean
  readonly toBox: () => void
  /** Changes lines and keeps the reading place. */
  readonly keep: (change: () => void) => void
}

export class PendingLines {
  readonly #parts: PendingLinesParts
  readonly #at = new Map<string, number>()
  readonly #drawn = new Map<string, HTMLElement>()
  #sent: Message[] = []

  constructor(parts: PendingLinesParts) {
    this.#parts = parts
    parts.outbox.onChange(() => this.draw())
    parts.outbox.onSent(({ message }) => {
      if (!parts.knows(message)) this.#sent.push(message)
    })
  }

  /** These messages are in the log now. */
  arrived(messages: readonly Message[]): void {
    const keys = new Set(messages.map(({ key }) => key))
    for (const { key } of this.#parts.outbox.pending) if (keys.has(key)) this.#parts.outbox.remove(key)
    this.#sent = this.#sent.filter((message) => !this.#parts.knows(message) && !keys.has(message.key))
    this.draw()
  }

  /** Hands over what was answered and not polled of logs that are gone. */
  flush(gaps: readonly Gap[]): Message[] {
    const isGone = ({ room }: Message): boolean => gaps.some((gap) => gap.room === room && gap.reason !== 'overflow')
    const gone = this.#sent.filter(isGone)
    this.#sent = this.#sent.filter((message) => !isGone(message))
    return gone
  }

  draw(): void {
    const { list, outbox, room, keep } = this.#parts
    const here = outbox.pending.filter((pending) => pending.room === room())
    const sent = this.#sent.filter((message) => message.room === room())
    if (here.length + sent.length === 0 && list.childElementCount === 0) return
    let before = this.#parts.newest()
    const items: HTMLElement[] = []
    for (const message of sent) {
      items.push(messageLine(message, this.#parts.reader(), before))
      before = message
    }
    const kept = new Set<string>()
    for (const pending of here) {
      const name = `${pending.key} ${pending.state} ${pending.error ?? ''} ${before === undefined}`
      kept.add(name)
      const line = this.#drawn.get(name) ?? this.#line(pending, before)
      this.#drawn.set(name, line)
      items.push(line)
      before = this.#asMessage(pending)
    }
    const keys = new Set(outbox.pending.map(({ key }) => key))
    for (const key of this.#at.keys()) if (!keys.has(key)) this.#at.delete(key)
    for (const name of this.#drawn.keys()) if (!kept.has(name)) this.#drawn.delete(name)
    if (items.length === list.childElementCount && items.every((item, i) => item === list.children[i])) return
    keep(() => list.replaceChildren(...items))
  }

  #asMessage({ key, room, username, text }: Pending): Message {
    const timestamp = this.#at.get(key) ?? Date.now()
    this.#at.set(key, timestamp)
    return { id: 0, type: 'chat', room, username, text, timestamp, key }
  }

  #line(pending: Pending, before: Message | undefined): HTMLElement {
    const { key, state, error } = pending
    const line = messageLine(this.#asMessage(pending), this.#parts.reader(), before)
    line.dataset['state'] = state
    line.setAttribute('aria-busy', String(state === 'sending'))
    if (state === 'sending') return line
    const words = state === 'waiting' ? `Not sent yet: ${error ?? ''}` : `Not sent: ${error ?? ''}`
    const retry = element('button', { type: 'button' }, 'Retry')
    const remove = element('button', { type: 'button' }, 'Delete')
    // The button goes with its line; whoever pressed it is taken back to the box and not to nowhere.
    retry.addEventListener('click', () => {
      this.#parts.toBox()
      this.#parts.outbox.retry(key)
    })
    remove.addEventListener('click', () => {
      this.#parts.toBox()
      this.#parts.outbox.remove(key)
    })
    line.append(element('div', { class: 'state' }, element('span', {}, words), retry, remove))
    return line
  }
}
