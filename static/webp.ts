// A WebP without what a camera or a program wrote into it: the chunks EXIF and XMP, and unknown ones. Flags at its
// beginning say which of them are there.
//
//     RIFF size WEBP │ VP8X size flags … │ ICCP size … │ VP8L size … │ EXIF size … │ XMP  size …
//       a new size      flags cleared       stays         stays         goes          goes
//
// A chunk of an odd size has a byte behind it that is not counted. (RFC 9649, 2.7)

import { begins, type Bytes, bytesOf } from './bytes.js'
import { fieldsOf, orientationOf, UPRIGHT } from './exif.js'

const HEAD = 12
const STAY = new Set(['VP8X', 'VP8 ', 'VP8L', 'ALPH', 'ANIM', 'ANMF', 'ICCP'])
const FLAGS = { exif: 0x08, xmp: 0x04 }

/** The parts of a picture that stay. Throws if it is no WebP, or breaks off. */
export function plainWebp(bytes: Bytes): Bytes[] {
  const view = new DataView(bytes.buffer)
  const end = 8 + view.getUint32(4, true)
  if (!begins(bytes, 8, 'WEBP') || end > bytes.length) throw new Error('no WebP')
  const parts: Bytes[] = []
  let orientation = UPRIGHT
  for (let at = HEAD; at < end;) {
    const from = at
    const name = String.fromCharCode(...bytes.subarray(at, at + 4))
    const size = view.getUint32(at + 4, true)
    at += 8 + size + (size % 2)
    if (at > end) throw new Error('it breaks off')
    // Some programs write the name that it has in a JPEG before the fields.
    if (name === 'EXIF') orientation = orientationOf(view, from + (begins(bytes, from + 8, 'Exif') ? 14 : 8))
    if (STAY.has(name)) parts.push(bytes.slice(from, at))
  }
  const [flags] = parts
  const isExtended = flags !== undefined && begins(flags, 0, 'VP8X')
  const lies = isExtended && orientation !== UPRIGHT
  if (isExtended) flags[8] = ((flags[8] ?? 0) & ~(FLAGS.exif | FLAGS.xmp)) | (lies ? FLAGS.exif : 0)
  // The size, 26, has its smallest byte first.
  if (lies) parts.push(bytesOf([0x4558, 0x4946, 0x1a00, 0, ...fieldsOf(orientation)]))
  const head = bytes.slice(0, HEAD)
  new DataView(head.buffer).setUint32(
    4,
    parts.reduce((sum, part) => sum + part.length, 4),
    true,
  )
  return [head, ...parts]
}
