// Who wrote which message, for as long as the author may change it.
//
//     session of ada ──> lobby k3f9qz1a.801 at 12:03, lobby k3f9qz1a.804 at 12:04
//
// A message does not say which session sent it, and a name may be another person's tomorrow, so a name proves
// nothing. Each session is remembered with the newest messages that it sent; where people have identities, each
// person is, whatever the session. This is in memory, and in the directory where there is one, so that other
// processes know it too. After a restart without a directory there is no author, and no one can change an older
// message.

import type { Clock } from '../clock.js'
import type { Directory } from './directory.js'
import type { Session } from './sessions.js'

/** How long a message may be changed by default. */
export const EDIT_MS = 15 * 60_000

/** So many of the newest messages of one author may be changed, and so many of all together: some 20 MB. */
const MOST_MESSAGES = 100
const MOST_PLACES = 100_000

/** The place of a message. */
export type Written = { readonly room: string; readonly epoch: string; readonly id: number }

type Author = { readonly places: Set<string>; newestAt: number }

export class Authors {
  /** How long a message may be changed; 0: not at all. */
  readonly editMs: number
  readonly #clock: Clock
  readonly #directory: Directory | undefined
  /** In the order of their newest messages, the oldest first. */
  readonly #authors = new Map<string, Author>()
  #places = 0

  constructor(clock: Clock, editMs: number, directory?: Directory) {
    this.#clock = clock
    this.editMs = editMs
    this.#directory = directory
  }

  /** How many authors are remembered. */
  get size(): number {
    return this.#authors.size
  }

  /** How many messages are remembered, of all authors together. */
  get messages(): number {
    return this.#places
  }

  /** Notes that a session wrote a message. */
  wrote(session: Session, written: Written): void {
    if (this.editMs === 0) return
    const [name, place] = [nameOf(session), placeOf(written)]
    const author = this.#authors.get(name) ?? { places: new Set<string>(), newestAt: 0 }
    this.#authors.delete(name)
    this.#authors.set(name, author)
    author.newestAt = this.#clock.now()
    const before = author.places.size
    author.places.add(place)
    for (const oldest of author.places) {
      if (author.places.size <= MOST_MESSAGES) break
      author.places.delete(oldest)
    }
    this.#places += author.places.size - before
    this.#forget()
    this.#directory?.wrote(place, name, this.editMs)
  }

  /** Did this session, or this person, write the message? Asks the directory if this process does not know. */
  async isAuthor(session: Session, written: Written): Promise<boolean> {
    const [name, place] = [nameOf(session), placeOf(written)]
    if (this.#authors.get(name)?.places.has(place) === true) return true
    return (await this.#directory?.authorOf(place)) === name
  }

  /** Forgets authors that have written nothing for so long that they can change nothing, and the quietest past the most. */
  #forget(): void {
    const until = this.#clock.now() - this.editMs
    for (const [name, { newestAt, places }] of this.#authors) {
      if (newestAt > until && this.#places <= MOST_PLACES) return
      this.#authors.delete(name)
      this.#places -= places.size
    }
  }
}

function nameOf({ token, identity }: Session): string {
  return identity === undefined ? `session ${token}` : `person ${identity.subject}`
}

function placeOf({ room, epoch, id }: Written): string {
  return `${room} ${epoch}.${id}`
}
