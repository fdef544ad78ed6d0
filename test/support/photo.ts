// What a camera and a program write into pictures, and how each kind of picture holds it.

import { crc32 } from 'node:zlib'

export const SECRET = 'GPS 48.2082 N 16.3738 E'

/** Fields of a camera: where the photo was taken, and how it lies, from 1 to 8. */
export function camera(isLittle: boolean, orientation: number): Buffer {
  const tiff = new DataView(new ArrayBuffer(38))
  const u16 = (at: number, value: number): void => tiff.setUint16(at, value, isLittle)
  const u32 = (at: number, value: number): void => tiff.setUint32(at, value, isLittle)
  u16(0, isLittle ? 0x4949 : 0x4d4d)
  u16(2, 42)
  u32(4, 8)
  u16(8, 2)
  // A description, which stands behind the fields.
  u16(10, 0x010e)
  u16(12, 2)
  u32(14, SECRET.length)
  u32(18, tiff.byteLength)
  // The orientation, which stands in its field.
  u16(22, 0x0112)
  u16(24, 3)
  u32(26, 1)
  u16(30, orientation)
  return Buffer.concat([Buffer.from(tiff.buffer), Buffer.from(SECRET)])
}

export function segment(marker: number, body: Buffer): Buffer {
  const head = Buffer.from([0xff, marker, 0, 0])
  head.writeUInt16BE(body.length + 2, 2)
  return Buffer.concat([head, body])
}

export function pngChunk(name: string, body: Buffer = Buffer.alloc(0)): Buffer {
  const named = Buffer.concat([Buffer.from(name), body])
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(body.length)
  checksum.writeUInt32BE(crc32(named))
  return Buffer.concat([length, named, checksum])
}

export function png(...chunks: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), ...chunks])
}

export function riffChunk(name: string, body: Buffer): Buffer {
  const size = Buffer.alloc(4)
  size.writeUInt32LE(body.length)
  return Buffer.concat([Buffer.from(name), size, body, Buffer.alloc(body.length % 2)])
}

/** A WebP of chunks. */
export function riff(...chunks: readonly Buffer[]): Buffer {
  return riffChunk('RIFF', Buffer.concat([Buffer.from('WEBP'), ...chunks]))
}
