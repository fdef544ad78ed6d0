// Time and chance come in as arguments, so that a test can hold them still and the core needs no platform.

/** Takes back what was registered. Calling it twice does no harm. */
export type Undo = () => void

export type Clock = {
  /** Milliseconds that only ever grow, with fractions. For measuring and waiting. */
  now(): number
  /** Milliseconds since 1970. For display. */
  date(): number
  /** Calls back once, after so many milliseconds. */
  after(ms: number, call: () => void): Undo
  /** Calls back once, after the I/O that is waiting has had its turn. */
  soon(call: () => void): void
}

export type Random = {
  /** A number from 0 up to, not including, 1. */
  fraction(): number
  /** 8 characters of `a–z 0–9`, for a new log. */
  epoch(): string
  /** 128 random bits as text, for a session: it cannot be guessed. */
  token(): string
}
