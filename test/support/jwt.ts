// Tokens as a school would sign them, and the settings of a chat that takes them.

import { type JWTPayload, SignJWT } from 'jose'
import type { Config } from '../../src/config.js'

export const SECRET = 'a secret of thirty-two bytes, or more'
export const key = new TextEncoder().encode(SECRET)
export const JWT: Partial<Config> = { jwt: { key: { secret: SECRET }, audience: undefined } }

/** For Ada Lovelace, an hour long, unless the claims say otherwise. */
export async function sign(
  claims: JWTPayload = {},
  exp: number | string = '1h',
  by: Uint8Array = key,
): Promise<string> {
  return new SignJWT({ sub: 'u1', name: 'Ada Lovelace', ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime(exp)
    .sign(by)
}

/** A time for a token to end, in seconds since 1970. */
export function inSeconds(seconds: number): number {
  return Math.floor(Date.now() / 1000) + seconds
}
