// Gives each message to each subscriber once. A new subscriber is given the recent messages first: all messages that
// count as kept by then, also one that the other subscribers are told a moment later.
//
//                      a reader subscribes
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
      // The message is kept, even if a reader fails to take it.
      this.#log.error('bug', error)
    }
  }

  /** Delivers messages that count as kept from now on, until `close`. `epoch`: the epoch of the room now. */
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
