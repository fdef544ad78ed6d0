// Fields of a request that are numbers or truth values. A form has neither, so their words will do.

import { ChatError } from '../errors.js'

/** True or false. Throws `bad_request`, which names the field. */
export function parseFlag(name: string, value: unknown): boolean {
  if (value === true || value === 'true') return true
  if (value === false || value === 'false') return false
  throw new ChatError('bad_request', `${name} is true or false`)
}

/** A whole number within bounds. Throws `bad_request`, which names the field and the bounds. */
export function parseWhole(name: string, value: unknown, least: number, most: number): number {
  const number = wholeOf(value)
  if (number !== undefined && number >= least && number <= most) return number
  throw new ChatError('bad_request', `${name} is a whole number from ${least} to ${most}`)
}

/** The id of a message. Throws `bad_request`, which names the field. */
export function parseId(name: string, value: unknown): number {
  const number = wholeOf(value)
  if (number !== undefined && number > 0) return number
  throw new ChatError('bad_request', `${name} is the id of a message: a whole number from 1 up`)
}

function wholeOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isSafeInteger(number) ? number : undefined
}
