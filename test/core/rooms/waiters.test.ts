// Waking: at once in a quiet room, at most once in 20 ms in a busy one, and no reader is ever lost.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { COALESCE_MS, Waiters } from '../../../src/core/rooms/waiters.js'
import { Scheduler } from '../../../src/core/rooms/scheduler.js'
import { FakeClock } from '../../support/clock.js'

function createWaiting() {
  const clock = new FakeClock()
  const scheduler = new Scheduler(clock)
  return { clock, scheduler, waiting: new Waiters(scheduler) }
}

const never = (): never => expect.unreachable('woken')

test('everyone who waits is woken, once', () => {
  const { clock, waiting } = createWaiting()
  const woken = Array.from({ length: 1000 }, () => 0)
  woken.forEach((_, i) => waiting.park(() => (woken[i] = (woken[i] ?? 0) + 1)))
  waiting.call(1)
  clock.settle()
  waiting.call(2)
  clock.advance(1000)
  expect(woken).toEqual(Array.from({ length: 1000 }, () => 1))
  expect(waiting.size).toBe(0)
})

test('who came first is woken first, also in the next waking', () => {
  const { clock, waiting } = createWaiting()
  const order: number[] = []
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 5; i++) waiting.park(() => order.push(i))
    waiting.call(round + 1)
    clock.settle()
    clock.advance(1000)
  }
  expect(order).toEqual([0, 1, 2, 3, 4, 0, 1, 2, 3, 4])
})

test('a reader who hangs up leaves nothing behind, however often it says so', () => {
  const { clock, waiting } = createWaiting()
  const leave = waiting.park(never)
  let woken = 0
  waiting.park(() => woken++)
  leave()
  leave()
  expect(waiting.size).toBe(1)
  waiting.call(1)
  clock.settle()
  leave()
  expect([woken, waiting.size]).toEqual([1, 0])
})

test('with nobody waiting nothing happens, and the next message wakes at once', () => {
  const { clock, waiting } = createWaiting()
  waiting.call(1)
  let woken = false
  waiting.park(() => (woken = true))
  clock.settle()
  expect(woken).toBe(false)
  waiting.call(2)
  clock.turn()
  expect([woken, clock.timers]).toEqual([true, 0])
})

test('readers who leave in the middle of a waking take nobody with them', () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.nat(59), { maxLength: 4 }), { minLength: 60, maxLength: 60 }), (whoTakesWhom) => {
      const { clock, waiting } = createWaiting()
      const woken = new Set<number>()
      const left = new Set<number>()
      const leaves = whoTakesWhom.map((others, i) =>
        waiting.park(() => {
          expect([woken.has(i), left.has(i)]).toEqual([false, false])
          woken.add(i)
          // A slow reader: the slice is over after a few of them, and the rest are woken in later turns.
          clock.stall(1)
          for (const other of others) {
            if (!woken.has(other)) left.add(other)
            leaves[other]?.()
          }
        }),
      )
      waiting.call(1)
      clock.settle()
      expect(woken.size + left.size).toBe(60)
      expect(waiting.size).toBe(0)
    }),
  )
})

test('a hall is woken in slices, with the I/O in between, and the readers who park meanwhile wait for the next', () => {
  const { clock, waiting } = createWaiting()
  let woken = 0
  for (let i = 0; i < 100; i++) {
    waiting.park(() => {
      woken++
      clock.stall(1)
    })
  }
  waiting.call(1)
  clock.turn()
  expect(woken).toBeGreaterThan(0)
  expect(woken).toBeLessThan(100)
  expect(waiting.size).toBe(100 - woken)
  waiting.park(never)
  clock.settle()
  expect([woken, waiting.size]).toEqual([100, 1])
})

test('readers that take no time are woken in one slice, however many they are', () => {
  const { clock, waiting } = createWaiting()
  let woken = 0
  for (let i = 0; i < 1000; i++) waiting.park(() => woken++)
  waiting.call(1)
  clock.turn()
  expect(woken).toBe(1000)
})

test('the clock is looked at after each 16 readers', () => {
  const { clock, waiting } = createWaiting()
  let woken = 0
  for (let i = 0; i < 100; i++) {
    waiting.park(() => {
      woken++
      clock.stall(0.1)
    })
  }
  waiting.call(1)
  clock.turn()
  expect(woken).toBe(32)
})

test.each([
  [12, 12],
  [11, 0],
])('of twenty readers %d are back when the next message comes: %d are woken at once', (back, atOnce) => {
  const { clock, waiting } = createWaiting()
  for (let i = 0; i < 20; i++) waiting.park(() => undefined)
  waiting.call(1)
  clock.settle()
  let woken = 0
  for (let i = 0; i < back; i++) waiting.park(() => woken++)
  waiting.call(2)
  clock.settle()
  expect(woken).toBe(atOnce)
})

describe('in a busy room', () => {
  /** A room of 100 readers that has just been woken, of whom so many are back. */
  function justWoken(back: number) {
    const parts = createWaiting()
    for (let i = 0; i < 100; i++) parts.waiting.park(() => undefined)
    parts.waiting.call(1)
    parts.clock.settle()
    const wokenAt: number[] = []
    for (let i = 0; i < back; i++) parts.waiting.park(() => wokenAt.push(parts.clock.now()))
    return { ...parts, wokenAt, start: parts.clock.now() }
  }

  test('the next waking is 20 ms after the last one began, however many messages come', () => {
    const { clock, waiting, wokenAt, start } = justWoken(50)
    for (let id = 2; id < 20; id++) {
      waiting.call(id)
      clock.advance(1)
    }
    expect(wokenAt).toEqual([])
    clock.advance(COALESCE_MS)
    expect(wokenAt).toHaveLength(50)
    for (const at of wokenAt) expect(at - start).toBeGreaterThanOrEqual(COALESCE_MS)
  })

  test('is one in which most readers are not back: where they are, it is woken at once', () => {
    const { clock, waiting, wokenAt, start } = justWoken(95)
    waiting.call(2)
    clock.settle()
    expect(wokenAt).toEqual(Array.from({ length: 95 }, () => start))
  })

  test('and so is one whose last waking is 20 ms ago', () => {
    const { clock, waiting, wokenAt } = justWoken(5)
    clock.advance(COALESCE_MS)
    waiting.call(2)
    clock.settle()
    expect(wokenAt).toHaveLength(5)
  })

  test('readers who are back after 4 ms are given 4 ms more', () => {
    const { clock, waiting, wokenAt, start } = justWoken(50)
    waiting.call(2)
    clock.advance(4)
    for (let i = 0; i < 45; i++) waiting.park(() => wokenAt.push(clock.now()))
    // The shorter pause takes the place of the longer one.
    expect(clock.timers).toBe(1)
    clock.advance(3)
    expect(wokenAt).toEqual([])
    clock.advance(1)
    expect([wokenAt.length, Math.max(...wokenAt) - start, clock.timers]).toEqual([95, 8, 0])
  })

  test('where waking them takes long, a third of the time is left for all else', () => {
    const { clock, waiting } = createWaiting()
    for (let i = 0; i < 30; i++) waiting.park(() => clock.stall(1))
    const start = clock.now()
    waiting.call(1)
    clock.settle()
    let wokenAt = 0
    waiting.park(() => (wokenAt = clock.now()))
    waiting.call(2)
    clock.advance(100)
    expect(wokenAt - start).toBe(45)
  })

  test('who comes back to news joins the next waking, even if nobody else is there yet', () => {
    const { clock, waiting, start } = justWoken(0)
    waiting.call(2)
    let wokenAt = 0
    expect(waiting.parkForNext(() => (wokenAt = clock.now()))).toBeDefined()
    clock.advance(COALESCE_MS)
    expect(wokenAt - start).toBe(COALESCE_MS)
  })

  test('who comes after that waking, and has its news to come, is waited for by the next', () => {
    const { clock, waiting } = justWoken(0)
    waiting.call(2)
    clock.advance(COALESCE_MS)
    const begun = clock.now()
    let wokenAt = 0
    expect(waiting.parkForNext(() => (wokenAt = clock.now()))).toBeDefined()
    clock.advance(COALESCE_MS)
    expect(wokenAt - begun).toBe(COALESCE_MS)
  })

  test('who left for good is forgotten after a while: then nobody is waited for', () => {
    const { clock, waiting } = justWoken(0)
    let turns = 0
    for (let id = 2; waiting.parkForNext(() => undefined) !== undefined; id++) {
      waiting.call(id)
      clock.advance(COALESCE_MS)
      turns++
    }
    expect(turns).toBeGreaterThan(3)
    expect(turns).toBeLessThan(20)
  })

  test('nobody joins where no waking is near: the news is there to be had', () => {
    const { clock, waiting } = justWoken(50)
    clock.advance(COALESCE_MS)
    expect(waiting.parkForNext(never)).toBeUndefined()
  })

  test('where everybody leaves before the waking, it is over in silence', () => {
    const { clock, waiting } = justWoken(0)
    const leave = waiting.park(never)
    waiting.call(2)
    leave()
    clock.advance(COALESCE_MS)
    let woken = false
    waiting.park(() => (woken = true))
    waiting.call(3)
    clock.advance(COALESCE_MS)
    expect(woken).toBe(true)
  })
})

describe('in a room of streams', () => {
  /** So many streams, each of which takes a while to write to, and waits again at once. */
  function createStreams(count: number, msEach: number) {
    const parts = createWaiting()
    const { clock, waiting } = parts
    const wakings: number[] = []
    waiting.streams = count
    const stay = (i: number): void => {
      waiting.park(() => {
        if (i === 0) wakings.push(clock.now())
        clock.stall(msEach)
        stay(i)
      })
    }
    for (let i = 0; i < count; i++) stay(i)
    return { ...parts, wakings, start: clock.now() }
  }

  test('each message is told at once where it comes after the waking of the last', () => {
    const { clock, waiting, wakings, start } = createStreams(100, 0.05)
    for (let id = 1; id <= 4; id++) {
      waiting.call(id)
      clock.settle()
    }
    expect(wakings.map((at) => Math.round(at - start))).toEqual([0, 5, 10, 15])
  })

  test('the I/O has its turn while they are written to', () => {
    const { clock, waiting, start } = createStreams(100, 0.5)
    waiting.call(1)
    clock.turn()
    expect(clock.now() - start).toBeLessThan(10)
  })

  test('that are told of messages faster than they can be written to, all that comes in 20 ms is one waking', () => {
    const { clock, waiting, wakings, start } = createStreams(160, 0.05)
    for (let id = 1; id <= 100; id += 2) {
      waiting.call(id)
      clock.turn()
      waiting.call(id + 1)
      clock.advance(3)
    }
    const gaps = wakings.map((at, i) => at - (wakings[i - 1] ?? start)).slice(1)
    expect(gaps.length).toBeGreaterThan(2)
    for (const gap of gaps) expect(gap).toBeGreaterThanOrEqual(COALESCE_MS)
    clock.advance(100)
    const before = wakings.length
    waiting.call(101)
    clock.turn()
    expect(wakings).toHaveLength(before + 1)
  })

  test('a single message ends the haste', () => {
    const { clock, waiting, wakings } = createStreams(160, 0.05)
    waiting.call(1)
    clock.turn()
    waiting.call(2)
    clock.advance(100)
    for (let id = 3; id <= 5; id++) {
      waiting.call(id)
      clock.settle()
    }
    expect(wakings.slice(-3).map((at) => Math.round(at - (wakings.at(-3) ?? 0)))).toEqual([0, 8, 16])
  })
})

test('who comes in the middle of a waking, and has not had its news, is woken by the next', () => {
  const { clock, waiting } = createWaiting()
  for (let i = 0; i < 40; i++) waiting.park(() => clock.stall(1))
  waiting.call(5)
  clock.turn()
  let woken = false
  expect(waiting.parkForNext(() => (woken = true))).toBeDefined()
  clock.advance(100)
  expect([woken, waiting.size]).toEqual([true, 0])
})

test('who comes back to old news all the time does not make a waking last for ever', () => {
  const { clock, waiting } = createWaiting()
  const pester = (): void => {
    clock.stall(1)
    waiting.parkForNext(pester)
  }
  for (let i = 0; i < 40; i++) waiting.park(pester)
  waiting.call(1)
  clock.turn()
  let woken = false
  waiting.park(() => (woken = true))
  waiting.call(2)
  for (let turns = 0; turns < 400 && !woken; turns++) clock.turn()
  expect(woken).toBe(true)
})

test('a message in the middle of a waking wakes those who came back meanwhile', () => {
  const { clock, waiting } = createWaiting()
  let again = 0
  for (let i = 0; i < 40; i++) {
    waiting.park(() => {
      clock.stall(1)
      if (i % 2 === 0) waiting.park(() => again++)
    })
  }
  waiting.call(1)
  clock.turn()
  expect(waiting.size).toBeGreaterThan(0)
  waiting.call(2)
  clock.advance(100)
  expect([again, waiting.size]).toEqual([20, 0])
})

test('a hall of readers does not hold up a conversation in another room', () => {
  const { clock, scheduler, waiting: hall } = createWaiting()
  const den = new Waiters(scheduler)
  for (let i = 0; i < 200; i++) hall.park(() => clock.stall(1))
  let turnsToDen = 0
  let woken = false
  den.park(() => (woken = true))
  hall.call(1)
  den.call(1)
  while (!woken && turnsToDen < 100) {
    clock.turn()
    turnsToDen++
  }
  expect(turnsToDen).toBeLessThanOrEqual(2)
  expect(hall.size).toBeGreaterThan(100)
  clock.settle()
  expect(hall.size).toBe(0)
})
