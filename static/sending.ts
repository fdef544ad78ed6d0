// The outgoing side: the outbox, its lines at the end of the log, and who is typing. Loaded when the room is shown, or at once if
// something waits to be sent.

import { Outbox, type Pending } from '../src/client/outbox.js'
import type { Message } from '../src/client/wire.js'
import { BASE } from './base.js'
import { PendingLines, type PendingLinesParts, waitsItsTurn, whyPending } from './pending.js'
import { storedOutbox } from './stored-outbox.js'
import type { Batch } from './tabs.js'
import { Typing } from './typing.js'
import { onWake } from './wake.js'
import { sentenceOf } from './welcome.js'

export type SendingParts = Omit<PendingLinesParts, 'outbox'> & {
  readonly token: () => string | undefined
  /** The session is over, or the room was not joined. */
  readonly rejoin: (room: string) => Promise<void>
  readonly tellTyping: (typing: boolean) => void
  /** The pending messages have changed. */
  readonly changed: () => void
}

export class Sending {
  readonly typing: Typing
  readonly #room: () => string
  readonly #isSlow: () => boolean
  readonly #outbox: Outbox
  readonly #lines: PendingLines

  constructor({ token, rejoin, tellTyping, changed, ...parts }: SendingParts) {
    this.typing = new Typing(tellTyping)
    this.#room = parts.room
    this.#isSlow = parts.isSlow
    this.#outbox = new Outbox({ url: BASE, token, onUnauthorized: rejoin, storage: storedOutbox() })
    this.#lines = new PendingLines({ ...parts, outbox: this.#outbox })
    this.#outbox.onChange(changed)
    onWake(() => this.hurry())
    this.draw()
  }

  /** Why the last message of the room has not been sent, as a sentence; undefined if nothing is wrong. */
  get trouble(): string | undefined {
    const isSlow = this.#isSlow()
    const pending = this.#last((one) => one.error !== undefined && !waitsItsTurn(one, isSlow))
    return pending === undefined ? undefined : sentenceOf(whyPending(pending, isSlow))
  }

  add(room: string, username: string, text: string): void {
    this.#outbox.add({ room, username, text })
  }

  /** Takes back the last message of the room that failed, and returns its text. */
  takeBack(): string | undefined {
    const failed = this.#last(({ state }) => state === 'failed')
    if (failed !== undefined) this.#outbox.remove(failed.key)
    return failed?.text
  }

  hurry(): void {
    this.#outbox.hurry()
  }

  draw(): void {
    this.#lines.draw()
  }

  /** Messages that were answered by a server that then restarted, and never polled: they are kept above the gap. */
  lost({ gaps, messages, next }: Batch): Message[] {
    return this.#lines.flush(gaps, next).filter(({ key }) => !messages.some((message) => message.key === key))
  }

  arrived(messages: readonly Message[]): void {
    this.#lines.arrived(messages)
  }

  #last(is: (pending: Pending) => boolean): Pending | undefined {
    return this.#outbox.pending.findLast((pending) => pending.room === this.#room() && is(pending))
  }
}
