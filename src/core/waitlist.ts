// The readers that wait: a list in which each knows its place.

import type { Undo } from './clock.js'

export type Wake = () => void

/** To leave is to put the last one in one's place. Nothing else ever moves. */
export class WaitList {
  readonly #list: Place[] = []

  get size(): number {
    return this.#list.length
  }

  add(wake: Wake): Undo {
    const place: Place = { wake, index: this.#list.length, list: this.#list }
    this.#list.push(place)
    return () => leave(place)
  }

  /** Takes one out, the one that came last. */
  take(): Wake | undefined {
    const place = this.#list.pop()
    if (place === undefined) return undefined
    place.list = undefined
    return place.wake
  }
}

type Place = { readonly wake: Wake; index: number; list: Place[] | undefined }

function leave(place: Place): void {
  const { list } = place
  if (list === undefined) return
  place.list = undefined
  const last = list.pop()
  if (last === undefined || last === place) return
  list[place.index] = last
  last.index = place.index
}
