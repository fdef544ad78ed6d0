// Clients that send much at once wait in a line. A turn of the event loop takes only so many bytes of long requests,
// one connection after the other. A short request passes them by.
//
//     a socket with  8 KiB to read ──> the line ── 128 KiB or 5 ms a turn ──> node:http
//     a socket with less ────────────────────── at once ───────────────────> node:http
//
// The system gives the server up to a thousand sockets that have something to read, and the server serves all of them
// before it looks for others. With a long body on each, that takes a third of a second, in which no other client is
// served; and a thousand bodies are in memory for that long, where a few are enough. A body that is begun goes first,
// so that few are begun at one time. Only the bytes of one read wait in memory: the rest stays in the socket.

/** The most bytes of one read. */
export const READ_BYTES = 8 * 1024

/** A shorter read does not wait. */
const LONG_BYTES = 4 * 1024

/** So much is taken in a turn, where that takes no longer than this. */
const TURN_BYTES = 128 * 1024

/** The longest body with its head: what a connection has taken when its first turn has come. */
const REQUEST_BYTES = 72 * 1024

/** A connection's place in the line. */
export type Place = {
  /** Takes the bytes that were read: there is room for them now. */
  readonly goOn: () => void
  /** The bytes that wait; 0 while the connection does not wait. */
  waiting: number
  /** The bytes for which the turn has come. */
  granted: number
  /** The bytes that were taken of a request that is begun. */
  taken: number
}

export class LargeReads {
  /** The connections that have begun a request, and those that have not. */
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

  /** Is there room now for so many bytes that were read? If not, `goOn` is called when there is. */
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
