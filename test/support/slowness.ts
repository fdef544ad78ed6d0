// How much slower this machine is than the one that the bounds of time are for.

/** How long the sum below takes on that machine, in milliseconds. */
const LOOP_MS = 30

/** 1 on that machine and on a faster one; 2 on one that takes twice as long. `ms`: what `loopMs` says, here or in a page. */
export function slowness(ms = loopMs()): number {
  return Math.max(1, ms / LOOP_MS)
}

/** Milliseconds of a sum that cannot be left out, the best of three. It may also be run in a page. */
export function loopMs(): number {
  const times = [0, 1, 2].map(() => {
    const start = performance.now()
    let sum = 1
    for (let i = 0; i < 20_000_000; i++) sum = (Math.imul(sum, 31) + i) | 0
    return sum === 0 ? Infinity : performance.now() - start
  })
  return Math.min(...times)
}
