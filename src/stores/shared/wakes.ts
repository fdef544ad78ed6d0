// How a process wakes the others when it has added to a room. A wake-up may be lost, doubled or late: what counts is
// what is read from the log by id (follower.ts).

import type { Undo } from '../../core/clock.js'
import type { News } from './follower.js'

export type Wakes = {
  /** Calls back with the news of a room until the undo. */
  listen(room: string, hear: (news: News) => void): Promise<Undo>
  /** Sends news to every process. False where that is not possible now. */
  tell(room: string, news: News): boolean
  close(): void
}

/** Opens wake-ups. `onBack`: called when some may have been lost, so every room has to be compared with its log. */
export type OpenWakes = (onBack: () => Promise<void>) => Promise<Wakes>
