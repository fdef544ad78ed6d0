// What the commands that talk to a server share: its address, and the credentials.

import type { Credentials } from '../client/index.js'
import { Refused } from '../client/index.js'
import { type Setting, UsageError, type Values } from '../flags.js'
import { type Address, parseAddress, STANDARD_URL } from '../terminal/address.js'
import { asUsage, given } from './subcommand.js'

export const SERVER = [
  { flag: 'url', short: 'u', value: 'URL', default: STANDARD_URL, why: 'where the server is' },
  {
    flag: 'password',
    value: 'PASSWORD',
    env: 'MINI_CHAT_PASSWORD',
    default: '',
    why: 'the password of the chat; ps shows a flag to everyone on this machine, so rather set the variable',
  },
  {
    flag: 'token',
    value: 'TOKEN',
    env: 'MINI_CHAT_TOKEN',
    default: '',
    why: 'the token (JWT) of your school or company, in place of a password; rather set the variable here too',
  },
] as const satisfies readonly Setting[]

export type Server = Address & {
  /** The credentials that were given. If there are none, an error says so once the server asks. */
  readonly credentials: Credentials
  readonly gave: 'password' | 'token' | 'nothing'
}

/** `written`: the address, if it was given without a flag. Throws `UsageError`. */
export function serverOf(values: Values, env: NodeJS.ProcessEnv, written = given(values, 'url')): Server {
  return { ...asUsage(() => parseAddress(written ?? STANDARD_URL)), ...keyOf(values, env) }
}

function keyOf(values: Values, env: NodeJS.ProcessEnv): Pick<Server, 'credentials' | 'gave'> {
  const flags = { password: filled(values, 'password'), token: filled(values, 'token') }
  const variables = { password: env['MINI_CHAT_PASSWORD'] || undefined, token: env['MINI_CHAT_TOKEN'] || undefined }
  // Flags come first: they were written for this very command.
  for (const { password, token } of [flags, variables]) {
    if (password !== undefined && token !== undefined)
      throw new UsageError('a chat asks for a password or for a token, never for both: leave one out')
    if (password !== undefined) return { credentials: { password }, gave: 'password' }
    if (token !== undefined) return { credentials: { token }, gave: 'token' }
  }
  return { credentials: { token: sayHow }, gave: 'nothing' }
}

function filled(values: Values, flag: string): string | undefined {
  const value = given(values, flag)
  // `--password "$UNSET"` does not mean that no password is wanted.
  if (value === '') throw new UsageError(`--${flag} is empty: give it a value, or leave it out`)
  return value
}

function sayHow(): never {
  const sentence = 'this chat asks for a password or a token: set MINI_CHAT_PASSWORD or MINI_CHAT_TOKEN'
  throw new Refused(401, 'unauthorized', sentence, undefined)
}
