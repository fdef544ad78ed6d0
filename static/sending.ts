// The outgoing side: the outbox, its lines at the end of the log, and who is typing. Loaded when the room is shown, or at once if
// something waits to be sent.

import { Outbox, type Pending } from '../src/client/outbox.js'
import type { Message } from '../src/client/wire.js'
import { BASE } from './base.js'
import { PendingLines, type PendingLinesParts } from './pending.js'
import { storedOutbox } from './stored-outbox.js'
import type { Batch } from './tabs.js'

export type SendingParts = Omit<PendingLinesParts, 'outbox'> & {
  readonly token: () => string | undefined
  /** The session is over, or the room was not joined. */
  readonly rejoin: (room: string) => Promise<void>
  /** Something is pending, or is not any more. */
  readonly changed: () => void
}

export class Sending {
  readonly #room: () => string
  readonly #outbox: Outbox
  readonly #lines: PendingLines

  constructor({ token, rejoin, changed, ...parts }: SendingParts) {
    this.#room = parts.room
    this.#outbox = new Outbox({ url: BASE, token, onUnauthorized: rejoin, storage: storedOutbox() })
    this.#lines = new PendingLines({ ...parts, outbox: this.#outbox })
    this.#outbox.onChange(changed)
    this.draw()
  }

  /** Why the last message of the room has not been sent, as a sentence; undefined if nothing is wrong. */
  get trouble(): string | undefined {
    return this.#last(({ error }) => error !== undefined)?.error
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

  /** What was answered by a server that then restarted, and never polled: it is kept above the gap. */
  lost({ gaps, messages }: Batch): Message[] {
    return this.#lines.flush(gaps).filter(({ key }) => !messages.some((message) => message.key === key))
  }

  arrived(messages: readonly Message[]): void {
    this.#lines.arrived(messages)
  }

  #last(is: (pending: Pending) => boolean): Pending | undefined {
    return this.#outbox.pending.findLast((pending) => pending.room === this.#room() && is(pending))
  }
}
