// What the settings of authentication must be like. Where something is missing the server does not start: it says
// in one sentence what to add.

import { quote, UsageError } from '../flags.js'
import type { JwtOptions } from './jwt.js'

export type AuthConfig = {
  /** Absent: everybody may come in. */
  readonly password: string | undefined
  /** Absent: nobody is asked who he is. */
  readonly jwt: JwtOptions | undefined
  /** Absent: nobody moderates. */
  readonly adminKey: string | undefined
  /** What every path begins with, such as `/chat`; nothing by itself. */
  readonly base: string
}

type AuthFlag = 'password' | 'auth' | 'jwt-secret' | 'jwks' | 'audience' | 'admin-key' | 'base'

/** The least that HS256 takes (RFC 7518, section 3.2). */
const SECRET_BYTES = 32

/** `text`: a setting's value, and whether a flag or a variable gave it. Throws `UsageError`. */
export function parseAuth(text: (flag: AuthFlag) => { value: string; source: string; isGiven: boolean }): AuthConfig {
  const optional = (flag: AuthFlag): string | undefined => {
    const { value, source, isGiven } = text(flag)
    // `--password "$UNSET"` must not let everyone in.
    if (isGiven && value === '') throw new UsageError(`${source} is empty: give it a value, or leave it out`)
    return value === '' ? undefined : value
  }
  const password = optional('password')
  const auth = optional('auth')
  if (auth !== undefined && auth !== 'jwt') throw new UsageError(`--auth is jwt, not ${quote(auth)}`)
  if (auth !== undefined && password !== undefined)
    throw new UsageError('--auth and --password exclude each other: a token says more than a password')
  const jwks = optional('jwks')
  const audience = optional('audience')
  if (auth === undefined && (jwks ?? audience) !== undefined)
    throw new UsageError('--jwks and --audience go with --auth jwt: add it')
  const jwt = auth === undefined ? undefined : { key: parseKey(optional('jwt-secret'), jwks), audience }
  return { password, jwt, adminKey: optional('admin-key'), base: parseBase(text('base').value) }
}

function parseKey(secret: string | undefined, jwks: string | undefined): JwtOptions['key'] {
  if (jwks !== undefined) {
    if (secret !== undefined)
      throw new UsageError('--jwks and MINI_CHAT_JWT_SECRET exclude each other: tokens are signed one way')
    if (isSafe(jwks)) return { jwks }
    throw new UsageError(`--jwks is an address such as https://login.example/keys, not ${quote(jwks)}`)
  }
  if (secret === undefined)
    throw new UsageError(
      '--auth jwt needs the secret in MINI_CHAT_JWT_SECRET, or the address of public keys: --jwks URL',
    )
  if (Buffer.byteLength(secret) >= SECRET_BYTES) return { secret }
  throw new UsageError(
    `MINI_CHAT_JWT_SECRET is too short: at least ${SECRET_BYTES} bytes, such as \`openssl rand -base64 32\` makes`,
  )
}

/** Keys that somebody on the way could change would let in anybody: https, or this machine. */
function isSafe(url: string): boolean {
  if (!URL.canParse(url)) return false
  const { protocol, hostname } = new URL(url)
  return protocol === 'https:' || (protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname))
}

function parseBase(value: string): string {
  const base = value.replace(/\/$/, '')
  if (/^(?:\/[\w~-][\w.~-]*)*$/.test(base)) return base
  throw new UsageError(`--base is a path such as /chat, not ${quote(value)}`)
}
