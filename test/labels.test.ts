// The names around the ring of /inside: none over another, and what a reader missed before all others.

import { expect, test } from 'vitest'
import { type Placed, placeNames, type Wanted } from '../static/inside/labels.js'
import { layOut, seatOf } from '../static/inside/layout.js'

const RADIUS = 7
const CHARACTER = 8

/** Readers around the ring as the page draws it, those with these numbers told of a gap. */
function names(count: number, missed: readonly number[] = []): { wanted: Wanted[]; placed: Placed[] } {
  const layout = layOut(1088, 676)
  const seats = Array.from({ length: count }, (_, i) => seatOf(layout, i, count))
  const wanted = seats.map((seat, i): Wanted => {
    const isUrgent = missed.includes(i)
    const words = isUrgent ? `Reader ${i}: missed 51` : `Reader ${i}`
    const angle = Math.atan2(seat.y - layout.centre.y, seat.x - layout.centre.x)
    return { words, width: words.length * CHARACTER, seat, angle, far: RADIUS + 6, isUrgent, colour: 'black' }
  })
  return { wanted, placed: placeNames(wanted, seats, RADIUS, layout.line.y) }
}

function boxOf({ at, align, width }: Placed): { left: number; right: number; top: number; bottom: number } {
  const left = align === 'left' ? at.x : align === 'right' ? at.x - width : at.x - width / 2
  return { left, right: left + width, top: at.y - 7, bottom: at.y + 7 }
}

test.each([1, 8, 31, 60, 150, 200])('of %d names none stands over another, or over a seat', (count) => {
  const { wanted, placed } = names(count, [0, 3, 4, count - 1])
  const boxes = placed.map(boxOf)
  for (const [i, a] of boxes.entries()) {
    for (const b of boxes.slice(i + 1))
      expect(a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom).toBe(false)
    for (const { seat } of wanted)
      expect(seat.x > a.left && seat.x < a.right && seat.y > a.top && seat.y < a.bottom).toBe(false)
  }
})

test('a room of thirty has all names', () => {
  expect(names(30).placed).toHaveLength(30)
})

test('what a reader missed is said, and a plain name in its way goes further out or is left out', () => {
  const { placed } = names(60, [13, 14, 15])
  const words = placed.map((one) => one.words)
  expect(words.slice(0, 3)).toEqual(['Reader 13: missed 51', 'Reader 14: missed 51', 'Reader 15: missed 51'])
  expect(words.length).toBeLessThan(60)
})
