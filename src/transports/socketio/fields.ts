// Parses the object that a client's event carries.

import { ChatError } from '../../core/errors.js'
import type { UserId } from './dialect.js'

export type EventFields = ReadonlyMap<string, unknown>

export function parseFields(value: unknown): EventFields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return new Map<string, unknown>(Object.entries(value))
  throw new ChatError('bad_request', 'an event carries an object, such as {"room":"lobby","username":"ada"}')
}

export function parseUserId(value: unknown): UserId {
  if (typeof value === 'number' && Number.isFinite(value)) return value
  if (typeof value === 'string' && /^[^\p{C}]{1,128}$/u.test(value)) return value
  throw new ChatError('bad_request', 'userId is a number, or 1 to 128 characters without control characters')
}
