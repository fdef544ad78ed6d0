// The readers that wait: a list in which each knows its place.
//
// Who came first is woken first, so that in a busy room, where one waking follows the other, everybody waits about as
// long: from his turn in one to his turn in the next.

import type { Undo } from '../clock.js'

export type Wake = () => void

/** To leave is to put the last one in one's place. Nothing else ever moves. */
export class WaitList {
  readonly #list: Waiter[] = []
  /** Whose turn it is. Those before have been taken. */
  #turn = 0

  get size(): number {
    return this.#list.length - this.#turn
  }

  add(wake: Wake): Undo {
    const place: Waiter = { wake, index: this.#list.length, list: this.#list }
    this.#list.push(place)
    return () => leave(place)
  }

  /** Takes one out, the one that came first. */
  take(): Wake | undefined {
    const place = this.#list[this.#turn++]
    if (place === undefined) {
      this.#list.length = 0
      this.#turn = 0
      return undefined
    }
    place.list = undefined
    return place.wake
  }
}

type Waiter = { readonly wake: Wake; index: number; list: Waiter[] | undefined }

function leave(place: Waiter): void {
  const { list } = place
  if (list === undefined) return
  place.list = undefined
  const last = list.pop()
  if (last === undefined || last === place) return
  list[place.index] = last
  last.index = place.index
}
