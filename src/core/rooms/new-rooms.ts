// Rooms that other processes have made since this one started. They are opened when a list of rooms is asked for, and
// followed from then on like the rooms that were there at the start, so the next list is made from memory. Where
// memory is full, the list has the rooms that are in memory.

import type { Clock } from '../clock.js'
import { ChatError } from '../errors.js'
import type { Rooms } from './rooms.js'
import type { Store } from './store.js'

/** How old a list may be before the store is asked again. */
export const LIST_MS = 1000

export type NewRoomsParts = {
  readonly store: Pick<Store, 'listRooms'>
  readonly rooms: Pick<Rooms, 'get' | 'restore'>
  readonly clock: Pick<Clock, 'now'>
}

export class NewRooms {
  readonly #parts: NewRoomsParts
  #reaching: Promise<void> | undefined
  #listedAt = -Infinity

  constructor(parts: NewRoomsParts) {
    this.#parts = parts
  }

  /** Resolves when the new rooms are here; undefined where there is nothing to ask. */
  reach(): Promise<void> | undefined {
    const { store, clock } = this.#parts
    if (store.listRooms === undefined) return undefined
    if (this.#reaching !== undefined) return this.#reaching
    if (clock.now() - this.#listedAt < LIST_MS) return undefined
    this.#reaching = this.#open(store.listRooms()).finally(() => {
      this.#listedAt = clock.now()
      this.#reaching = undefined
    })
    return this.#reaching
  }

  async #open(listing: Promise<readonly string[]>): Promise<void> {
    const { rooms } = this.#parts
    try {
      const names = await listing
      await rooms.restore(
        names.filter((name) => rooms.get(name)?.hasLog !== true),
        () => true,
      )
    } catch (error) {
      // While the store is away, the list has the rooms that are here.
      if (!(error instanceof ChatError)) throw error
    }
  }
}
