import { expect, test } from 'vitest'
import { Turns } from '../../src/core/turns.js'
import { FakeClock } from '../support/clock.js'

test('long work is done a piece a turn, and refused where too much waits', async () => {
  const clock = new FakeClock()
  const turns = new Turns(clock, 1, 2)
  const done: number[] = []
  const work = [1, 2, 3].map((n) => turns.run(() => done.push(n)))
  await expect(turns.run(() => done.push(4))).rejects.toMatchObject({ code: 'unavailable', retryAfter: 2 })
  await work[0]
  expect([done, turns.waiting]).toEqual([[1], 2])
  for (let i = 0; i < 20; i++) await Promise.resolve().then(() => clock.turn())
  await Promise.all(work)
  expect([done, turns.waiting]).toEqual([[1, 2, 3], 0])
})

test('long work that fails gives its turn on', async () => {
  const clock = new FakeClock()
  const turns = new Turns(clock, 1, 2)
  await expect(turns.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
  for (let i = 0; i < 5; i++) await Promise.resolve().then(() => clock.turn())
  expect(await turns.run(() => 'yes')).toBe('yes')
})

test('as much is done at one time as there are places, and the next begins a turn after one is free', async () => {
  const clock = new FakeClock()
  const turns = new Turns(clock, 2, 9)
  const ends: (() => void)[] = []
  const work = [0, 1, 2].map(() => turns.run(() => new Promise<void>((resolve) => ends.push(resolve))))
  await Promise.resolve()
  expect([ends.length, turns.waiting]).toEqual([2, 1])
  ends[0]?.()
  await work[0]
  expect(ends.length).toBe(2)
  for (let i = 0; i < 5; i++) await Promise.resolve().then(() => clock.turn())
  expect([ends.length, turns.waiting]).toEqual([3, 0])
})

test('a place that is free again is taken at once', async () => {
  const clock = new FakeClock()
  const turns = new Turns(clock, 1, 0)
  for (const n of [1, 2, 3]) {
    expect(await turns.run(() => n)).toBe(n)
    await expect(turns.run(() => 0)).rejects.toMatchObject({ code: 'unavailable' })
    for (let i = 0; i < 5; i++) await Promise.resolve().then(() => clock.turn())
  }
})
