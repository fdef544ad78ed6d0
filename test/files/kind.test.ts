// What a file is by its first bytes, and how large an image is, from headers that are written here by hand.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { kindOf } from '../../src/files/kind.js'

const hex = (...parts: string[]): Buffer => Buffer.from(parts.join('').replaceAll(' ', ''), 'hex')
const riff = (form: string, rest: string): Buffer =>
  Buffer.concat([Buffer.from('RIFF\0\0\0\0WEBP', 'latin1'), Buffer.from(form, 'latin1'), hex(rest), Buffer.alloc(20)])

const cameraData = `ffe1 0102 ${'00'.repeat(256)}`
/** One entry, the orientation, in either order of bytes. */
const turned = 'ffe1 0022 457869660000 49492a00 08000000 0100 1201 0300 01000000 06000000 00000000'
const upsideDown = 'ffe1 0022 457869660000 4d4d002a 00000008 0001 0112 0003 00000001 00030000 00000000'
const turnedBack = 'ffe1 0022 457869660000 4d4d002a 00000008 0001 0112 0003 00000001 00080000 00000000'

test.each([
  ['a PNG', hex('89504e470d0a1a0a 0000000d 49484452 00000280 00000040'), 'image/png', 640, 64],
  ['a JPEG', hex('ffd8 ffe0 0004 0000 ffc0 0011 08 01e0 0280 03'), 'image/jpeg', 640, 480],
  ['a JPEG with camera data', hex('ffd8', cameraData, 'ffff c2 0011 08 01e0 0280 03'), 'image/jpeg', 640, 480],
  ['a JPEG of a phone held upright', hex('ffd8', turned, 'ffc0 0011 08 01e0 0280 03'), 'image/jpeg', 480, 640],
  ['a JPEG turned the other way', hex('ffd8', turnedBack, 'ffc0 0011 08 01e0 0280 03'), 'image/jpeg', 480, 640],
  ['a JPEG upside down', hex('ffd8', upsideDown, 'ffc0 0011 08 01e0 0280 03'), 'image/jpeg', 640, 480],
  ['a GIF', Buffer.concat([Buffer.from('GIF89a'), hex('8002 e001')]), 'image/gif', 640, 480],
  ['a lossy WebP', riff('VP8 ', '00000000 000000 9d012a 8002 e001'), 'image/webp', 640, 480],
  ['a lossless WebP', riff('VP8L', '00000000 2f 7fc27700'), 'image/webp', 640, 480],
  ['an extended WebP', riff('VP8X', '0a000000 10000000 7f0200 df0100'), 'image/webp', 640, 480],
])('%s is told with its size', (_, head, type, width, height) => {
  expect(kindOf(head)).toEqual({ type, width, height })
})

test('whatever comes is of one of the types that are known, and never an error', () => {
  const beginnings = [
    '89504e470d0a1a0a',
    'ffd8ff',
    'ffd8ffe10040457869660000',
    'ffd8ffe1004045786966000049492a00',
    '474946383961',
    '52494646000000005745425056503858',
    '255044462d',
    '',
  ]
  fc.assert(
    fc.property(fc.constantFrom(...beginnings), fc.uint8Array({ maxLength: 300 }), (beginning, rest) => {
      const { type } = kindOf(Buffer.concat([hex(beginning), rest]))
      expect(type).toMatch(/^(?:image\/(?:png|jpeg|webp|gif)|application\/(?:pdf|octet-stream))$/)
    }),
  )
})
