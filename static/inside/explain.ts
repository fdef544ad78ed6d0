// Explains what is under the pointer: what it is, its value just now, and the file that does it.

import type { Scene } from '../../src/client/inside.js'
import { isWaiting, type Shown } from './drawing.js'
import { around, LANES, type Point, slotAngle } from './layout.js'

export type Explanation = { readonly name: string; readonly value: string; readonly file: string }

const REACH = 16

const LANE_FILES = [
  'src/core/rooms/publisher.ts',
  'src/core/rooms/store.ts',
  'src/core/rooms/ring.ts',
  'src/core/rooms/waiters.ts',
  'src/transports/http/routes/poll.ts',
  'src/transports/http/parking.ts',
] as const

const LANE_WORDS = [
  'When each message set out for the store.',
  'When the store had it: then its sender is answered.',
  'When the store delivered it, and it was in the ring.',
  'A bar is a waking, from its first reader to its last; a pale one is the time that a busy room waits before it.',
  'When each reader was answered, or written to.',
  'When each poll was back, and waits again.',
] as const

/** Everything that has an explanation, with its place, for the pointer and for the arrow keys. */
export function thingsOf(shown: Shown, scene: Scene | undefined): (Explanation & { readonly at: Point })[] {
  const { layout, ring, size, seats, crowd, room } = shown
  const things = seats.map(({ track, moment, at }) => {
    const who = track.name ?? `reader ${track.reader}`
    const behind = Math.max(0, (ring?.last ?? 0) - moment.id)
    const where = behind === 0 ? 'at the newest message' : `${behind} behind the newest`
    const now = isWaiting(track, moment) ? `waits, ${where}` : 'was answered, and is on its way back'
    return {
      at,
      name: track.way === 'poll' ? `${who}: a poll` : `${who}: a stream (${track.way})`,
      value: `It ${now}. It has read to ${moment.id}, had ${track.answers} answers, ${track.bytes} bytes.`,
      file: track.way === 'poll' ? 'src/transports/http/routes/poll.ts' : 'src/core/rooms/stream.ts',
    }
  })
  if (ring !== undefined && ring.last >= ring.first) {
    const { radius } = layout
    things.unshift(
      {
        at: around(layout, slotAngle(ring.last, size), radius),
        name: 'The newest message',
        value: `Id ${ring.last}, in slot ${ring.last % size} of ${size}.`,
        file: 'src/core/rooms/ring.ts',
      },
      {
        at: around(layout, slotAngle(ring.first, size), radius),
        name: 'The oldest message',
        value: `Id ${ring.first}, in slot ${ring.first % size}. A reader that is behind it is told of a gap.`,
        file: 'src/core/rooms/gap.ts',
      },
    )
  }
  things.unshift(
    {
      at: layout.centre,
      name: `The room ${room.room}`,
      value:
        ring === undefined || ring.epoch === '00000000'
          ? 'It has no log yet: that begins with its first message.'
          : `Its log has the epoch ${ring.epoch}, and its ring holds ${ring.first} to ${ring.last}.`,
      file: 'src/core/rooms/room.ts',
    },
    {
      at: layout.store,
      name: 'The store',
      value: `Every message goes in here, and the store delivers it: one order for everybody. This one is: ${scene?.store ?? ''}.`,
      file: scene?.store === 'memory' ? 'src/stores/memory.ts' : `src/stores/${scene?.store ?? 'memory'}.ts`,
    },
  )
  if (crowd !== undefined)
    things.push({
      at: around(layout, 0, layout.radius * 1.33),
      name: 'A crowd of readers',
      value: `${crowd.parked} wait, and ${crowd.away} were answered and are on their way back.`,
      file: 'src/core/rooms/waiters.ts',
    })
  return things
}

/** The nearest thing to a point; undefined on empty paper. */
export function explain(shown: Shown, scene: Scene | undefined, point: Point): Explanation | undefined {
  const { layout, size, ring, room } = shown
  const lane = Math.floor((point.y - layout.line.y) / layout.line.lane)
  const words = LANE_WORDS[lane]
  if (lane >= 0 && lane < LANES.length && words !== undefined)
    return { name: `The time line: ${LANES[lane]}`, value: words, file: LANE_FILES[lane] ?? '' }
  const distance = ({ x, y }: Point): number => Math.hypot(x - point.x, y - point.y)
  const things = thingsOf(shown, scene).toSorted((a, b) => distance(a.at) - distance(b.at))
  const [nearest] = things
  if (nearest !== undefined && distance(nearest.at) <= REACH) return nearest
  const fromCentre = distance(layout.centre)
  if (Math.abs(fromCentre - layout.radius) <= layout.band) {
    const angle = Math.atan2(point.y - layout.centre.y, point.x - layout.centre.x)
    const turn = (angle + Math.PI / 2 + 2 * Math.PI) % (2 * Math.PI)
    const slot = Math.floor((turn / (2 * Math.PI)) * size)
    return { name: `Slot ${slot} of ${size}`, value: slotWords(slot, size, ring), file: 'src/core/rooms/ring.ts' }
  }
  if (Math.abs(point.x - layout.store.x) < 60 && Math.abs(point.y - layout.store.y) < 32)
    return things.find(({ name }) => name === 'The store')
  if (fromCentre < layout.radius * 0.5) return things.find(({ name }) => name === `The room ${room.room}`)
  if (shown.crowd !== undefined && fromCentre > layout.radius)
    return things.find(({ name }) => name.startsWith('A crowd'))
  return undefined
}

function slotWords(slot: number, size: number, ring: Shown['ring']): string {
  if (ring === undefined || ring.last < ring.first) return 'It is empty.'
  const id = ring.last - ((((ring.last - slot) % size) + size) % size)
  return id >= ring.first && id > 0
    ? `It holds the message ${id}; message ${id + size} will take its place.`
    : 'It is empty.'
}
