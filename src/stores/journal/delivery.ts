// Who is given which message, each one once. Whoever subscribes is given the recent messages first, and those are all
// that count as kept by then, also what the others are told a moment later:
//
//                      somebody subscribes
//     kept     41  42  43   │   44  45 …
//     told     41  42       │   43  44 …        43 is among the recent ones: the first to be delivered is 44

import type { Undo } from '../../core/clock.js'
import type { Deliver } from '../../core/rooms/store.js'
import type { Logger } from '../../log.js'
import type { Kept } from './commit.js'
import { Log, type Subscriber } from './log.js'

export class Delivery {
  readonly #logs: Map<string, Log>
  readonly #log: Logger
  /** The position of the last message that counts as kept. */
  #counted = 0

  constructor(logs: Map<string, Log>, log: Logger) {
    this.#logs = logs
    this.#log = log
  }

  /** Counts a message as kept. */
  keep({ message, epoch, position }: Kept): void {
    const log = this.#logOf(message.room)
    log.add(epoch, message.id, position)
    log.note(message)
    this.#counted = position
  }

  /** Gives it to its room's subscribers. */
  deliver(kept: Kept): void {
    try {
      this.#logs.get(kept.message.room)?.deliver(kept)
    } catch (error) {
      // The message is kept, whatever a reader made of it.
      this.#log.error('bug', error)
    }
  }

  /** Delivers what counts as kept from now on, until `close`. `epoch`: the room's now. */
  subscribe(room: string, deliver: Deliver): { readonly epoch: string; readonly close: Undo } {
    const log = this.#logOf(room)
    const counted = this.#counted
    const subscriber: Subscriber = ({ message, epoch, position }) => {
      if (position > counted) deliver(message, epoch)
    }
    log.subscribers.add(subscriber)
    const close = (): void => {
      log.subscribers.delete(subscriber)
      if (log.isEmpty && this.#logs.get(room) === log) this.#logs.delete(room)
    }
    return { epoch: log.epoch, close }
  }

  #logOf(room: string): Log {
    let log = this.#logs.get(room)
    if (log === undefined) this.#logs.set(room, (log = new Log()))
    return log
  }
}
