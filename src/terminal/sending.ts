// Messages of the person on their way: the client's outbox, with a notice when something is held up or refused.
// Nothing is lost in silence, and nothing arrives twice, because a message keeps its key however often it is sent.

import { type Message, Outbox } from '../client/index.js'
import type { Membership } from './membership.js'
import type { Screen } from './screen.js'
import { within } from './wait.js'

/** How many messages may wait for the server before the next line is read. */
const MAX_PENDING = 64

/** As long as a timer can wait, which is 24 days. */
const LONG_MS = 2 ** 31 - 1

export type SendingOptions = {
  readonly url: string
  readonly screen: Screen
  readonly membership: Membership
  readonly onUnauthorized: () => Promise<void>
  /** Told of each message that has arrived. A poll may bring it a moment later. */
  readonly onSent: (message: Message) => void
}

export class Sending {
  readonly #options: SendingOptions
  readonly #outbox: Outbox
  #toldWaiting = false
  #refused = 0

  constructor(options: SendingOptions) {
    const { url, membership, onUnauthorized, onSent } = options
    this.#options = options
    this.#outbox = new Outbox({ url, token: () => membership.token, onUnauthorized })
    this.#outbox.onChange(() => this.#look())
    this.#outbox.onSent(({ message }) => onSent(message))
  }

  /** How many messages have not arrived. */
  get pending(): number {
    return this.#outbox.pending.length
  }

  /** How many messages the server has refused. */
  get refused(): number {
    return this.#refused
  }

  /** Sends a text, as an answer to the message with the id `of`; resolves when another may be added. */
  async say(room: string, text: string, signal: AbortSignal, of?: number): Promise<void> {
    const { username } = this.#options.membership
    this.#outbox.add({ room, username, text, ...(of === undefined ? {} : { of }) })
    await this.settle(MAX_PENDING - 1, LONG_MS, signal)
  }

  /** Resolves when at most `most` messages are left, or the time is over. */
  async settle(most: number, ms: number, signal: AbortSignal): Promise<void> {
    if (this.pending <= most) return
    await within(ms, signal, (done) => this.#outbox.onChange(() => void (this.pending <= most && done())))
  }

  /** Tries the waiting messages now. */
  hurry(): void {
    this.#outbox.hurry()
  }

  close(): void {
    this.#outbox.close()
  }

  #look(): void {
    const { screen } = this.#options
    for (const { key, state, text, error = '' } of this.#outbox.pending) {
      if (state === 'waiting' && !this.#toldWaiting) {
        this.#toldWaiting = true
        screen.notice(`not sent yet: ${error}. It is tried again by itself, and arrives once`)
      }
      if (state !== 'failed') continue
      this.#refused++
      const start = text.length > 40 ? `${text.slice(0, 40)}…` : text
      screen.notice(
        `not sent: “${start.replaceAll('\n', ' ')}”: ${error}${screen.isTerminal ? ' (arrow up brings it back)' : ''}`,
      )
      this.#outbox.remove(key)
    }
    if (this.pending === 0) this.#toldWaiting = false
  }
}
