// A PNG without what a camera or a program wrote into it: eXIf, the texts (tEXt, zTXt, iTXt, in which XMP stands too), the
// time, and whatever a program has made up for itself.
//
//     signature │ length IHDR … crc │ length eXIf … crc │ length IDAT … crc │ length IEND crc │ what is behind it
//       stays      stays               goes                stays               stays             goes
//
// (https://www.w3.org/TR/png-3/)

import { begins, type Bytes, bytesOf } from './bytes.js'
import { fieldsOf, orientationOf, UPRIGHT } from './exif.js'

const SIGNATURE = 8

/** Chunks that are needed to show the picture, beside those that every program has to know: colours, size, movement. */
const NEEDED = new Set('tRNS gAMA cHRM sRGB iCCP sBIT cICP mDCV mDCv cLLI cLLi bKGD pHYs acTL fcTL fdAT'.split(' '))

/** The parts of a picture that stay. Throws if it is no PNG, or breaks off. */
export function plainPng(bytes: Bytes): Bytes[] {
  const view = new DataView(bytes.buffer)
  if (!begins(bytes, SIGNATURE + 4, 'IHDR')) throw new Error('no PNG')
  const parts: Bytes[] = []
  let orientation = UPRIGHT
  let at = SIGNATURE
  for (let name = ''; name !== 'IEND';) {
    const from = at
    name = String.fromCharCode(...bytes.subarray(at + 4, at + 8))
    at += 12 + view.getUint32(at)
    if (at > bytes.length) throw new Error('it breaks off')
    if (name === 'eXIf') orientation = orientationOf(view, from + 8)
    // A capital letter at first: a program that does not know this chunk cannot show the picture.
    if (/^[A-Z]/.test(name) || NEEDED.has(name)) parts.push(bytes.subarray(from, at))
  }
  const [header = bytes.subarray(0, 0), ...others] = parts
  const lies = orientation === UPRIGHT ? [] : [chunkOf(bytesOf([0x6558, 0x4966, ...fieldsOf(orientation)]))]
  return [bytes.subarray(0, SIGNATURE), header, ...lies, ...others]
}

/** A chunk of a name and what it says: its length before it, and its checksum behind it. */
function chunkOf(body: Bytes): Bytes {
  const chunk = new Uint8Array(body.length + 8)
  const view = new DataView(chunk.buffer)
  view.setUint32(0, body.length - 4)
  chunk.set(body, 4)
  view.setUint32(body.length + 4, checksumOf(body))
  return chunk
}

/** CRC-32, a bit at a time: what is made here is short. */
function checksumOf(bytes: Bytes): number {
  let crc = ~0
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return ~crc >>> 0
}
