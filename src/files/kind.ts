// What a file is, by its first bytes, whatever its name says: four kinds of images, a PDF, or anything else.
//
//     89 P N G …  IHDR width height         PNG      (RFC 2083)
//     ff d8 ff …  ff c0 .. height width     JPEG     (ITU T.81; the frame may be behind 64 KiB of camera data)
//     R I F F …  W E B P  VP8 / VP8L / VP8X WebP     (RFC 9649)
//     G I F 8 9 a  width height             GIF
//     % P D F -                             PDF
//
// Only these images are shown in a page; SVG is none of them, because it can carry a script.

export type Kind = { readonly type: string; readonly width?: number; readonly height?: number }

const ANYTHING: Kind = { type: 'application/octet-stream' }

/** So many bytes from the beginning say what a file is. */
export const HEAD_BYTES = 256 * 1024

/** `head`: the first `HEAD_BYTES`, or all of it. */
export function kindOf(head: Buffer): Kind {
  if (startsWith(head, '89504e470d0a1a0a') && head.length >= 24 && latin(head, 12, 16) === 'IHDR')
    return sized('image/png', head.readUInt32BE(16), head.readUInt32BE(20))
  if (startsWith(head, 'ffd8ff')) return jpegOf(head)
  if (latin(head, 0, 4) === 'RIFF' && latin(head, 8, 12) === 'WEBP' && head.length >= 30) return webpOf(head)
  if (/^GIF8[79]a$/.test(latin(head, 0, 6)) && head.length >= 10)
    return sized('image/gif', head.readUInt16LE(6), head.readUInt16LE(8))
  return latin(head, 0, 5) === '%PDF-' ? { type: 'application/pdf' } : ANYTHING
}

function jpegOf(head: Buffer): Kind {
  let turned = false
  for (let at = 2; at + 9 <= head.length;) {
    const marker = head[at + 1] ?? 0
    if (head[at] !== 0xff) break
    if (marker === 0xe1) turned ||= isTurned(head.subarray(at + 4, at + 2 + head.readUInt16BE(at + 2)))
    // A frame, which is every SOF but the tables that have numbers between them.
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      const [height, width] = [head.readUInt16BE(at + 5), head.readUInt16BE(at + 7)]
      return turned ? sized('image/jpeg', height, width) : sized('image/jpeg', width, height)
    }
    // A fill byte, or a marker without a length.
    if (marker === 0xff) at++
    else at += (marker >= 0xd0 && marker <= 0xd9) || marker === 0x01 ? 2 : 2 + head.readUInt16BE(at + 2)
  }
  return { type: 'image/jpeg' }
}

/**
 * Does the camera say that its picture lies on its side (Exif 2.3, tag 0x0112)? A phone held upright does, and browsers
 * show the picture upright.
 */
function isTurned(exif: Buffer): boolean {
  if (latin(exif, 0, 6) !== 'Exif\0\0') return false
  const tiff = exif.subarray(6)
  const isLittle = latin(tiff, 0, 2) === 'II'
  const short = (at: number): number => (isLittle ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at))
  if (tiff.length < 8) return false
  // A directory of entries of 12 bytes: tag, type, count, value.
  const directory = isLittle ? tiff.readUInt32LE(4) : tiff.readUInt32BE(4)
  if (directory + 2 > tiff.length) return false
  const first = directory + 2
  const end = Math.min(tiff.length, first + 12 * short(directory))
  for (let at = first; at + 12 <= end; at += 12)
    if (short(at) === 0x0112) return short(at + 8) >= 5 && short(at + 8) <= 8
  return false
}

function webpOf(head: Buffer): Kind {
  const form = latin(head, 12, 16)
  if (form === 'VP8 ') return sized('image/webp', head.readUInt16LE(26) & 0x3fff, head.readUInt16LE(28) & 0x3fff)
  if (form === 'VP8L') {
    const bits = head.readUInt32LE(21)
    return sized('image/webp', (bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1)
  }
  return sized('image/webp', head.readUIntLE(24, 3) + 1, head.readUIntLE(27, 3) + 1)
}

function sized(type: string, width: number, height: number): Kind {
  return width > 0 && height > 0 ? { type, width, height } : { type }
}

function startsWith(head: Buffer, hex: string): boolean {
  return head.subarray(0, hex.length / 2).toString('hex') === hex
}

function latin(head: Buffer, from: number, to: number): string {
  return head.toString('latin1', from, to)
}
