// One round of a closed loop: a message to everyone in the hall, over when all have it and its sender has his answer.

import type { Sender } from '../clients.js'
import type { Countdown } from '../scenario.js'

/** `all` is ticked by each of the `readers` for each message. */
export function roundOf(sender: Sender, all: Countdown, readers: number): () => Promise<void> {
  return () => {
    const done = all.start(readers + 1)
    sender.say('hall', () => all.tick())
    return done
  }
}
