// The parameters of a URL, by name. An empty one is absent.
//
//     room=lobby&since=k3f9qz1a.801&wait=  ──>  room: lobby, since: k3f9qz1a.801
//
// The code that reads a parameter checks it (as a number, or as 1 or 0), and refuses a wrong one in one sentence.

import { ChatError } from '../../core/errors.js'

export class Query {
  /** name, value, name, value … */
  readonly #pairs: readonly string[]

  constructor(pairs: readonly string[]) {
    this.#pairs = pairs
  }

  /** Every value of a parameter. */
  all(name: string): string[] {
    const values: string[] = []
    for (let i = 0; i < this.#pairs.length; i += 2) if (this.#pairs[i] === name) values.push(this.#pairs[i + 1] ?? '')
    return values
  }

  /** The value of a parameter that may be given once. */
  one(name: string): string | undefined {
    let found: string | undefined
    for (let i = 0; i < this.#pairs.length; i += 2) {
      if (this.#pairs[i] !== name) continue
      if (found !== undefined) throw new ChatError('bad_request', `${name} is given more than once: give it once`)
      found = this.#pairs[i + 1]
    }
    return found
  }
}

export const NO_QUERY = new Query([])

/**
 * Queries that were parsed before, at most 1 MiB of them. Readers that wait at one place ask in the same words, again
 * and again.
 */
const known = new Map<string, Query>()
const KNOWN = { queries: 1024, length: 256 }

/** Parses `a=1&b=2` as a form does: `+` is a space. Throws `bad_request` for a wrong `%`. */
export function parseQuery(raw: string): Query {
  if (raw === '') return NO_QUERY
  const before = known.get(raw)
  if (before !== undefined) return before
  if (raw.length > KNOWN.length) return queryOf(raw)
  if (known.size >= KNOWN.queries) known.clear()
  const own = copyOf(raw)
  const query = queryOf(own)
  known.set(own, query)
  return query
}

function queryOf(raw: string): Query {
  const pairs: string[] = []
  for (let start = 0; start < raw.length;) {
    const ampersand = raw.indexOf('&', start)
    const end = ampersand < 0 ? raw.length : ampersand
    const cut = raw.indexOf('=', start)
    if (cut > start && cut < end - 1) {
      const name = unescapeForm(raw.slice(start, cut))
      pairs.push(name, unescapeForm(raw.slice(cut + 1, end), name))
    }
    start = end + 1
  }
  return new Query(pairs)
}

/** A copy in memory of its own: a part of a longer text keeps all of it. */
export function copyOf(text: string): string {
  return Buffer.from(text).toString()
}

/** Undoes the escapes of a form. `name`: the parameter's name, for the sentence that refuses it. */
export function unescapeForm(text: string, name = ''): string {
  if (!text.includes('%') && !text.includes('+')) return text
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    // Not swallowed: decodeURIComponent throws for a wrong escape, and for nothing else.
    const where = /^[a-z]{1,16}$/.test(name) ? name : 'the address or the form'
    throw new ChatError(
      'bad_request',
      `a % in ${where} is not followed by two hexadecimal digits of UTF-8: write %25 for a percent sign`,
    )
  }
}

/** A whole number from 0 up. More digits than a number holds make a very large one. */
export function wholeNumber(query: Query, name: string): number | undefined {
  const value = query.one(name)
  if (value === undefined) return undefined
  if (/^\d+$/.test(value)) return Number(value)
  throw new ChatError('bad_request', `${name} is a whole number from 0 up`)
}

/** A whole number within bounds: a smaller or a larger one becomes the bound. */
export function clamped(query: Query, name: string, low: number, high: number, fallback: number): number {
  return Math.min(high, Math.max(low, wholeNumber(query, name) ?? fallback))
}

/** A parameter that is 1 or 0. */
export function flag(query: Query, name: string): boolean {
  const value = query.one(name)
  if (value === undefined || value === '0') return false
  if (value === '1') return true
  throw new ChatError('bad_request', `${name} is 1 or 0`)
}
