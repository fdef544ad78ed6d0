// A JPEG without what its camera wrote into it.
//
//     FFD8 │ FFE1 length Exif… │ FFDB length … │ FFDA length … pixels │ FFD9 │ what some cameras put behind it
//              goes                stays           stays                         goes
//
// (ITU-T T.81, annex B; Exif 2.3, 4.6)

import { begins, type Bytes, bytesOf } from './bytes.js'
import { fieldsOf, orientationOf, UPRIGHT } from './exif.js'

const [END, PIXELS, EXIF] = [0xffd9, 0xffda, 0xffe1]

/** Segments of programs, and comments. */
const isAbout = (marker: number): boolean => (marker >= 0xffe0 && marker <= 0xffef) || marker === 0xfffe

/** Of these, what is needed to show the picture, by how it begins. */
const NEEDED: Readonly<Record<number, string>> = { 0xffe0: 'JFIF', 0xffe2: 'ICC_PROFILE', 0xffee: 'Adobe' }

/** The parts of a photo that stay. Throws if it breaks off. */
export function plainJpeg(bytes: Bytes): Bytes[] {
  const view = new DataView(bytes.buffer)
  const parts: Bytes[] = []
  let orientation = UPRIGHT
  let at = 2
  for (let marker = 0; at < bytes.length && marker !== END;) {
    marker = view.getUint16(at)
    const from = at
    at = marker === END ? at + 2 : at + 2 + view.getUint16(at + 2)
    if (marker === EXIF && orientation === UPRIGHT) orientation = orientationOf(view, from + 10)
    if (marker === PIXELS) at = endOfPixels(bytes, at)
    if (!isAbout(marker) || begins(bytes, from + 4, NEEDED[marker])) parts.push(bytes.subarray(from, at))
  }
  return [bytes.subarray(0, 2), ...(orientation === UPRIGHT ? [] : [exifOf(orientation)]), ...parts]
}

/** Pixels end at a marker. FF00 stands for the byte FF, and FFD0 to FFD7 are marks among the pixels. */
function endOfPixels(bytes: Bytes, start: number): number {
  for (let at = bytes.indexOf(0xff, start); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    const next = bytes[at + 1] ?? 0
    if (next !== 0 && next !== 0xff && (next < 0xd0 || next > 0xd7)) return at
  }
  return bytes.length
}

/** An Exif segment with one field: its length, `Exif`, and the fields. */
function exifOf(orientation: number): Bytes {
  return bytesOf([EXIF, 34, 0x4578, 0x6966, 0, ...fieldsOf(orientation)])
}
