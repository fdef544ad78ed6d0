// Words on the sheet. To draw the outline of letters costs more than all else in a frame, and most words stand there for
// many frames: so each is drawn once on a sheet of its own, like a stamp, and pressed onto the drawing from then on.

import type { Align } from './labels.js'
import type { Point } from './layout.js'

/** So many stamps are kept: a number that counts up makes a new one each time. */
const MOST_STAMPS = 800

/** Paper around the words, so that no line runs into them. */
const HALO = 4

export type Style = {
  readonly colour: string
  readonly paper: string
  readonly size: number
  readonly weight: number
  readonly align: Align
  /** Points of the screen in one of the drawing. */
  readonly scale: number
}

type Stamp = { readonly picture: HTMLCanvasElement; readonly width: number; readonly height: number }

export class Stamps {
  readonly #stamps = new Map<string, Stamp>()
  readonly #widths = new Map<string, number>()

  /** Presses words onto a drawing; `y` is their middle. */
  press(context: CanvasRenderingContext2D, words: string, { x, y }: Point, style: Style): void {
    const stamp = this.#stampOf(words, style)
    if (stamp === undefined) return
    const { scale } = style
    const { picture, width, height } = stamp
    const left = style.align === 'left' ? x - HALO : style.align === 'right' ? x - width + HALO : x - width / 2
    // On whole points of the screen it is copied as it is: between them the letters would be blurred.
    const whole = (value: number): number => Math.round(value * scale) / scale
    context.drawImage(picture, whole(left), whole(y - height / 2), picture.width / scale, picture.height / scale)
  }

  /** How broad words are. */
  width(context: CanvasRenderingContext2D, words: string, size: number): number {
    let width = this.#widths.get(words)
    if (width === undefined) {
      if (this.#widths.size >= MOST_STAMPS) this.#widths.clear()
      context.font = fontOf(size, 400)
      width = context.measureText(words).width
      this.#widths.set(words, width)
    }
    return width
  }

  #stampOf(words: string, style: Style): Stamp | undefined {
    const { colour, paper, size, weight, scale } = style
    const key = `${scale} ${size} ${weight} ${colour} ${paper} ${words}`
    const known = this.#stamps.get(key)
    if (known !== undefined) return known
    const picture = document.createElement('canvas')
    const context = picture.getContext('2d')
    if (context === null) return undefined
    context.font = fontOf(size, weight)
    const width = context.measureText(words).width + 2 * HALO
    const height = size * 1.4 + 2 * HALO
    picture.width = Math.ceil(width * scale)
    picture.height = Math.ceil(height * scale)
    context.scale(scale, scale)
    // A canvas that is given a size forgets its font.
    context.font = fontOf(size, weight)
    context.textBaseline = 'middle'
    context.lineJoin = 'round'
    context.lineWidth = HALO
    context.strokeStyle = paper
    context.strokeText(words, HALO, height / 2)
    context.fillStyle = colour
    context.fillText(words, HALO, height / 2)
    const stamp = { picture, width, height }
    if (this.#stamps.size >= MOST_STAMPS) this.#stamps.clear()
    this.#stamps.set(key, stamp)
    return stamp
  }
}

function fontOf(size: number, weight: number): string {
  return `${weight} ${size}px system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif`
}
