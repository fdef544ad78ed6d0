// Joins with the token of the address (token.ts). The page loads this when there is one.

import { enter, Proof } from '../src/client/credentials.js'
import { defaultPlatform as platform } from '../src/client/platform.js'
import { type JoinAnswer, Refused } from '../src/client/wire.js'
import { BASE } from './base.js'
import { forgetToken } from './token.js'

/** Joins a room under the name that stands in the token. */
export async function introduce(room: string, token: string): Promise<JoinAnswer> {
  try {
    return await enter(platform, new Proof({ token }), { url: BASE, path: '/join', body: { room } })
  } catch (error) {
    // This chat asks for a name instead.
    if (error instanceof Refused && error.code === 'bad_request') forgetToken()
    throw error
  }
}
