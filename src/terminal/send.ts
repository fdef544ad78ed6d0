// `mini-chat send`: sends messages without joining, as a script does (only a token has to join first). Each message
// has a key and is tried for some seconds, so a message that was cut off on its way arrives once, or the program says
// that it did not.

import { type Credentials, Outbox, type Pending } from '../client/index.js'
import { sentenceOf } from './errors.js'
import { probe } from './probe.js'
import { within } from './wait.js'

export type SendOptions = {
  readonly url: string
  readonly credentials: Credentials
  readonly room: string
  /** The id of the message that is answered. */
  readonly of?: number | undefined
  /** Empty where the token has the name in it. */
  readonly username: string
  /** How long a message is tried. */
  readonly patienceMs: number
  readonly signal: AbortSignal
}

/** Why a message was not sent. `isFinal`: the next one would not be sent either. */
export type NotSent = { readonly sentence: string; readonly isFinal: boolean }

export class Sender {
  readonly #options: SendOptions
  readonly #outbox: Outbox

  constructor(options: SendOptions) {
    this.#options = options
    this.#outbox = new Outbox({ url: options.url, credentials: options.credentials })
  }

  /** Resolves with undefined once the message is in the room, otherwise with the reason. */
  async send(text: string): Promise<NotSent | undefined> {
    const { room, username, of, patienceMs, signal } = this.#options
    const { key } = this.#outbox.add({ room, username, text, ...(of === undefined ? {} : { of }) })
    const find = (): Pending | undefined => this.#outbox.pending.find((pending) => pending.key === key)
    await within(patienceMs, signal, (done) =>
      this.#outbox.onChange(() => {
        if (find()?.state !== 'sending' && find()?.state !== 'waiting') done()
      }),
    )
    const left = find()
    if (left === undefined) return undefined
    this.#outbox.remove(key)
    const isRefused = left.state === 'failed'
    return {
      sentence: isRefused && left.error !== undefined ? left.error : await whyNot(this.#options.url, signal),
      isFinal: !isRefused || left.code === 'unauthorized',
    }
  }

  close(): void {
    this.#outbox.close()
  }
}

/** Why no message arrives: perhaps there is no mini-chat at all. */
async function whyNot(url: string, signal: AbortSignal): Promise<string> {
  try {
    await probe(url, signal)
    return 'the server did not answer in time'
  } catch (error) {
    return sentenceOf(error, url)
  }
}
