// The places on the sheet: the ring in the middle, its readers around it, the store to its left, and the time line
// below.

export type Point = { readonly x: number; readonly y: number }

/** A crowd stands between these circles, in radii of the ring. */
export const CROWD = { inner: 1.14, outer: 1.52 }

export type Layout = {
  readonly width: number
  readonly height: number
  /** The middle of the ring. */
  readonly centre: Point
  /** The radius of the ring's band, and its breadth. */
  readonly radius: number
  readonly band: number
  /** The innermost circle of seats. */
  readonly seats: number
  readonly store: Point
  readonly senders: Point
  readonly line: { readonly x: number; readonly y: number; readonly width: number; readonly lane: number }
}

/** The lanes of the time line, from top to bottom. */
export const LANES = ['sent', 'kept', 'ring', 'waking', 'told', 'parked'] as const
export type Lane = (typeof LANES)[number]

/** So many readers sit on one circle. */
const CIRCLE = 48
const CIRCLE_GAP = 34

export function layOut(width: number, height: number): Layout {
  const lane = Math.max(16, Math.min(26, height * 0.026))
  const lineHeight = lane * LANES.length + 44
  const free = height - lineHeight
  const radius = Math.max(70, Math.min(width * 0.2, free * 0.315))
  const centre = { x: width * 0.54, y: free * 0.5 + 6 }
  const left = centre.x - radius * 1.62
  return {
    width,
    height,
    centre,
    radius,
    band: Math.max(12, radius * 0.09),
    seats: radius * 1.34,
    store: { x: Math.max(96, left * 0.55), y: centre.y - radius * 0.05 },
    senders: { x: Math.max(96, left * 0.55), y: centre.y + radius * 0.85 },
    line: { x: 86, y: free + 22, width: width - 112, lane },
  }
}

/** A message with this id lives in slot `id % size`, so each turn of the ring begins at its top. */
export function slotAngle(id: number, size: number): number {
  return -Math.PI / 2 + (2 * Math.PI * ((id % size) + 0.5)) / size
}

export function around({ centre }: Layout, angle: number, radius: number): Point {
  return { x: centre.x + Math.cos(angle) * radius, y: centre.y + Math.sin(angle) * radius }
}

/** The seat of one of several readers. */
export function seatOf(layout: Layout, index: number, count: number): Point & { readonly angle: number } {
  const circles = Math.max(1, Math.ceil(count / CIRCLE))
  const angle = -Math.PI / 2 + (2 * Math.PI * (index + 0.5)) / Math.max(count, 8)
  const gap = Math.min(CIRCLE_GAP, (layout.radius * 0.34) / circles)
  return { ...around(layout, angle, layout.seats + (index % circles) * gap), angle }
}
