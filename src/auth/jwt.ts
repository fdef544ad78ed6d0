// People with a token of their school or their company: a JSON Web Token (RFC 7519), checked by the package `jose`.
//
//     POST /join, Authorization: Bearer eyJ…   ──>  a session, whose name and rooms are the token's
//     then Authorization: Bearer SESSION       ──>  that session, until the token's time is over
//
// A handshake of WebSocket or Socket.IO and the word PASS take the token as /join does. The claims: `sub` says who
// the person is, `name` the name to speak under (else `sub` is the name), `rooms` which rooms there are for this
// person (else all rooms). `exp` is required. `exp`, `nbf` and, with --audience, `aud` are checked. The server
// chooses the algorithm, and never the token: HS256 with a secret, public keys with a JWKS.

import type { Clock } from '../core/clock.js'
import { ChatError } from '../core/errors.js'
import type { Identity } from '../core/people/identity.js'
import { parseUsername } from '../core/rooms/message.js'
import { loadPeer } from '../peer.js'
import { type Auth, type Authenticated, bearerOf, type AuthRequest } from './auth.js'
import type { JwtOptions } from './settings.js'

export type JwtParts = JwtOptions & {
  readonly clock: Clock
  /** The identity of a session's token. Throws `unauthorized` for an unknown token. */
  readonly identityOf: (token: string) => Identity | undefined
  /** Told when the keys cannot be fetched. */
  readonly onTrouble: (error: unknown) => void
}

type Claims = { readonly sub?: unknown; readonly name?: unknown; readonly rooms?: unknown; readonly exp?: unknown }
type Verify = (token: string) => Promise<Claims>

const NONE =
  'this chat wants to know who you are: POST /join with the token that you were given as Authorization: Bearer'
const BAD = 'this token is not good here, or its time is over: ask for a new one'

/** Clocks may differ by this much. */
const TOLERANCE_SECONDS = 5

/** Throws `UsageError` where the package `jose` is missing. */
export async function openJwt(parts: JwtParts): Promise<Auth> {
  const verify = await verifier(parts)

  async function identityOf(token: string): Promise<Identity> {
    const { sub, name = sub, rooms, exp } = await verify(token)
    const isRooms = rooms === undefined || (Array.isArray(rooms) && rooms.every((room) => typeof room === 'string'))
    if (typeof sub !== 'string' || sub === '' || typeof exp !== 'number' || !isRooms)
      throw new ChatError('unauthorized', BAD)
    return {
      subject: sub,
      username: parseUsername(name),
      rooms: rooms === undefined ? undefined : new Set(rooms),
      until: exp * 1000,
    }
  }

  return {
    wants: 'this chat wants to know who you are: say PASS and the token that you were given first',
    authenticate({ isLogin, header }: AuthRequest): Authenticated | Promise<Authenticated> {
      const token = bearerOf(header('authorization') ?? '')
      if (token === undefined) throw new ChatError('unauthorized', NONE)
      // Only a JWT has dots: a session's token is base64url.
      if (isLogin && token.includes('.')) return identityOf(token).then((identity) => ({ identity, isSpent: true }))
      const identity = parts.identityOf(token)
      if (identity === undefined || identity.until <= parts.clock.date()) throw new ChatError('unauthorized', BAD)
      return { identity, isSpent: false }
    },
    pass: (word) => identityOf(word),
  }
}

async function verifier({ key, audience, clock, onTrouble }: JwtParts): Promise<Verify> {
  const { createRemoteJWKSet, errors, jwtVerify } = await loadPeer('jose', '--auth jwt', () => import('jose'))
  const keyOf =
    'secret' in key ? async () => new TextEncoder().encode(key.secret) : createRemoteJWKSet(new URL(key.jwks))
  const algorithms = 'secret' in key ? ['HS256'] : ['RS256', 'PS256', 'ES256', 'EdDSA']
  return async (token) => {
    const options = {
      algorithms,
      requiredClaims: ['sub', 'exp'],
      clockTolerance: TOLERANCE_SECONDS,
      currentDate: new Date(clock.date()),
      ...(audience === undefined ? {} : { audience }),
    }
    try {
      const { payload } = await jwtVerify(token, keyOf, options)
      return payload
    } catch (error) {
      // Every fault of a token has a code of its own; any other error is the key server's or the network's.
      if (
        error instanceof errors.JOSEError &&
        error.code !== 'ERR_JOSE_GENERIC' &&
        !(error instanceof errors.JWKSTimeout)
      ) {
        throw new ChatError('unauthorized', BAD)
      }
      onTrouble(error)
      throw new ChatError('unavailable', 'the keys that tokens are checked with cannot be had now: try again soon', 5)
    }
  }
}
