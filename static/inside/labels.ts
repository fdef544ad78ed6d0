// Where the readers' names stand: outside their seats, and never over another name or another seat.
//
//     Deniz   Sam: missed 51   Ada           a name that is in the way of one before it goes a line further out, and is
//        o          △          o             left out where that is not enough
//
// What a reader missed is placed before plain names. A name that is left out is said when its seat is pointed at.

import type { Point } from './layout.js'

/** A name goes out by this much, so often: one that tells of a gap as far as it has to. */
const LINE = 17
const LINES = 2
const URGENT_LINES = 8

/** Half of a name's height. */
const HALF = 8

/** Between two names beside each other. */
const SPACE = 5

export type Align = 'left' | 'center' | 'right'

/** `angle`: from the ring's middle to the seat. `far`: from the seat to its name. */
export type Wanted = {
  readonly words: string
  readonly width: number
  readonly seat: Point
  readonly angle: number
  readonly far: number
  readonly isUrgent: boolean
  readonly colour: string
}

export type Placed = Wanted & { readonly at: Point; readonly align: Align }

type Box = { readonly left: number; readonly right: number; readonly top: number; readonly bottom: number }

/** Those names that have a place above `bottom`. `seats`: all of them, each with this radius. */
export function placeNames(
  wanted: readonly Wanted[],
  seats: readonly Point[],
  radius: number,
  bottom: number,
): Placed[] {
  const taken = seats.map((seat) => boxOf(seat, 2 * radius, radius, 'center'))
  const inOrder = [...wanted.filter(({ isUrgent }) => isUrgent), ...wanted.filter(({ isUrgent }) => !isUrgent)]
  return inOrder.flatMap((one) => {
    for (let line = 0; line < (one.isUrgent ? URGENT_LINES : LINES); line++) {
      const { at, align } = outside(one, line * LINE)
      const box = boxOf(at, one.width + SPACE, HALF, align)
      if (box.top < 0 || box.bottom > bottom || taken.some((other) => isOver(box, other))) continue
      taken.push(box)
      return [{ ...one, at, align }]
    }
    return []
  })
}

/** Above and below the ring a name stands over its seat, and beside the ring it begins or ends there. */
function outside({ seat, angle, far }: Wanted, more: number): { at: Point; align: Align } {
  const [x, y] = [Math.cos(angle), Math.sin(angle)]
  const align = Math.abs(x) < 0.25 ? 'center' : x > 0 ? 'left' : 'right'
  return { at: { x: seat.x + x * (far + more), y: seat.y + y * (far + 5 + more) }, align }
}

function boxOf({ x, y }: Point, width: number, half: number, align: Align): Box {
  const left = align === 'left' ? x : align === 'right' ? x - width : x - width / 2
  return { left, right: left + width, top: y - half, bottom: y + half }
}

function isOver(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
}
