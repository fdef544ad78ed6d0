// Gets in by credentials (see entry.ts): with a password, or with a token and the session that it opens.

import { enter, NOTHING, Proof } from './credentials.js'
import { type Entry, type EntryOptions, type Refusal, sessionEntry } from './entry.js'
import { defaultPlatform } from './platform.js'
import { inMemory, Session } from './session.js'
import { isUnauthorized, type Shown } from './wire.js'

export function openEntry(options: EntryOptions): Entry {
  const { credentials } = options
  if (credentials === undefined) return sessionEntry(options)
  const proof = new Proof(credentials)
  if ('token' in credentials) return new TokenEntry(options, proof)
  return { shown: () => proof.shown, renew: ({ refused, shown }) => proof.renew(refused, shown) }
}

/** One session for all rooms: requests that are refused at one time, in several rooms, are let in again together. */
class TokenEntry implements Entry {
  readonly #session: Session

  constructor({ url = '', platform = defaultPlatform }: EntryOptions, proof: Proof) {
    this.#session = new Session({
      url,
      platform,
      storage: inMemory({ username: '', token: undefined }),
      async introduce(room, username) {
        // The server has just asked for the token: no request is needed to find that out.
        await proof.begin()
        return enter(platform, proof, { url, path: '/join', body: username === '' ? { room } : { room, username } })
      },
    })
  }

  shown(): Shown {
    const { token } = this.#session
    return token === undefined ? NOTHING : { token }
  }

  renew({ refused, room, shown, username }: Refusal): Promise<void> {
    // For a room that was not joined the session is good.
    return isUnauthorized(refused) ? this.#session.renew(shown.token, room, username) : this.#session.join(room)
  }
}
