// Messages of this person that have not come back yet. They are at once at the end of the log, grey while they are on
// their way, with Retry and Delete when they failed. A line goes when the log has the message, so it is never there
// twice.
//
//     outbox: sending, waiting, failed ──┐
//     sent: answered, not yet polled ────┴─> pending lines ── its key or its id came in ─> gone

import { type Outbox, type Pending } from '../src/client/outbox.js'
import type { Gap, Message, SendAnswer } from '../src/client/wire.js'
import { element } from './element.js'
import { later } from './later-words.js'
import { messageLine } from './line.js'
import type { Reader } from './text.js'
import { troubleParts } from './trouble.js'
import { wordsOf } from './welcome.js'

export type PendingLinesParts = {
  readonly list: HTMLOListElement
  readonly outbox: Outbox
  readonly reader: () => Reader
  readonly room: () => string
  /** The message that is drawn above. */
  readonly newest: () => Message | undefined
  readonly knows: (message: Message) => boolean
  /** Does the room take one message of a person in so many seconds? */
  readonly isSlow: () => boolean
  readonly toBox: () => void
  /** Changes lines and keeps the reading place. */
  readonly keep: (change: () => void) => void
}

export class PendingLines {
  readonly #parts: PendingLinesParts
  readonly #at = new Map<string, number>()
  readonly #drawn = new Map<string, HTMLElement>()
  /** Answered, and not polled yet. */
  #sent: SendAnswer[] = []

  constructor(parts: PendingLinesParts) {
    this.#parts = parts
    parts.outbox.onChange(() => this.draw())
    parts.outbox.onSent((sent) => {
      if (!parts.knows(sent.message)) this.#sent.push(sent)
    })
  }

  /** These messages are in the log now. */
  arrived(messages: readonly Message[]): void {
    const keys = new Set(messages.map(({ key }) => key))
    for (const { key } of this.#parts.outbox.pending) if (keys.has(key)) this.#parts.outbox.remove(key)
    this.#sent = this.#sent.filter(({ message }) => !this.#parts.knows(message) && !keys.has(message.key))
    this.draw()
  }

  /**
   * Hands over messages that were answered and not polled, of logs that are gone. `next`: the cursor that tells the gaps.
   * A message that the new log has answered already is still to come.
   */
  flush(gaps: readonly Gap[], next: string): Message[] {
    const isGone = (sent: SendAnswer): boolean =>
      gaps.some(({ room, reason }) => room === sent.message.room && reason !== 'overflow') &&
      !next.includes(sent.next.slice(0, sent.next.lastIndexOf('.') + 1))
    const gone = this.#sent.filter(isGone)
    this.#sent = this.#sent.filter((sent) => !isGone(sent))
    return gone.map(({ message }) => message)
  }

  draw(): void {
    const { list, outbox, room, keep } = this.#parts
    const here = outbox.pending.filter((pending) => pending.room === room())
    const sent = this.#sent.flatMap(({ message }) => (message.room === room() ? [message] : []))
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
    const { key, state } = pending
    const line = messageLine(this.#asMessage(pending), this.#parts.reader(), before)
    line.dataset['state'] = state
    line.setAttribute('aria-busy', String(state === 'sending'))
    if (state === 'sending') return line
    const isSlow = this.#parts.isSlow()
    const trouble = troubleParts({
      why: whyPending(pending, isSlow),
      waits: state === 'waiting',
      // In a slow room another try is as early as the first.
      retry: waitsItsTurn(pending, isSlow) ? undefined : () => this.#parts.outbox.retry(key),
      remove: () => this.#parts.outbox.remove(key),
      toBox: this.#parts.toBox,
    })
    line.append(element('div', { class: 'state' }, ...trouble))
    return line
  }
}

/** Does a message only wait for its turn in a slow room? */
export function waitsItsTurn({ state, code }: Pending, isSlow: boolean): boolean {
  return isSlow && state !== 'failed' && code === 'rate_limited'
}

/** Why a message is not sent, where the server said why; else it was not to be reached. */
export function whyPending(pending: Pending, isSlow: boolean): string {
  const { state, error = '', code } = pending
  if (waitsItsTurn(pending, isSlow)) return later.slowWaits
  return state !== 'failed' && code === undefined ? later.noServer : wordsOf(error, code)
}
