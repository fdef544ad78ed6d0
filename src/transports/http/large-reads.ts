// Who sends much at once waits in a line. A turn of the event loop takes so many bytes of long requests, and one
// connection after the other; a short request passes them by.
//
//     a socket with  8 KiB to read ──> the line ── 128 KiB a turn ──> node:http
//     a socket with less ───────────────── at once ────────────────> node:http
//
// The system gives the server up to a thousand sockets that have something to read, and the server sees to all of them
// before it looks for others. With a long body on each, that takes a third of a second, in which nobody else is heard;
// and a thousand bodies are in memory for that long, where a few are enough. A body that is begun goes first, so that
// few are begun at one time. Nothing waits in memory but what one read has brought: the rest stays in the socket.

/** What one read brings at the most. */
export const READ_BYTES = 8 * 1024

/** A shorter read does not wait. */
const LONG_BYTES = 4 * 1024

/** So much is taken in a turn. */
const TURN_BYTES = 128 * 1024

/** The longest body with its head: what a connection has taken when its first turn has come. */
const REQUEST_BYTES = 72 * 1024

/** Where a connection stands in the line. */
export type Place = {
  /** Takes what it has read: there is room for it now. */
  readonly goOn: () => void
  /** Bytes that it waits with; 0 where it does not wait. */
  waiting: number
  /** Bytes for which its turn has come. */
  granted: number
  /** Bytes that were taken of a request that is begun. */
  taken: number
}

export class LargeReads {
  /** Those who have begun a request, and those who have not. */
  readonly #begun = new Set<Place>()
  readonly #others = new Set<Place>()
  #left = TURN_BYTES
  #isTurning = false

  enter(goOn: () => void): Place {
    return { goOn, waiting: 0, granted: 0, taken: 0 }
  }

  /** The connection has closed, or something else reads it. */
  leave(place: Place): void {
    this.#begun.delete(place)
    this.#others.delete(place)
  }

  /** Is there room now for so many bytes that were read? Where there is not, `goOn` is called when there is. */
  takes(place: Place, bytes: number): boolean {
    if (bytes < LONG_BYTES) return true
    if (place.granted >= bytes) {
      place.granted = 0
      return true
    }
    if (place.waiting === 0 && this.#left > 0 && this.#begun.size + this.#others.size === 0) {
      this.#grant(place, bytes)
      place.granted = 0
      return true
    }
    if (place.waiting === 0) (place.taken > 0 ? this.#begun : this.#others).add(place)
    place.waiting = bytes
    return false
  }

  #grant(place: Place, bytes: number): void {
    this.#left -= bytes
    place.waiting = 0
    place.granted = bytes
    place.taken += bytes
    if (place.taken >= REQUEST_BYTES) place.taken = 0
    if (this.#isTurning) return
    this.#isTurning = true
    setImmediate(() => this.#turn())
  }

  #turn(): void {
    this.#isTurning = false
    this.#left = TURN_BYTES
    for (const line of [this.#begun, this.#others])
      for (const place of line) {
        if (this.#left <= 0) return
        line.delete(place)
        this.#grant(place, place.waiting)
        place.goOn()
      }
  }
}
