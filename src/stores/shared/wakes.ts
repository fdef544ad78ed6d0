// How a process wakes the others when it has added messages to a room. A wake-up may be lost, doubled or late: only
// what is read from the log by id counts (follower.ts).

import type { Undo } from '../../core/clock.js'
import type { News } from './follower.js'

export type Wakes = {
  /** Calls back with the news of a room until the undo. */
  listen(room: string, hear: (news: News) => void): Promise<Undo>
  /** Sends news to every process. False where that is not possible now. */
  tell(room: string, news: News): boolean
  close(): void
}

/**
 * Opens wake-ups. `onBack` is called when some may have been lost, so that every room has to be compared with its
 * log.
 */
export type OpenWakes = (onBack: () => Promise<void>) => Promise<Wakes>
