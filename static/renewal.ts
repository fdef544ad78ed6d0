// Makes a session anew that is over, under the same name. The page loads this when its session is over, which is rare.

import { defaultPlatform as platform } from '../src/client/platform.js'
import type { Session } from '../src/client/session.js'
import { Refused } from '../src/client/wire.js'

/** Another tab that joins at the same moment needs this long to say so. */
const OTHER_TAB_MS = 700

/** Joins a room again. `taken`: called where another person has the name by now. */
export async function renew(session: Session, room: string, taken: () => void): Promise<void> {
  const before = session.token
  try {
    await session.introduce(room)
  } catch (error) {
    if (!(error instanceof Refused) || error.code !== 'name_taken') throw error
    await new Promise<void>((resolve) => platform.after(OTHER_TAB_MS, resolve))
    if (session.token === undefined || session.token === before) {
      taken()
      throw error
    }
    await session.enter(room)
  }
}
