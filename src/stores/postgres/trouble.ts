// What can be wrong with a PostgreSQL, by its code (PostgreSQL manual, appendix A). At the start each case has a
// sentence that says what to do.

import { ChatError, codeOf } from '../../core/errors.js'
import { UsageError } from '../../flags.js'

/** The oldest version that is accepted. Older ones are not tested, and get no fixes any more. */
const OLDEST = 12

/** Statements take too long, or wait for each other: the next one may succeed. */
export function isBusy(error: unknown): boolean {
  // query_canceled (a timeout of a statement), lock_not_available, serialization_failure, deadlock_detected
  return ['57014', '55P03', '40001', '40P01'].includes(codeOf(error) ?? '')
}

/** The disk is full. */
export function isFull(error: unknown): boolean {
  return codeOf(error) === '53100'
}

/** The server takes no writes any more, or the tables are gone. */
export function isGone(error: unknown): boolean {
  // read_only_sql_transaction, undefined_table, undefined_function, invalid_schema_name
  return ['25006', '42P01', '42883', '3F000'].includes(codeOf(error) ?? '')
}

/**
 * An administrator ended this connection, or stops PostgreSQL; after that `pg` says that the connection cannot be
 * used.
 */
export function isEnded(error: unknown): boolean {
  if (codeOf(error) === '57P01') return true
  return error instanceof Error && /not queryable|^Connection terminated/.test(error.message)
}

/** The connection cannot be used any more. */
export function isBroken(error: unknown): boolean {
  const code = codeOf(error) ?? ''
  // connection_exception, insufficient_resources, operator_intervention. A code that is not PostgreSQL's is the
  // network's.
  return !/^[0-9A-Z]{5}$/.test(code) || /^(08|53|57P|25006)/.test(code)
}

/** The error that says why a connection could not be made. */
export function whyNoStart(error: unknown, url: string): Error {
  if (error instanceof ChatError || error instanceof UsageError) return error
  const where = placeOf(url)
  const code = codeOf(error) ?? ''
  const message = error instanceof Error ? error.message : String(error)
  const say = (sentence: string): ChatError => new ChatError('unavailable', sentence)
  if (code === '28P01' || code === '28000' || /password must be a string/.test(message))
    return say(
      `the PostgreSQL at ${where} refuses the user or the password: write them as postgres://USER:PASSWORD@HOST/DATABASE`,
    )
  if (code === '3D000')
    return say(`the PostgreSQL at ${where} has no such database: make it with \`createdb\`, or choose another`)
  if (code === '42501')
    return say(
      `the user may make no tables in the PostgreSQL at ${where}: GRANT CREATE ON SCHEMA public TO the user, or make it the owner of the database`,
    )
  if (code === '57P03') return say(`the PostgreSQL at ${where} is still starting: start again in a moment`)
  if (code === '53300') return say(`the PostgreSQL at ${where} has no connection left: raise its max_connections`)
  if (/does not support SSL/.test(message))
    return say(`the PostgreSQL at ${where} has no TLS: leave sslmode out of the address`)
  const word = code === '' ? message : code
  return say(`no PostgreSQL answers at ${where} (${printable(word)}): start it, or give its address with --postgres`)
}

/** Reads the answers to a new connection. Throws `unavailable` where this server cannot be used. */
export function checkServer({ version, fixed }: Readonly<Record<string, unknown>>, url: string): void {
  const where = placeOf(url)
  const major = Math.floor(Number(version) / 10_000)
  if (!(major >= OLDEST))
    throw new ChatError(
      'unavailable',
      `the PostgreSQL at ${where} is version ${major}: it has to be ${OLDEST} or newer`,
    )
  if (fixed === true)
    throw new ChatError(
      'unavailable',
      `the PostgreSQL at ${where} takes no messages (a replica, or default_transaction_read_only): give the address of its primary`,
    )
}

/** Sentences for the person who runs the server about how PostgreSQL is configured. */
export function warnings({ fsync, commit }: Readonly<Record<string, unknown>>): string[] {
  if (fsync === 'off') return ['this PostgreSQL has fsync off: when its machine stops, everything may be lost']
  if (commit === 'off')
    return ['this PostgreSQL has synchronous_commit off: when it crashes, the last messages are lost']
  return []
}

/** The host and the port, and never the password. */
export function placeOf(url: string): string {
  const { host, searchParams } = new URL(url)
  return JSON.stringify(host === '' ? (searchParams.get('host') ?? 'localhost') : host)
}

function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 100)
}
