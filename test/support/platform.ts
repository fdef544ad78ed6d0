// The client's platform for tests, with a clock that the test turns and the network as it is.

import { type Platform, defaultPlatform } from '../../src/client/platform.js'

export type FakePlatform = Platform & {
  /** The waits under way, in milliseconds, the shortest first. */
  readonly waits: readonly number[]
  /** Lets time go by; what is due is called. */
  advance(ms: number): void
  /** How many requests went out. */
  readonly requests: readonly string[]
}

export function fakePlatform(): FakePlatform {
  let now = 0
  let keys = 0
  const timers = new Set<{ readonly at: number; readonly call: () => void }>()
  const requests: string[] = []
  return {
    requests,
    get waits() {
      return [...timers].map(({ at }) => at - now).toSorted((a, b) => a - b)
    },
    advance(ms) {
      now += ms
      for (const timer of timers) {
        if (timer.at > now) continue
        timers.delete(timer)
        timer.call()
      }
    },
    fetch(url, init) {
      requests.push(`${init.method ?? 'GET'} ${url}`)
      return defaultPlatform.fetch(url, init)
    },
    now: () => now,
    fraction: () => 0.5,
    key: () => `key-${++keys}`,
    after(ms, call) {
      const timer = { at: now + ms, call }
      timers.add(timer)
      return () => timers.delete(timer)
    },
  }
}
