// What the client needs of the place where it runs. The defaults use what browsers and Node both have; a test passes
// its own.

export type Platform = {
  fetch(url: string, init: RequestInit): Promise<Response>
  /** Milliseconds, for measuring. */
  now(): number
  /** A number from 0 up to, not including, 1. */
  fraction(): number
  /** A new idempotency key: 1–64 characters of `A–Z a–z 0–9 _ -`, never the same twice. */
  key(): string
  /** Calls back once; returns its undo. */
  after(ms: number, call: () => void): () => void
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

export const defaultPlatform: Platform = {
  fetch: (url, init) => fetch(url, init),
  now: () => Date.now(),
  fraction: () => Math.random(),
  // Not randomUUID: browsers hide it on plain http, which a server in a classroom uses.
  key: () => Array.from(crypto.getRandomValues(new Uint8Array(18)), (byte) => DIGITS[byte & 63]).join(''),
  after(ms, call) {
    const timer = setTimeout(call, ms)
    return () => clearTimeout(timer)
  },
}
