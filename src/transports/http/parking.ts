// The polls that are parked: how many there may be, and when each has waited long enough.
//
// A timer for each poll would cost more than the poll. One timer for all looks twenty times a second whether the
// earliest deadline has come, and only then goes through the list. A poll keeps its own place in the list, and is
// taken out by moving the last one there; the earliest deadline may then be too early, which costs one look more.

import type { Clock, Undo } from '../../core/clock.js'
import type { Observer } from '../../core/rooms/observer.js'

/** How often it is looked: a wait ends up to this late. */
export const LOOK_MS = 50

export type Parked = {
  /** When it has waited long enough (`Clock.now`). */
  readonly deadline: number
  /** Its place in the list; the list's business. */
  place: number
  expire(): void
  /** Tells a watcher who has just come where it waits. */
  tellTo(observer: Observer): void
}

export class Parking {
  readonly #clock: Clock
  readonly #max: number
  readonly #parked: Parked[] = []
  #earliest = Infinity
  #stopLooking: Undo | undefined

  constructor(clock: Clock, max: number) {
    this.#clock = clock
    this.#max = max
  }

  get size(): number {
    return this.#parked.length
  }

  get isFull(): boolean {
    return this.#parked.length >= this.#max
  }

  tellTo(observer: Observer): void {
    for (const parked of this.#parked) parked.tellTo(observer)
  }

  add(parked: Parked): void {
    parked.place = this.#parked.push(parked) - 1
    this.#earliest = Math.min(this.#earliest, parked.deadline)
    if (this.#stopLooking === undefined) this.#lookLater()
  }

  remove(parked: Parked): void {
    const last = this.#parked.pop()
    if (last !== undefined && last !== parked) {
      this.#parked[parked.place] = last
      last.place = parked.place
    }
    if (this.#parked.length > 0) return
    this.#stopLooking?.()
    this.#stopLooking = undefined
  }

  #lookLater(): void {
    this.#stopLooking = this.#clock.after(LOOK_MS, () => {
      this.#lookLater()
      if (this.#clock.now() >= this.#earliest) this.#look(this.#clock.now())
    })
  }

  #look(now: number): void {
    this.#earliest = Infinity
    // From the end: whoever goes is replaced by one that has been looked at.
    for (let i = this.#parked.length - 1; i >= 0; i--) {
      const parked = this.#parked[i]
      if (parked === undefined) continue
      if (parked.deadline <= now) parked.expire()
      else this.#earliest = Math.min(this.#earliest, parked.deadline)
    }
  }
}
