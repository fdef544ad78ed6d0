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
const TURN_MS = 5

/** So much is taken in any case: also where the processor is shared with others, and everything takes long. */
const LEAST_TURN_BYTES = 32 * 1024

/** A read that took longer is slow, however short it was. */
const SLOW_MS = 0.5

/** The longest body with its head: a connection has taken this when its first turn is over. */
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
  /** Did its last read take long for its bytes? */
  isSlow: boolean
}

export class LargeReads {
  /** The connections that have begun a request, and those that have not. */
  readonly #begun = new Set<Place>()
  readonly #others = new Set<Place>()
  #turnBytes = TURN_BYTES
  #left = TURN_BYTES
  /** Milliseconds that the reads of this turn have taken. */
  #spentMs = 0
  #isTurning = false

  enter(goOn: () => void): Place {
    return { goOn, waiting: 0, granted: 0, taken: 0, isSlow: false }
  }

  /** The connection has closed, or something else reads it. */
  leave(place: Place): void {
    this.#begun.delete(place)
    this.#others.delete(place)
  }

  /** Is there room now for so many bytes that were read? If not, `goOn` is called when there is. */
  takes(place: Place, bytes: number): boolean {
    if (passes(place, bytes)) return true
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

  /** So long it took to serve what was read. */
  took(place: Place, bytes: number, ms: number): void {
    if (!passes(place, bytes)) this.#spentMs += ms
    place.isSlow = ms > SLOW_MS
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
    this.#turnBytes =
      this.#spentMs > TURN_MS
        ? Math.max(LEAST_TURN_BYTES, (this.#turnBytes * TURN_MS) / this.#spentMs)
        : Math.min(TURN_BYTES, 2 * this.#turnBytes)
    this.#spentMs = 0
    this.#left = this.#turnBytes
    for (const line of [this.#begun, this.#others])
      for (const place of line) {
        if (this.#left <= 0) return
        line.delete(place)
        this.#grant(place, place.waiting)
        place.goOn()
      }
  }
}

function passes(place: Place, bytes: number): boolean {
  return bytes < LONG_BYTES && !place.isSlow
}
