// What is left of the bytes of a picture when it goes out, and that it is shown as it was: photo.test.ts asks a browser.

import { crc32, deflateSync, inflateSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { plainPhoto } from '../../static/photo.js'
import { camera, png, pngChunk, riff, riffChunk, SECRET } from '../support/photo.js'

/** Two pixels, red and blue. */
const PIXELS = Buffer.from([0, 255, 0, 0, 0, 0, 255])
const HEADER = pngChunk('IHDR', Buffer.from([0, 0, 0, 2, 0, 0, 0, 1, 8, 2, 0, 0, 0]))
const IMAGE = pngChunk('IDAT', deflateSync(PIXELS))
const END = pngChunk('IEND')

/** One pixel without loss, as an encoder wrote it, without the head of its file. */
const VP8L = Buffer.from('UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==', 'base64').subarray(12)
const extended = (flags: number): Buffer => riffChunk('VP8X', Buffer.from([flags, 0, 0, 0, 0, 0, 0, 0, 0, 0]))

async function sent(bytes: Buffer, type: string): Promise<Buffer> {
  const file = new File([Uint8Array.from(bytes)], 'hill', { type })
  return Buffer.from(await (await plainPhoto(file)).arrayBuffer())
}

function pngChunks(bytes: Buffer): Map<string, Buffer> {
  const found = new Map<string, Buffer>()
  for (let at = 8; at < bytes.length; at += 12 + bytes.readUInt32BE(at)) {
    const [body, end] = [at + 4, at + 8 + bytes.readUInt32BE(at)]
    expect(bytes.readUInt32BE(end)).toBe(crc32(bytes.subarray(body, end)))
    found.set(bytes.toString('latin1', body, body + 4), bytes.subarray(body + 4, end))
  }
  return found
}

function webpChunks(bytes: Buffer): string[] {
  expect(bytes.readUInt32LE(4)).toBe(bytes.length - 8)
  const found: string[] = []
  for (let at = 12; at < bytes.length;) {
    found.push(bytes.toString('latin1', at, at + 4))
    const size = bytes.readUInt32LE(at + 4)
    at += 8 + size + (size % 2)
  }
  return found
}

test('of a PNG the colours, the movement and the pixels stay, and the place, the texts and the time go', async () => {
  const needed = ['gAMA', 'cHRM', 'sRGB', 'iCCP', 'tRNS', 'pHYs', 'acTL', 'fcTL', 'fdAT']
  const others = ['tEXt', 'zTXt', 'iTXt', 'tIME', 'prVt'].map((name) => pngChunk(name, Buffer.from(SECRET)))
  const kept = needed.map((name) => pngChunk(name, Buffer.from(name)))
  const exif = pngChunk('eXIf', camera(false, 1))
  const taken = Buffer.concat([png(HEADER, exif, ...others, ...kept, IMAGE, END), Buffer.from(SECRET)])

  const plain = await sent(taken, 'image/png')

  expect(plain).toEqual(png(HEADER, ...kept, IMAGE, END))
  expect(inflateSync(pngChunks(plain).get('IDAT') ?? '')).toEqual(PIXELS)
})

test.each([true, false])(
  'of a PNG that lies on its side this is all that is said of it (little end first: %s)',
  async (isLittle) => {
    const exif = pngChunk('eXIf', camera(isLittle, 6))
    const chunks = pngChunks(await sent(png(HEADER, IMAGE, exif, END), 'image/png'))

    expect([...chunks.keys()]).toEqual(['IHDR', 'eXIf', 'IDAT', 'IEND'])
    expect(chunks.get('eXIf')?.toString('hex')).toBe('4d4d002a0000000800010112000300000001000600000000' + '0000')
  },
)

test('of a WebP the place and the texts go, and no flag says that they are there', async () => {
  const profile = riffChunk('ICCP', Buffer.from('odd'))
  const about = ['EXIF', 'XMP ', 'mine'].map((name) => riffChunk(name, Buffer.from(SECRET)))
  const taken = Buffer.concat([riff(extended(0x2c), profile, VP8L, ...about), Buffer.from(SECRET)])

  const plain = await sent(taken, 'image/webp')

  expect(plain).toEqual(riff(extended(0x20), profile, VP8L))
})

test('of a WebP that lies on its side this is all that is said of it', async () => {
  const exif = riffChunk('EXIF', Buffer.concat([Buffer.from('Exif\0\0'), camera(true, 8)]))
  const plain = await sent(riff(extended(0x0c), VP8L, exif, riffChunk('XMP ', Buffer.from(SECRET))), 'image/webp')

  expect(webpChunks(plain)).toEqual(['VP8X', 'VP8L', 'EXIF'])
  expect([plain[20], plain.includes(SECRET), plain.includes(Buffer.from([1, 0x12, 0, 3, 0, 0, 0, 1, 0, 8]))]).toEqual([
    0x08,
    false,
    true,
  ])
})

test('a small WebP stays byte for byte', async () => {
  expect(await sent(riff(VP8L), 'image/webp')).toEqual(riff(VP8L))
})

test('a picture that breaks off anywhere goes out as it is', async () => {
  const whole = [
    ['image/png', png(HEADER, pngChunk('tEXt', Buffer.from(SECRET)), IMAGE, END)],
    ['image/webp', riff(extended(0x08), VP8L, riffChunk('EXIF', Buffer.from(SECRET)))],
  ] as const
  for (const [type, bytes] of whole)
    for (let length = 0; length < bytes.length; length++) {
      const cut = bytes.subarray(0, length)
      expect(await sent(cut, type)).toEqual(cut)
    }
})

test.each([
  [
    'whose chunk says that it is longer',
    'image/webp',
    riff(Buffer.concat([Buffer.from('EXIF'), Buffer.from([99, 0, 0, 0])])),
  ],
  ['without a head', 'image/png', png(IMAGE, END)],
  ['of sound', 'image/webp', Buffer.from('RIFF\x04\0\0\0WAVE', 'latin1')],
  ['of words', 'image/png', Buffer.from(SECRET)],
  ['of another kind', 'image/gif', png(HEADER, pngChunk('tEXt', Buffer.from(SECRET)), IMAGE, END)],
])('a file %s goes out as it is', async (_, type, bytes) => {
  expect(await sent(bytes, type)).toEqual(bytes)
})

test('the bytes say what a picture is, and not its name', async () => {
  const plain = await sent(png(HEADER, pngChunk('tEXt', Buffer.from(SECRET)), IMAGE, END), 'image/jpeg')
  expect(plain).toEqual(png(HEADER, IMAGE, END))
})
