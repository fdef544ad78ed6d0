// The messages of a store as text, in the form that `mini-chat import` reads: see journal/lines.ts.

import { ChatError } from '../../core/errors.js'
import type { Store } from '../../core/rooms/store.js'

const PAGE = 500

/** Every message of these rooms, a page at a time. Servers may go on writing meanwhile. */
export async function* linesOf(store: Store, rooms: readonly string[]): AsyncGenerator<string> {
  for (const room of rooms) {
    let [after, epoch, more] = [0, '', true]
    while (more) {
      const page = await store.read(room, { after, limit: PAGE })
      // The lines that have been written belong to a log that is gone, and two logs of a room cannot be imported.
      if (epoch !== '' && page.epoch !== epoch)
        throw new ChatError('unavailable', `the room ${room} was begun anew meanwhile: export again`)
      epoch = page.epoch
      after = page.messages.at(-1)?.id ?? after
      more = page.more
      yield page.messages.map((message) => `{"epoch":"${epoch}",${JSON.stringify(message).slice(1)}\n`).join('')
    }
  }
}
