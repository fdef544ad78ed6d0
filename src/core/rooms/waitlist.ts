// The readers that wait: a list in which each knows its place.
//
// The list is in the order in which they came, so that in a busy room, where one waking follows the other, each reader
// waits about as long: from its turn in one to its turn in the next.

import type { Undo } from '../clock.js'

export type Wake = () => void

/** What a reader waits on. It waits in one list at most, and a reader that comes back takes the same seat again. */
export class Seat {
  readonly wake: Wake
  #list: Seat[] | undefined
  #index = 0

  constructor(wake: Wake) {
    this.wake = wake
  }

  /** Sits down at the end. */
  join(list: Seat[]): void {
    this.#list = list
    this.#index = list.push(this) - 1
  }

  /** Its turn has come. */
  rise(): void {
    this.#list = undefined
  }

  /** Waits no more: the last one moves into its place. Nothing else ever moves. */
  leave(): void {
    const list = this.#list
    if (list === undefined) return
    this.#list = undefined
    const last = list.pop()
    if (last === undefined || last === this) return
    list[this.#index] = last
    last.#index = this.#index
  }
}

export class WaitList {
  readonly #list: Seat[] = []
  /** Whose turn it is. Those before have been taken. */
  #turn = 0

  get size(): number {
    return this.#list.length - this.#turn
  }

  add(seat: Seat): void {
    seat.join(this.#list)
  }

  /** Takes one out, the one that came first. */
  take(): Seat | undefined {
    const seat = this.#list[this.#turn++]
    if (seat === undefined) {
      this.#list.length = 0
      this.#turn = 0
      return undefined
    }
    seat.rise()
    return seat
  }
}

/** Waits once, by a way of waiting that answers whether there is anything to wait for. */
export function waitOnce(wake: Wake, sit: (seat: Seat) => boolean): Undo | undefined {
  const seat = new Seat(wake)
  return sit(seat) ? () => seat.leave() : undefined
}
