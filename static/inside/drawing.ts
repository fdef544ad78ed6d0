// The drawing, frame by frame. A frame is drawn for one moment, and drawing changes nothing: the same moment looks
// the same twice.
//
//     seats ── threads ──> the ring's slots          each thread leads to the last message that a reader has read
//     a message            from its sender's seat into the store, and on into the ring
//     an answer            a spark along the thread; the reader glows, and is hollow until it is parked again
//
// With more than two hundred readers there are no seats. A crowd is one picture that was drawn before, and a waking
// is the sector of it that was told just now. So a frame costs the same for 300 readers and for 20,000.

import type { Scene } from '../../src/client/inside.js'
import { type Align, placeNames, type Wanted } from './labels.js'
import { around, CROWD, type Lane, LANES, type Layout, type Point, seatOf, slotAngle } from './layout.js'
import type { Frame } from './player.js'
import {
  type Flight,
  type Gap,
  lastAt,
  type Moment,
  type ReaderTrack,
  type Recording,
  type Ring,
  type RoomTrack,
} from './recording.js'
import { Stamps } from './stamps.js'

/** How long a spark flies and a glow lasts, in milliseconds of the watcher. */
const SPARK_MS = 280
const GLOW_MS = 900

/** For how long the drawing says that it is another log, and what a reader missed. */
const NEW_LOG_MS = 8000
const GAP_MS = 8000

/** Of the readers' names. */
const NAME_SIZE = 13

/** At most so many dots stand for a crowd. */
const MOST_DOTS = 6000

/** Possible distances between two numbers below the time line. */
const STEPS_MS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]

/** At most so many slots are drawn one by one. */
const FEW_SLOTS = 64

const LANE_NAMES: Readonly<Record<Lane, string>> = {
  sent: 'sent',
  kept: 'kept',
  ring: 'in the ring',
  waking: 'waking',
  told: 'answered',
  parked: 'parked',
}

export type Colours = Readonly<Record<'paper' | 'ink' | 'quiet' | 'line' | 'wash' | 'blue' | 'told' | 'red', string>>

/** A reader, and where it is drawn. */
export type Seat = { readonly track: ReaderTrack; readonly moment: Moment; readonly at: Point }

/** What a frame shows, for the pointer. */
export type Shown = {
  readonly layout: Layout
  readonly frame: Frame
  readonly room: RoomTrack
  readonly ring: Ring | undefined
  readonly size: number
  readonly seats: readonly Seat[]
  readonly crowd: { readonly parked: number; readonly away: number } | undefined
}

export class Drawing {
  readonly #context: CanvasRenderingContext2D
  readonly #recording: Recording
  #colours: Colours
  #crowd: { readonly key: string; readonly parked: HTMLCanvasElement; readonly told: HTMLCanvasElement } | undefined
  readonly #stamps = new Stamps()
  /** Points of the screen in one of the drawing. */
  #scale = 1
  /** Without motion nothing flies: a change is shown, and not the way to it. */
  isStill = false

  constructor(context: CanvasRenderingContext2D, recording: Recording, colours: Colours) {
    this.#context = context
    this.#recording = recording
    this.#colours = colours
  }

  set colours(colours: Colours) {
    this.#colours = colours
    this.#crowd = undefined
  }

  draw(layout: Layout, frame: Frame, name: string): Shown {
    const { scene } = this.#recording
    const room = this.#recording.room(name)
    const ring = lastAt(room.rings, frame.at) ?? room.rings[0]
    const size = scene?.ring ?? 500
    const crowd = crowdOf(scene, name)
    const seats = crowd === undefined ? this.#seats(layout, room.room, frame.at) : []
    const shown = { layout, frame, room, ring, size, seats, crowd }
    this.#scale = this.#context.getTransform().a
    this.#context.clearRect(0, 0, layout.width, layout.height)
    this.#threads(shown)
    this.#band(shown)
    this.#middle(shown)
    this.#store(shown, scene)
    if (crowd === undefined) this.#drawSeats(shown)
    else this.#drawCrowd(shown, crowd)
    this.#flights(shown)
    this.#timeLine(shown)
    return shown
  }

  #seats(layout: Layout, room: string, at: number): Seat[] {
    const tracks = this.#recording.readersOf(room, at)
    return tracks.flatMap((track, i) => {
      const moment = lastAt(track.moments, at) ?? track.moments[0]
      return moment === undefined ? [] : [{ track, moment, at: seatOf(layout, i, tracks.length) }]
    })
  }

  #threads({ layout, ring, size, seats, frame }: Shown): void {
    const context = this.#context
    context.lineWidth = 1
    for (const { track, moment, at } of seats) {
      const to = placeOf(layout, ring, size, moment.id)
      const isLost = ring !== undefined && moment.id < ring.first - 1
      context.strokeStyle = isLost ? this.#colours.red : this.#colours.blue
      const glow = this.#glow(track, frame)
      context.globalAlpha = moment.kind === 'told' && track.way === 'poll' ? 0.12 : 0.28 + 0.5 * glow
      context.setLineDash(isLost ? [4, 4] : [])
      context.beginPath()
      context.moveTo(at.x, at.y)
      const bend = bendOf(layout, at, to)
      context.quadraticCurveTo(bend.x, bend.y, to.x, to.y)
      context.stroke()
    }
    context.setLineDash([])
    context.globalAlpha = 1
  }

  /** The ring: its slots, those that are full, the oldest and the newest. */
  #band({ layout, ring, size, frame, room }: Shown): void {
    const context = this.#context
    const { centre, radius, band } = layout
    const { ink, line, wash, blue, paper, told } = this.#colours
    context.lineWidth = band
    context.strokeStyle = paper
    circle(context, centre, radius)
    context.stroke()
    context.lineWidth = 1
    context.strokeStyle = line
    for (const r of [radius - band / 2, radius + band / 2]) {
      circle(context, centre, r)
      context.stroke()
    }
    if (ring !== undefined && ring.last >= ring.first) {
      context.lineWidth = band - 2
      context.strokeStyle = wash
      context.beginPath()
      const half = Math.PI / size
      context.arc(centre.x, centre.y, radius, slotAngle(ring.first, size) - half, endAngle(ring, size) + half)
      context.stroke()
      context.strokeStyle = blue
      context.lineWidth = size <= FEW_SLOTS ? 2 : 1
      const few = Math.max(1, Math.floor(size / 250))
      context.beginPath()
      for (let id = Math.max(ring.first, 1); id <= ring.last; id += few) {
        const angle = slotAngle(id, size)
        line2(context, around(layout, angle, radius - band * 0.32), around(layout, angle, radius + band * 0.32))
      }
      context.stroke()
      const waking = lastAt(room.wakings, frame.at)
      if (waking?.phase === 'held') {
        context.strokeStyle = told
        context.lineWidth = band / 2
        context.setLineDash([3, 4])
        circle(context, centre, radius - band * 1.25)
        context.stroke()
        context.setLineDash([])
      }
      // In a full ring the newest stands just before the oldest.
      const side = ring.last - ring.first + 1 >= size ? -1 : 1
      this.#endMark(layout, slotAngle(ring.first, size), `oldest ${ring.first}`, this.#colours.quiet, side)
      this.#endMark(layout, slotAngle(ring.last, size), `newest ${ring.last}`, ink, -side)
    }
    context.lineWidth = 1
  }

  /** `side`: the side of the words, so that the oldest and the newest do not cover each other. */
  #endMark(layout: Layout, angle: number, words: string, colour: string, side: number): void {
    const context = this.#context
    const { radius, band } = layout
    context.strokeStyle = colour
    context.lineWidth = 3
    context.beginPath()
    line2(context, around(layout, angle, radius - band * 0.75), around(layout, angle, radius + band * 0.75))
    context.stroke()
    const nudge = side * Math.min(0.2, 22 / radius)
    this.#label(words, around(layout, angle - nudge, radius - band - 26), colour, 13)
  }

  #middle({ layout: { centre, radius }, frame, room, ring, seats, crowd, size }: Shown): void {
    const { ink, quiet } = this.#colours
    const waits = crowd?.parked ?? seats.filter(({ moment, track }) => isWaiting(track, moment)).length
    const gap = Math.max(18, radius * 0.13)
    this.#label(room.room, { x: centre.x, y: centre.y - gap }, ink, Math.max(18, Math.min(40, radius * 0.17)), 600)
    const held = ring === undefined || ring.last < ring.first ? 0 : ring.last - ring.first + 1
    const epoch = ring === undefined || ring.epoch === '00000000' ? 'no log yet' : `epoch ${ring.epoch}`
    this.#label(epoch, { x: centre.x, y: centre.y + gap * 0.35 }, quiet, 14)
    const newLog = this.#recording.newLogs.get(room.room)
    if (newLog !== undefined && frame.at - newLog.at < NEW_LOG_MS && frame.at >= newLog.at - 1000)
      this.#label(
        `a new log; ${newLog.before} is gone`,
        { x: centre.x, y: centre.y + gap * 0.35 + 72 },
        this.#colours.red,
        15,
        600,
      )
    const n = (value: number): string => value.toLocaleString('en')
    this.#label(`${n(held)} of ${n(size)} slots`, { x: centre.x, y: centre.y + gap * 0.35 + 22 }, quiet, 14)
    this.#label(`${n(waits)} wait`, { x: centre.x, y: centre.y + gap * 0.35 + 44 }, quiet, 14)
  }

  #store({ layout: { store, senders, centre, radius } }: Shown, scene: Scene | undefined): void {
    const context = this.#context
    const { paper, ink, quiet } = this.#colours
    context.strokeStyle = ink
    context.fillStyle = paper
    context.lineWidth = 1.5
    context.beginPath()
    context.roundRect(store.x - 58, store.y - 30, 116, 60, 8)
    context.fill()
    context.stroke()
    this.#label('store', { x: store.x, y: store.y - 8 }, ink, 16, 600)
    this.#label(scene?.store ?? '', { x: store.x, y: store.y + 13 }, quiet, 13)
    context.setLineDash([2, 5])
    context.strokeStyle = quiet
    context.beginPath()
    line2(context, { x: store.x + 62, y: store.y }, { x: centre.x - radius * 1.06, y: store.y })
    line2(context, { x: senders.x, y: senders.y - 24 }, { x: store.x, y: store.y + 34 })
    context.stroke()
    context.setLineDash([])
    this.#label('those who send', { x: senders.x, y: senders.y }, quiet, 13)
  }

  #drawSeats(shown: Shown): void {
    const { seats, layout } = shown
    for (const seat of seats) this.#seat(shown, seat)
    const wanted = seats.flatMap((seat) => this.#nameOf(shown, seat))
    const places = seats.map(({ at }) => at)
    for (const { words, at, align, colour } of placeNames(wanted, places, seatRadius(layout), layout.line.y - 10))
      this.#label(words, at, colour, NAME_SIZE, 400, align)
  }

  #seat({ layout, frame, ring, size }: Shown, { track, moment, at }: Seat): void {
    const context = this.#context
    const { blue, told, paper, red } = this.#colours
    const last = track.moments.findLast((one) => one.kind === 'told' && one.at <= frame.at)
    const glow = this.#glow(track, frame)
    const isAway = !isWaiting(track, moment)
    const radius = seatRadius(layout)
    if (last !== undefined && !this.isStill)
      this.#spark(layout, placeOf(layout, ring, size, last.id), at, last.at, frame)
    if (glow > 0) {
      context.globalAlpha = 0.5 * glow
      context.fillStyle = told
      circle(context, at, radius * (1.4 + 1.4 * glow))
      context.fill()
      context.globalAlpha = 1
    }
    const gap = gapOf(track, frame) !== undefined
    context.fillStyle = isAway ? paper : gap ? red : glow > 0.3 ? told : blue
    context.strokeStyle = isAway ? told : paper
    context.lineWidth = isAway ? 2.5 : 1.5
    if (gap && !isAway) triangle(context, at, radius * 1.5)
    else if (track.way === 'poll') circle(context, at, radius)
    else square(context, at, radius * 0.95)
    context.fill()
    context.stroke()
  }

  /** A reader's name, with what it has just been told that it missed. */
  #nameOf({ layout, frame }: Shown, { track, at: seat }: Seat): Wanted[] {
    const { ink, quiet, red } = this.#colours
    const gap = gapOf(track, frame)
    const missed = gap === undefined ? '' : gap.missed === null ? 'another log' : `missed ${gap.missed}`
    const words = [track.name ?? '', missed].filter((one) => one !== '').join(': ')
    if (words === '') return []
    const angle = Math.atan2(seat.y - layout.centre.y, seat.x - layout.centre.x)
    const colour = missed !== '' ? red : this.#glow(track, frame) > 0.3 ? ink : quiet
    const far = seatRadius(layout) + 6
    return [
      {
        words,
        width: this.#stamps.width(this.#context, words, NAME_SIZE),
        seat,
        angle,
        far,
        isUrgent: missed !== '',
        colour,
      },
    ]
  }

  /**
   * From 1, at the moment when the reader is told, down to 0. Without motion the glow is there, and then it is gone.
   */
  #glow(track: ReaderTrack, frame: Frame): number {
    const glow = glowOf(track, frame)
    return this.isStill ? Math.ceil(glow) * 0.7 : glow
  }

  /** An answer on its way to a reader. */
  #spark(layout: Layout, from: Point, to: Point, at: number, { at: now, rate }: Frame): void {
    const age = (now - at) / rate
    if (age < 0 || age > SPARK_MS) return
    const p = age / SPARK_MS
    const point = curveAt(from, bendOf(layout, to, from), to, p)
    const context = this.#context
    context.fillStyle = this.#colours.told
    circle(context, point, 3.5)
    context.fill()
  }

  /** Each message on its way: from its sender into the store, and on into the ring. */
  #flights({ layout, frame, room, seats, ring, size }: Shown): void {
    for (const flight of room.flights) {
      const { sentAt, ringAt, id, name } = flight
      const seat = seats.find(({ track }) => track.name === name)?.at ?? layout.senders
      if (sentAt !== undefined) this.#parcel(seat, layout.store, sentAt, frame, name)
      if (ringAt === undefined || id === undefined) continue
      const slot = placeOf(layout, ring, size, id)
      this.#parcel(layout.store, slot, ringAt, frame, `${id}`)
      this.#splash(slot, ringAt, frame)
    }
  }

  #parcel(from: Point, to: Point, at: number, { at: now, rate }: Frame, words: string): void {
    const age = (now - at) / rate
    if (age < 0 || age > SPARK_MS * 1.6 || this.isStill) return
    const p = ease(age / (SPARK_MS * 1.6))
    const point = { x: from.x + (to.x - from.x) * p, y: from.y + (to.y - from.y) * p }
    const context = this.#context
    context.fillStyle = this.#colours.ink
    context.save()
    context.translate(point.x, point.y)
    context.rotate(Math.PI / 4)
    context.fillRect(-5, -5, 10, 10)
    context.restore()
    this.#label(words, { x: point.x, y: point.y - 16 }, this.#colours.ink, 13, 600)
  }

  #splash(slot: Point, at: number, { at: now, rate }: Frame): void {
    const age = (now - at) / rate
    if (age < 0 || age > GLOW_MS) return
    const context = this.#context
    context.strokeStyle = this.#colours.told
    context.globalAlpha = this.isStill ? 0.7 : 1 - age / GLOW_MS
    context.lineWidth = 3
    circle(context, slot, this.isStill ? 14 : 6 + 22 * (age / GLOW_MS))
    context.stroke()
    context.globalAlpha = 1
  }

  #drawCrowd({ layout, frame, room, ring, size }: Shown, crowd: { parked: number; away: number }): void {
    const count = crowd.parked + crowd.away
    const { parked, told } = this.#pictures(layout, count)
    const context = this.#context
    const { centre } = layout
    const half = layout.radius * CROWD.outer
    const scale = this.#scale
    // On whole points of the screen, and in its own size: so it is copied, and not computed anew.
    const whole = (value: number): number => Math.round(value * scale) / scale
    const draw = (picture: HTMLCanvasElement): void => {
      const size = picture.width / scale
      context.drawImage(picture, whole(centre.x - half), whole(centre.y - half), size, size)
    }
    draw(parked)
    const upTo = (at: number): number => room.flows.reduce((sum, flow) => sum + (flow.at <= at ? flow.told : 0), 0)
    const end = upTo(frame.at)
    const begin = upTo(frame.at - GLOW_MS * frame.rate)
    const part = Math.min(1, (end - begin) / Math.max(1, count))
    if (part === 0) return
    const from = -Math.PI / 2 + (2 * Math.PI * (begin % count)) / count
    context.save()
    if (part < 1) {
      context.beginPath()
      context.moveTo(centre.x, centre.y)
      context.arc(centre.x, centre.y, half, from, from + 2 * Math.PI * part)
      context.clip()
    }
    draw(told)
    context.restore()
    const slot = placeOf(layout, ring, size, ring?.last ?? 0)
    context.strokeStyle = this.#colours.told
    context.lineWidth = 1
    context.globalAlpha = 0.5
    context.beginPath()
    for (let i = 0; i <= 24; i++)
      line2(context, slot, around(layout, from + (2 * Math.PI * part * i) / 24, layout.radius * CROWD.inner))
    context.stroke()
    context.globalAlpha = 1
  }

  /** The crowd as dots: one picture of readers that wait, and one of readers that were told. */
  #pictures(layout: Layout, count: number): { parked: HTMLCanvasElement; told: HTMLCanvasElement } {
    const rounded = Math.min(MOST_DOTS, Math.ceil(count / 50) * 50)
    const scale = this.#scale
    const key = `${layout.width} ${layout.height} ${rounded} ${scale}`
    if (this.#crowd?.key === key) return this.#crowd
    const inner = layout.radius * CROWD.inner
    const outer = layout.radius * CROWD.outer
    const picture = (colour: string, radius: number): HTMLCanvasElement => {
      const canvas = document.createElement('canvas')
      canvas.width = canvas.height = Math.ceil(2 * outer * scale)
      const context = canvas.getContext('2d')
      if (context === null) return canvas
      context.scale(scale, scale)
      context.fillStyle = colour
      context.beginPath()
      for (let i = 0; i < rounded; i++) {
        // By the golden angle, with as many dots on each breadth of the area: they are spread evenly, and not in
        // rows.
        const angle = i * 2.399963
        const r = Math.sqrt(inner * inner + ((outer * outer - inner * inner) * (i + 0.5)) / rounded) - 4
        const x = outer + Math.cos(angle) * r
        const y = outer + Math.sin(angle) * r
        context.moveTo(x + radius, y)
        context.arc(x, y, radius, 0, 2 * Math.PI)
      }
      context.fill()
      return canvas
    }
    const area = Math.PI * (outer * outer - inner * inner)
    const radius = Math.max(0.9, Math.min(5, Math.sqrt(area / rounded) * 0.3))
    this.#crowd = {
      key,
      parked: picture(this.#colours.blue, radius),
      told: picture(this.#colours.told, radius * 1.35),
    }
    return this.#crowd
  }

  #timeLine({ layout: { line }, frame, room, seats }: Shown): void {
    const context = this.#context
    const { paper, quiet, ink, told, blue } = this.#colours
    const height = line.lane * LANES.length
    context.fillStyle = paper
    context.globalAlpha = 0.85
    context.fillRect(0, line.y - 10, line.x + line.width + 26, height + 48)
    context.globalAlpha = 1
    for (const [i, lane] of LANES.entries()) {
      const y = line.y + (i + 0.5) * line.lane
      context.strokeStyle = this.#colours.line
      context.lineWidth = 1
      context.beginPath()
      line2(context, { x: line.x, y }, { x: line.x + line.width, y })
      context.stroke()
      this.#label(LANE_NAMES[lane], { x: line.x - 8, y }, quiet, 12, 400, 'right')
    }
    const x = (at: number): number => line.x + ((at - frame.from) / (frame.to - frame.from)) * line.width
    const y = (lane: Lane): number => line.y + (LANES.indexOf(lane) + 0.5) * line.lane
    const tick = (at: number | undefined, lane: Lane, colour: string): void => {
      if (at === undefined || at < frame.from || at > frame.to || at > frame.at) return
      context.fillStyle = colour
      context.fillRect(x(at) - 1, y(lane) - line.lane * 0.32, 2, line.lane * 0.64)
    }
    for (const { sentAt, keptAt, ringAt } of room.flights) {
      tick(sentAt, 'sent', ink)
      tick(keptAt, 'kept', ink)
      tick(ringAt, 'ring', blue)
    }
    this.#wakings(room, frame, x, y('waking'), line.lane)
    for (const { track } of seats)
      for (const { at, kind } of track.moments) tick(at, kind, kind === 'told' ? told : blue)
    for (const flow of room.flows) {
      if (flow.told > 0) tick(flow.at, 'told', told)
      if (flow.parked > 0) tick(flow.at, 'parked', blue)
    }
    context.strokeStyle = ink
    context.lineWidth = 1.5
    context.beginPath()
    line2(context, { x: x(frame.at), y: line.y - 6 }, { x: x(frame.at), y: line.y + height + 4 })
    context.stroke()
    this.#axis(frame, x, line.y + height + 16, room)
  }

  #wakings(room: RoomTrack, frame: Frame, x: (at: number) => number, y: number, lane: number): void {
    const context = this.#context
    for (const [i, { at, phase }] of room.wakings.entries()) {
      if (phase === 'done' || phase === 'asked' || at > frame.at) continue
      const end = Math.min(frame.at, room.wakings[i + 1]?.at ?? frame.at)
      if (end < frame.from) continue
      context.fillStyle = this.#colours.told
      context.globalAlpha = phase === 'held' ? 0.3 : 1
      context.fillRect(Math.max(x(at), x(frame.from)), y - lane * 0.3, Math.max(2, x(end) - x(at)), lane * 0.6)
    }
    context.globalAlpha = 1
  }

  /** Milliseconds from the newest message of the replay, or back from now. */
  #axis(frame: Frame, x: (at: number) => number, y: number, room: RoomTrack): void {
    // A drawing that stands still has no "now" at its end.
    if (this.isStill && frame.rate === 1) return
    const length = frame.to - frame.from
    const flight = room.flights.find(({ ringAt }) => ringAt !== undefined && ringAt >= frame.from)
    const zero = frame.rate === 1 ? frame.to : (flight?.ringAt ?? frame.from)
    const step = STEPS_MS.find((ms) => length / ms <= 11) ?? 1000
    for (let i = Math.ceil((frame.from - zero) / step); zero + i * step <= frame.to + 0.001; i++) {
      const words = step < 1000 ? `${Number((i * step).toFixed(1))} ms` : i === 0 ? 'now' : `${i} s`
      this.#label(words, { x: x(zero + i * step), y }, this.#colours.quiet, 11)
    }
  }

  #label(words: string, at: Point, colour: string, size: number, weight = 400, align: Align = 'center'): void {
    const { paper } = this.#colours
    this.#stamps.press(this.#context, words, at, { colour, paper, size, weight, align, scale: this.#scale })
  }
}

/** The flight as a list, for the table and for people who hear the page. */
export function orderOf({ sentAt, keptAt, ringAt, told, parked }: Flight): readonly FlightStep[] {
  const steps: FlightStep[] = []
  if (sentAt !== undefined) steps.push({ at: sentAt, what: 'sent' })
  if (ringAt !== undefined) steps.push({ at: ringAt, what: 'in the ring' })
  if (keptAt !== undefined) steps.push({ at: keptAt, what: 'kept: the sender is answered' })
  for (const { reader, at, gap } of told)
    steps.push({ at, reader, what: gap === undefined ? 'answered' : `answered, and told of a gap (${gap.reason})` })
  for (const { reader, at } of parked) steps.push({ at, reader, what: 'parked again' })
  return steps.toSorted((a, b) => a.at - b.at)
}

export type FlightStep = { readonly at: number; readonly what: string; readonly reader?: number }

/** A stream waits whenever it is not being written to. */
export function isWaiting({ way }: ReaderTrack, { kind }: Moment): boolean {
  return kind === 'parked' || way !== 'poll'
}

function crowdOf(scene: Scene | undefined, room: string): { parked: number; away: number } | undefined {
  return scene?.crowds.find((one) => one.room === room)
}

function seatRadius({ radius }: Layout): number {
  return Math.max(5, Math.min(9, radius / 26))
}

/** The gap that a reader was told of with its last answer, for as long as that is shown. */
function gapOf(track: ReaderTrack, { at: now }: Frame): Gap | undefined {
  const last = track.moments.findLast((one) => one.kind === 'told' && one.at <= now)
  return last === undefined || now - last.at >= GAP_MS ? undefined : last.gap
}

/** From 1, at the moment when the reader is told, down to 0. */
function glowOf(track: ReaderTrack, { at, rate }: Frame): number {
  const told = track.moments.findLast((one) => one.kind === 'told' && one.at <= at && one.bytes > 0)
  return told === undefined ? 0 : Math.max(0, 1 - (at - told.at) / rate / GLOW_MS)
}

/** The slot of the last message that a reader has read; the oldest slot if that one is out of reach. */
function placeOf(layout: Layout, ring: Ring | undefined, size: number, id: number): Point {
  const angle = slotAngle(Math.max(id, (ring?.first ?? 1) - 1), size)
  return around(layout, angle, layout.radius + layout.band * 0.5)
}

function endAngle({ first, last }: Ring, size: number): number {
  return slotAngle(first, size) + (2 * Math.PI * Math.min(last - first, size - 1)) / size
}

/** Threads bend toward the middle. */
function bendOf({ centre }: Layout, a: Point, b: Point): Point {
  return { x: ((a.x + b.x) / 2) * 0.55 + centre.x * 0.45, y: ((a.y + b.y) / 2) * 0.55 + centre.y * 0.45 }
}

function curveAt(a: Point, bend: Point, b: Point, p: number): Point {
  const q = 1 - p
  return {
    x: q * q * a.x + 2 * q * p * bend.x + p * p * b.x,
    y: q * q * a.y + 2 * q * p * bend.y + p * p * b.y,
  }
}

function ease(p: number): number {
  return p < 0.5 ? 2 * p * p : 1 - 2 * (1 - p) * (1 - p)
}

function circle(context: CanvasRenderingContext2D, { x, y }: Point, radius: number): void {
  context.beginPath()
  context.arc(x, y, radius, 0, 2 * Math.PI)
}

function square(context: CanvasRenderingContext2D, { x, y }: Point, half: number): void {
  context.beginPath()
  context.rect(x - half, y - half, 2 * half, 2 * half)
}

function triangle(context: CanvasRenderingContext2D, { x, y }: Point, radius: number): void {
  context.beginPath()
  context.moveTo(x, y - radius)
  context.lineTo(x + radius, y + radius * 0.8)
  context.lineTo(x - radius, y + radius * 0.8)
  context.closePath()
}

function line2(context: CanvasRenderingContext2D, a: Point, b: Point): void {
  context.moveTo(a.x, a.y)
  context.lineTo(b.x, b.y)
}
