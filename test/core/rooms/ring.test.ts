// The ring beside the plainest thing that could do its work: an array of everything, cut when asked.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Ring } from '../../../src/core/rooms/ring.js'

test('an empty ring holds nothing and has neither a first nor a last', () => {
  const ring = new Ring<string>(4)
  expect([ring.first, ring.last, ring.get(0), ring.get(1)]).toEqual([0, 0, undefined, undefined])
  expect(ring.slice(0, 10)).toEqual([])
})

test('after seven entries a ring of four holds the last four', () => {
  const ring = new Ring<string>(4)
  const gone = [1, 2, 3, 4, 5, 6, 7].map((id) => ring.put(id, `e${id}`))
  expect(gone).toEqual([undefined, undefined, undefined, undefined, 'e1', 'e2', 'e3'])
  expect([ring.first, ring.last]).toEqual([4, 7])
  expect(ring.slice(1, 99)).toEqual(['e4', 'e5', 'e6', 'e7'])
})

test('an id that does not follow starts the ring anew', () => {
  const ring = new Ring<string>(4)
  ring.put(1, 'old')
  ring.put(2, 'old')
  ring.put(9, 'new')
  expect([ring.first, ring.last, ring.get(2), ring.get(9)]).toEqual([9, 9, undefined, 'new'])
})

test('a ring that was cleared is as new', () => {
  const ring = new Ring<string>(2)
  ring.put(1, 'a')
  ring.put(2, 'b')
  ring.clear()
  expect(ring.put(1, 'c')).toBeUndefined()
  expect(ring.slice(0, 9)).toEqual(['c'])
})

test('what is taken out is gone, and ids go on', () => {
  const ring = new Ring<string>(3)
  for (const id of [1, 2, 3, 4]) ring.put(id, `e${id}`)
  expect(ring.shift()).toBe('e2')
  expect([ring.first, ring.last, ring.get(2)]).toEqual([3, 4, undefined])
  expect([ring.shift(), ring.shift(), ring.shift()]).toEqual(['e3', 'e4', undefined])
  expect([ring.first, ring.last]).toEqual([5, 4])
  expect(ring.put(5, 'e5')).toBeUndefined()
  expect([ring.first, ring.slice(0, 9)]).toEqual([5, ['e5']])
})

test('a ring that goes on after an id is empty, and what comes next follows', () => {
  const ring = new Ring<string>(3)
  ring.put(1, 'old')
  ring.startAfter(8)
  expect([ring.first, ring.last, ring.slice(0, 99)]).toEqual([9, 8, []])
  expect(ring.put(9, 'new')).toBeUndefined()
  expect([ring.first, ring.last, ring.slice(0, 99)]).toEqual([9, 9, ['new']])
})

test('an entry is replaced by another, and one that has left the ring is not put back', () => {
  const ring = new Ring<string>(2)
  for (const id of [1, 2, 3]) ring.put(id, `e${id}`)
  expect(ring.replace(2, 'other')).toBe('e2')
  expect(ring.replace(1, 'lost')).toBeUndefined()
  expect(ring.slice(0, 9)).toEqual(['other', 'e3'])
})

test('whatever is put and asked, the ring answers as an array of everything would', () => {
  const ids = fc.integer({ min: -3, max: 60 })
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 20 }),
      fc.nat(40),
      ids,
      ids,
      (size, start, count, from, to) => {
        const ring = new Ring<number>(size)
        const all: number[] = []
        for (let id = start; id < start + count; id++) {
          ring.put(id, id)
          all.push(id)
        }
        const kept = all.slice(-size)
        expect([ring.first, ring.last]).toEqual([kept[0] ?? 0, kept.at(-1) ?? 0])
        expect(ring.slice(from, to)).toEqual(kept.filter((id) => id >= from && id <= to))
        expect(ring.get(from)).toBe(kept.find((id) => id === from))
      },
    ),
  )
})
