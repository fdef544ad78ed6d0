// A picture that a test makes: a PNG with a hill before a sky, of any size.

import { crc32, deflateSync } from 'node:zlib'

export function picture(width: number, height: number): Buffer {
  const rows = Buffer.alloc((1 + 3 * width) * height)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const hill = height * (0.62 + 0.12 * Math.sin((5 * x) / width) + 0.05 * Math.sin((17 * x) / width))
      const light = y / height
      const at = y * (1 + 3 * width) + 1 + 3 * x
      if (y > hill) rows.set([46 + 60 * light, 92 + 50 * light, 70], at)
      else rows.set([150 + 100 * light, 190 + 30 * light, 235 - 60 * light], at)
    }
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  // Eight bits a colour, and red, green, blue.
  head.set([8, 2], 8)
  const parts = [part('IHDR', head), part('IDAT', deflateSync(rows)), part('IEND', Buffer.alloc(0))]
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), ...parts])
}

function part(type: string, bytes: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type), bytes])
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(bytes.length)
  sum.writeUInt32BE(crc32(named))
  return Buffer.concat([length, named, sum])
}
