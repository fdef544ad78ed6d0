import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TICK_MS, TimerWheel } from '../../../src/core/rooms/timer-wheel.js'
import { FakeClock } from '../../support/clock.js'

test('a wait ends once, not before its time and at most a tick after it', () => {
  const waits = fc.array(fc.tuple(fc.nat(500), fc.nat(3000)), { maxLength: 30 })
  fc.assert(
    fc.property(waits, fc.nat(1000), (given, start) => {
      const clock = new FakeClock(start)
      const timers = new TimerWheel(clock)
      const late: number[] = []
      for (const [pause, ms] of given) {
        clock.advance(pause)
        const due = clock.now() + ms
        timers.after(ms, () => late.push(clock.now() - due))
      }
      clock.advance(4000)
      expect(late).toHaveLength(given.length)
      for (const by of late) expect(by >= 0 && by <= TICK_MS).toBe(true)
      expect([timers.size, clock.timers]).toEqual([0, 0])
    }),
  )
})

test('with nothing to wait for nothing ticks', () => {
  const clock = new FakeClock()
  const timers = new TimerWheel(clock)
  const undo = timers.after(1000, () => expect.unreachable('taken back'))
  expect([timers.size, clock.timers]).toEqual([1, 1])
  undo()
  undo()
  expect([timers.size, clock.timers]).toEqual([0, 0])
  clock.advance(2000)
})

test('two waits may share one function', () => {
  const clock = new FakeClock()
  const timers = new TimerWheel(clock)
  let calls = 0
  const call = (): number => calls++
  const undo = timers.after(100, call)
  timers.after(100, call)
  undo()
  clock.advance(200)
  expect(calls).toBe(1)
})

test('a wait that is taken back by another of the same tick does not end', () => {
  const clock = new FakeClock()
  const timers = new TimerWheel(clock)
  const undos = [() => undefined, () => undefined].map((_, i) => timers.after(100, () => ended(i)))
  const seen: number[] = []
  function ended(i: number): void {
    seen.push(i)
    undos[1 - i]?.()
  }
  clock.advance(300)
  expect(seen).toEqual([0])
  expect(timers.size).toBe(0)
})

test('a wait that has ended and is taken back takes no other with it', () => {
  const clock = new FakeClock()
  const timers = new TimerWheel(clock)
  const ended: string[] = []
  const undo = timers.after(100, () => ended.push('short'))
  timers.after(1000, () => ended.push('long'))
  clock.advance(200)
  undo()
  expect([ended, timers.size]).toEqual([['short'], 1])
  clock.advance(1000)
  expect([ended, timers.size]).toEqual([['short', 'long'], 0])
})

test('a wait that begins another keeps the timers turning, also as the last one', () => {
  const clock = new FakeClock()
  const timers = new TimerWheel(clock)
  let turns = 0
  const again = (): void => {
    if (++turns < 5) timers.after(0, again)
  }
  timers.after(10, again)
  clock.advance(1000)
  expect([turns, timers.size, clock.timers]).toEqual([5, 0, 0])
})

test('a machine that stood still for a while ends all that is due at once', () => {
  const clock = new FakeClock()
  const timers = new TimerWheel(clock)
  const seen: number[] = []
  for (const ms of [300, 100, 5000, 200]) timers.after(ms, () => seen.push(ms))
  clock.stall(1000)
  clock.advance(0)
  expect(seen).toEqual([100, 200, 300])
  clock.advance(5000)
  expect(seen).toEqual([100, 200, 300, 5000])
})
