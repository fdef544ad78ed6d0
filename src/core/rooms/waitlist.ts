// The readers that wait, in the order in which they came. Each of them knows its place in the list, so a reader that
// hangs up leaves at once, without a search.
//
// The order matters in a busy room, where one waking follows another: each reader then waits equally long, from its
// turn in one waking to its turn in the next.

import type { Undo } from '../clock.js'

export type Wake = () => void

/** A reader's place in a list. A reader waits in at most one list, and takes the same seat again when it comes back. */
export abstract class Seat {
  #list: Seat[] | undefined
  #index = 0

  /** The reader's turn has come: it is in no list any more. */
  abstract wake(): void

  /** Takes the last place of a list. */
  join(list: Seat[]): void {
    this.#list = list
    this.#index = list.push(this) - 1
  }

  /** The reader's turn has come: the list has let go of the seat. */
  rise(): void {
    this.#list = undefined
  }

  /** Leaves the list. The last seat moves into the free place; nothing else ever moves. */
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
  /** The index of the next seat to be taken. The seats before it have been taken already. */
  #turn = 0

  get size(): number {
    return this.#list.length - this.#turn
  }

  add(seat: Seat): void {
    seat.join(this.#list)
  }

  /** Takes out the seat that came first. */
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

/** The seat of a reader that is a function. */
export class CallSeat extends Seat {
  readonly #call: Wake

  constructor(call: Wake) {
    super()
    this.#call = call
  }

  wake(): void {
    this.#call()
  }
}

/** Waits once. `sit` says whether there is anything to wait for. */
export function waitOnce(wake: Wake, sit: (seat: Seat) => boolean): Undo | undefined {
  const seat = new CallSeat(wake)
  return sit(seat) ? () => seat.leave() : undefined
}
