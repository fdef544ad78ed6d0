// Sees to it that I am a member of the rooms that are open. The server says who is in a room; where I am missing
// (it restarted, this machine slept, the last tab was closed and opened again) I join again. Only the tab that
// leads does, and not in a hurry.

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

  /** Joins the rooms that lack me. `refused` is called when somebody else has my name there. */
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
        // No connection: the next answer that lacks me tries again.
        if (!(error instanceof Refused)) return
        this.#notBefore.set(room, now + REFUSED_MS)
        refused(room, error)
      })
    }
  }
}
