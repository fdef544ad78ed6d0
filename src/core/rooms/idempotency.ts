// Idempotency: a send that is repeated with the same key adds nothing, and gets the answer of the first send.
//
// A sender whose connection broke cannot know whether the message arrived. With a key it need not know: it sends
// again. Keys live as long as their message is in the ring, and at least ten minutes
// (draft-ietf-httpapi-idempotency-key-header).
//
// The key is a part of the message. So messages that come from the store, after a restart or from another process,
// bring their keys. They do not say whether a session sent them; such a key counts for its user name, with a session
// and without. A store may itself remember keys of messages that have left the ring; then it is asked, and nothing
// older is held here. A store that several processes write to finds out while it sends, and then answers the earlier
// message.
//
// Without such a store, a message that left the ring is held here until its ten minutes are over, and counts as
// memory of the room like those in the ring. When the server has no more memory, these messages go first, the oldest
// before the others. A flood then costs the promise of ten minutes, and not the chat.

import type { Clock } from '../clock.js'
import { ChatError } from '../errors.js'
import type { Message } from './message.js'
import type { Appended } from './store.js'

export const KEY_MS = 10 * 60_000

/** Looks for a message that a store has kept. Undefined at once where there is none. */
export type Find = (username: string, key: string) => Promise<Appended | undefined> | undefined

type SentKey = { readonly text: string; readonly at: number; appended: Promise<Appended>; id: number; size: number }

export class IdempotencyKeys {
  readonly #clock: Clock
  readonly #find: Find | undefined
  readonly #holds: boolean
  readonly #sent = new Map<string, SentKey>()
  #bytes = 0

  /** `holds`: hold messages here although a store can be asked, because it keeps them for less than ten minutes. */
  constructor(clock: Clock, find?: Find, holds = false) {
    this.#clock = clock
    this.#find = find
    this.#holds = holds || find === undefined
  }

  get size(): number {
    return this.#sent.size
  }

  /** Roughly the bytes of memory of the messages that have left the ring. */
  get bytes(): number {
    return this.#bytes
  }

  /**
   * Sends once for each sender and key, also while the first send is still under way. A send that failed frees its
   * key. Throws `key_reused` when the text is not that of the first time. When `send` finds an earlier message
   * instead of sending, it gives that to `replay`.
   */
  async once(
    sender: string,
    key: string,
    text: string,
    send: (replay: (found: Appended) => Appended) => Promise<Appended>,
  ): Promise<{ appended: Appended; replayed: boolean }> {
    const username = sender.slice(sender.indexOf(' ') + 1)
    const mark = `${key} ${sender}`
    const before = this.#sent.get(mark) ?? this.#sent.get(`${key} * ${username}`)
    if (before !== undefined) {
      refuseOther(before.text, text)
      return { appended: await before.appended, replayed: true }
    }
    const earlier = this.#isKnown(username, key) ? undefined : this.#find?.(username, key)
    let replayed = false
    const replay = (found: Appended): Appended => {
      refuseOther(saidBy(found.message), text)
      replayed = true
      return found
    }
    // The key is known before the message is sent: a store may deliver it while `send` is still running.
    const sent: SentKey = { text, at: this.#clock.now(), appended: NOT_YET, id: Infinity, size: 0 }
    this.#sent.set(mark, sent)
    sent.appended = earlier?.then((found) => (found === undefined ? send(replay) : replay(found))) ?? send(replay)
    try {
      const appended = await sent.appended
      sent.id = appended.message.id
      return { appended, replayed }
    } catch (error) {
      if (this.#sent.get(mark) === sent) this.#forget(mark, sent)
      throw error
    }
  }

  /** Remembers a message that the store brought, unless it was sent from here. */
  note(message: Message, epoch: string): void {
    const { key, username, timestamp, id } = message
    if (key === undefined || this.#isKnown(username, key)) return
    const text = saidBy(message)
    const at = this.#clock.now() - Math.max(0, this.#clock.date() - timestamp)
    this.#sent.set(`${key} * ${username}`, { text, at, appended: Promise.resolve({ message, epoch }), id, size: 0 })
  }

  /** A message of so many bytes has left the ring. It stays in memory here. */
  left({ key, username }: Message, size: number): void {
    if (key === undefined || !this.#holds) return
    for (const sender of SENDERS) {
      const sent = this.#sent.get(`${key} ${sender} ${username}`)
      if (sent === undefined) continue
      this.#bytes += size - sent.size
      sent.size = size
      return
    }
  }

  /** Memory is short: forgets the older half of the messages that have left the ring. */
  shed(): void {
    const half = this.#bytes / 2
    for (const [mark, sent] of this.#sent) {
      if (this.#bytes <= half) return
      if (sent.size > 0) this.#forget(mark, sent)
    }
  }

  /** Forgets keys older than ten minutes whose message has left the ring (its id is below `first`). */
  trim(first: number): void {
    for (const [mark, sent] of this.#sent) {
      if (sent.id >= first) return
      if (this.#holds && this.#clock.now() - sent.at < KEY_MS) return
      this.#forget(mark, sent)
    }
  }

  clear(): void {
    this.#sent.clear()
    this.#bytes = 0
  }

  #forget(mark: string, sent: SentKey): void {
    this.#sent.delete(mark)
    this.#bytes -= sent.size
  }

  /** Is this key here, with a session, without, or brought by the store? */
  #isKnown(username: string, key: string): boolean {
    return SENDERS.some((sender) => this.#sent.has(`${key} ${sender} ${username}`))
  }
}

const NOT_YET = new Promise<Appended>(() => undefined)

/** A key was used without a session, with one, or by a message of the store, which does not say. */
const SENDERS = ['name', 'session', '*']

/**
 * What two uses of a key have to have in common: the text, for a change or a reply the message that it speaks of, and the
 * file that the message carries.
 */
export function saidBy({ type, of, text, file }: Pick<Message, 'type' | 'of' | 'text' | 'file'>): string {
  // No text has a zero character.
  const said = of === undefined ? text : `${type} ${of}\0${text}`
  return file === undefined ? said : `${said}\0${file.id}`
}

function refuseOther(before: string, text: string): void {
  if (before !== text)
    throw new ChatError('key_reused', 'this key was used for another text: make a new key for each message')
}
