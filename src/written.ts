// How the values of settings are written: numbers, sizes, times, words and addresses. Each parser answers the value,
// or refuses it in one sentence that says what to write.

import { quote, UsageError } from './flags.js'

export type Written = {
  /** The last value; `true` for a flag without one; empty where there is none. */
  readonly value: string
  /** All its values, for a flag that may be given several times. */
  readonly all: readonly string[]
  /** The name for a refusal: the flag, or the variable that the value comes from. */
  readonly source: string
  /** Did a flag give the value, and neither a variable nor the default? */
  readonly isGiven: boolean
}

export type Parse<T> = (written: Written) => T

export const text: Parse<string> = ({ value }) => value

export const isOn: Parse<boolean> = ({ value }) => value === 'true'

/** A text; absent where it is empty by default. `--password "$UNSET"` must not let everyone in. */
export const filled: Parse<string | undefined> = ({ value, source, isGiven }) => {
  if (isGiven && value === '') throw new UsageError(`${source} is empty: give it a value, or leave it out`)
  return value === '' ? undefined : value
}

/** Absent where the value is empty. */
export function optional<T>(parse: Parse<T>): Parse<T | undefined> {
  return (written) => (written.value === '' ? undefined : parse(written))
}

export function each<T>(parse: (value: string, source: string) => T): Parse<readonly T[]> {
  return ({ all, source }) => all.map((value) => parse(value, source))
}

export function whole(low: number, high: number, or = ''): Parse<number> {
  return ({ value, source }) => {
    const number = Number(value)
    if (/^\d+$/.test(value) && number >= low && number <= high) return number
    throw new UsageError(`${source} is a whole number from ${low} to ${high}${or}, not ${quote(value)}`)
  }
}

/** A number a second; `Infinity` for off. */
export const rate: Parse<number> = (written) =>
  written.value === 'off' ? Infinity : whole(1, 1_000_000, ', or off')(written)

export function word<const Word extends string>(...words: readonly Word[]): Parse<Word> {
  return ({ value, source }) => {
    const found = words.find((one) => one === value)
    if (found !== undefined) return found
    throw new UsageError(`${source} is ${words.slice(0, -1).join(', ')} or ${words.at(-1)}, not ${quote(value)}`)
  }
}

/** In bytes. */
export const size: Parse<number> = ({ value, source }) => {
  const match = /^(\d{1,12})(kb|mb|gb)?$/i.exec(value)
  const units: Readonly<Record<string, number>> = { kb: 2 ** 10, mb: 2 ** 20, gb: 2 ** 30 }
  if (match !== null) return Number(match[1]) * (units[match[2]?.toLowerCase() ?? ''] ?? 1)
  throw new UsageError(`${source} is a size such as 64mb or 2gb, not ${quote(value)}`)
}

/** In milliseconds. */
export const time: Parse<number> = ({ value, source }) => {
  const match = /^([1-9]\d{0,8})([smhd])$/.exec(value)
  const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
  if (match !== null) return Number(match[1]) * (units[match[2] ?? ''] ?? 1)
  throw new UsageError(`${source} is a time such as 90s, 12h or 30d, not ${quote(value)}`)
}

/** A time in milliseconds, or 0. */
export const timeOrNone: Parse<number> = (given) => (given.value === '0' ? 0 : time(given))

export function origin(value: string, source: string): string {
  if (/^https?:\/\/[^/?#@\s]+$/i.test(value)) return value
  throw new UsageError(`${source} is a scheme and a host such as https://school.example, not ${quote(value)}`)
}

export const base: Parse<string> = ({ value }) => {
  const path = value.replace(/\/$/, '')
  if (/^(?:\/[\w~-][\w.~-]*)*$/.test(path)) return path
  throw new UsageError(`--base is a path such as /chat, not ${quote(value)}`)
}
