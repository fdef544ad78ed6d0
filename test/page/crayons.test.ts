// The crayons of names: told apart in a room, readable on every ground.

import { expect, test } from 'vitest'
import { crayonOf, giveOut, HUES } from '../../static/crayons.js'

test('twelve people of a room have twelve crayons, and a thirteenth has one too', () => {
  const people = Array.from({ length: 13 }, (_, i) => `person ${i}`)
  giveOut(people)
  expect(new Set(people.slice(0, 12).map(crayonOf)).size).toBe(12)
  expect(HUES[crayonOf('person 12')]).toBeDefined()
})

test('a name keeps its crayon, whoever comes and goes', () => {
  giveOut(['ada'])
  const first = crayonOf('ada')
  giveOut(['ada', ...Array.from({ length: 30 }, (_, i) => `person ${i}`)])
  expect(crayonOf('ada')).toBe(first)
  const others = Array.from({ length: 5 }, (_, i) => `other ${i}`)
  giveOut(others)
  const before = others.map(crayonOf)
  expect(giveOut(others.slice(2))).toBe(false)
  expect(others.map(crayonOf)).toEqual(before)
})

test('each can be read: 4.5 to 1 on paper, desk, a chosen line and the blackboard', () => {
  const grounds = { light: ['#fdfdfb', '#eef1f5', '#e6ebfa'], dark: ['#18221f', '#111917', '#22322f'] }
  for (const [i, hue] of HUES.entries()) {
    const light = luminance(...rgbOf(0.4 + 0.1 * (i % 2), 0.13, hue))
    const dark = luminance(...rgbOf(0.78 + 0.1 * (i % 2), 0.11, hue))
    for (const ground of grounds.light) expect(contrast(light, luminanceOf(ground))).toBeGreaterThanOrEqual(4.5)
    for (const ground of grounds.dark) expect(contrast(dark, luminanceOf(ground))).toBeGreaterThanOrEqual(4.5)
  }
})

type Rgb = [red: number, green: number, blue: number]

/** OKLCH as linear sRGB (B. Ottosson, 2020), clipped to what a screen can show. */
function rgbOf(lightness: number, chroma: number, hue: number): Rgb {
  const a = chroma * Math.cos((hue * Math.PI) / 180)
  const b = chroma * Math.sin((hue * Math.PI) / 180)
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3
  const clip = (value: number): number => Math.min(1, Math.max(0, value))
  return [
    clip(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    clip(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    clip(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ]
}

function luminance(red: number, green: number, blue: number): number {
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function luminanceOf(hex: string): number {
  const linear = (at: number): number => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  }
  return luminance(linear(1), linear(3), linear(5))
}

function contrast(one: number, other: number): number {
  return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05)
}
