// Keeps this person a member of the open rooms. The server tells who is in a room. If this person is missing there
// (the server restarted, this machine slept, the last tab was closed and opened again), the page joins again. Only
// the leading tab does that, and it is in no hurry. Loaded when this person is missing somewhere.

import { Refused } from '../src/client/wire.js'
import type { Session } from './session.js'

const AGAIN_MS = 5000
const REFUSED_MS = 60_000

export class Membership {
  readonly #session: Session
  readonly #notBefore = new Map<string, number>()

  constructor(session: Session) {
    this.#session = session
  }

  /** Joins the rooms where this person is missing. `refused` is called when another person has the name there. */
  check(
    rooms: readonly string[],
    lacksMe: (room: string) => boolean,
    refused: (room: string, error: Refused) => void,
  ): void {
    const now = Date.now()
    for (const room of rooms) {
      if (!lacksMe(room) || now < (this.#notBefore.get(room) ?? 0)) continue
      this.#notBefore.set(room, now + AGAIN_MS)
      this.#session.join(room).catch((error: unknown) => {
        // No connection: the next answer in which this person is missing tries again.
        if (!(error instanceof Refused)) return
        this.#notBefore.set(room, now + REFUSED_MS)
        refused(room, error)
      })
    }
  }
}
