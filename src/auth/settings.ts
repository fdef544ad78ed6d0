// Checks the settings of authentication. If something is missing the server does not start, and says in one sentence
// what to add.

import { quote, UsageError } from '../flags.js'

/** The fewest bytes that HS256 takes (RFC 7518, section 3.2). */
const SECRET_BYTES = 32

export type JwtOptions = {
  /** A secret of at least 32 bytes, or the address of a JSON Web Key Set (RFC 7517). */
  readonly key: { readonly secret: string } | { readonly jwks: string }
  readonly audience: string | undefined
}

type AuthSettings = {
  readonly password: string | undefined
  readonly auth: string | undefined
  readonly jwtSecret: string | undefined
  readonly jwks: string | undefined
  readonly audience: string | undefined
}

/** How tokens are checked; undefined where the chat asks for none. Throws `UsageError`. */
export function parseJwt({ password, auth, jwtSecret, jwks, audience }: AuthSettings): JwtOptions | undefined {
  if (auth !== undefined && auth !== 'jwt') throw new UsageError(`--auth is jwt, not ${quote(auth)}`)
  if (auth !== undefined && password !== undefined)
    throw new UsageError('--auth and --password exclude each other: a token says more than a password')
  if (auth === undefined && (jwks ?? audience) !== undefined)
    throw new UsageError('--jwks and --audience go with --auth jwt: add it')
  return auth === undefined ? undefined : { key: parseKey(jwtSecret, jwks), audience }
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

/** Keys that could be changed on their way would let anyone in: they come by https, or from this machine. */
function isSafe(url: string): boolean {
  if (!URL.canParse(url)) return false
  const { protocol, hostname } = new URL(url)
  return protocol === 'https:' || (protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname))
}
