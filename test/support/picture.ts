// A picture that a test makes: a PNG with a hill before a sky, of any size.

import { deflateSync } from 'node:zlib'
import { png, pngChunk } from './photo.js'

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
  return png(pngChunk('IHDR', head), pngChunk('IDAT', deflateSync(rows)), pngChunk('IEND'))
}
