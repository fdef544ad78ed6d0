// What can be wrong with a Redis at the start. Each case has a sentence that says what to do.

import { ChatError, codeOf } from '../../core/errors.js'
import { UsageError } from '../../flags.js'

/** The oldest version that is accepted: it can trim streams by id. */
const OLDEST = [6, 2] as const

export type Server = {
  readonly version: readonly [major: number, minor: number]
  /** Does it have sharded pub/sub (Redis 7)? */
  readonly isSharded: boolean
}

/** The error that says why a connection could not be made. */
export function whyNoStart(error: unknown, url: string): Error {
  if (!(error instanceof Error) || error instanceof ChatError || error instanceof UsageError)
    return new Error(String(error), { cause: error })
  const where = placeOf(url)
  const code = codeOf(error)
  const say = (sentence: string): ChatError => new ChatError('unavailable', sentence)
  if (/^(WRONGPASS|NOAUTH)\b/.test(error.message))
    return say(
      `the Redis at ${where} refuses the password: write it as redis://:PASSWORD@HOST or redis://USER:PASSWORD@HOST`,
    )
  if (/without any password configured/.test(error.message))
    return say(`the Redis at ${where} has no password: leave it out of the address`)
  if (/^ERR (DB index|invalid DB)/.test(error.message))
    return say(`the Redis at ${where} has no such database: choose another number at the end of the address`)
  if (/^LOADING\b/.test(error.message))
    return say(`the Redis at ${where} is still reading its data: start again in a moment`)
  if (code !== undefined && /CERT|SELF_SIGNED|UNABLE_TO_/.test(code))
    return say(
      `the certificate of the Redis at ${where} is not trusted (${printable(code)}): set NODE_EXTRA_CA_CERTS to the file of its authority`,
    )
  const word = code ?? (error.name === 'Error' ? error.message : error.name)
  return say(`no Redis answers at ${where} (${printable(word)}): start it, or give its address with --redis`)
}

/** Reads the answer of `INFO`. Throws `unavailable` where this server cannot be used. */
export function checkServer(info: string, url: string): Server {
  const field = (name: string): string => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? ''
  const where = placeOf(url)
  const [major = 0, minor = 0] = field('redis_version').split('.').map(Number)
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]))
    throw new ChatError(
      'unavailable',
      `the Redis at ${where} is version ${printable(field('redis_version'))}: it has to be ${OLDEST.join('.')} or newer`,
    )
  if (field('role') === 'slave')
    throw new ChatError(
      'unavailable',
      `the Redis at ${where} is a replica, which takes no messages: give the address of its primary`,
    )
  return { version: [major, minor], isSharded: major >= 7 }
}

/**
 * Sentences for the person who runs the server about how Redis is configured. `config`: by name, as far as it may be
 * read.
 */
export function warnings(config: ReadonlyMap<string, string>): string[] {
  const all: string[] = []
  if (config.get('appendonly') === 'no' && config.get('save') === '')
    all.push('this Redis keeps nothing on disk: when it restarts, every message is gone (appendonly yes keeps them)')
  const policy = config.get('maxmemory-policy') ?? 'noeviction'
  const hasMost = (config.get('maxmemory') ?? '0') !== '0'
  if (hasMost && policy !== 'noeviction')
    all.push('this Redis throws keys away when its memory is full: rooms may begin anew (maxmemory-policy noeviction)')
  return all
}

/** The host and the port, and never the password. */
export function placeOf(url: string): string {
  const { host } = new URL(url)
  return JSON.stringify(host)
}

function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 100)
}

/** Lets the error of a server that is away pass, and throws any other. */
export function passed(error: unknown): undefined {
  if (!(error instanceof ChatError)) throw error
}
