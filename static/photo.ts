// A picture without what its camera or its program wrote into it: where and when it was taken, and with what. What is
// needed to show it stays, which is its colours, how it lies and how it moves. No pixel changes.
//
// Its first bytes say which kind it is. A file that is none of these, breaks off or is odd goes out as it is.

import type { Bytes } from './bytes.js'
import { plainJpeg } from './jpeg.js'
import { plainPng } from './png.js'
import { plainWebp } from './webp.js'

/** Each answers with the parts that stay, and throws if the bytes are not whole, or of another kind. */
const KINDS: readonly (readonly [begin: readonly number[], plain: (bytes: Bytes) => Bytes[]])[] = [
  [[0xff, 0xd8], plainJpeg],
  [[0x89, 0x50, 0x4e, 0x47], plainPng],
  [[0x52, 0x49, 0x46, 0x46], plainWebp],
]

export async function plainPhoto(file: File): Promise<File> {
  if (!/^image\/(?:jpeg|png|webp)$/.test(file.type)) return file
  try {
    const bytes = new Uint8Array(await file.arrayBuffer())
    const plain = KINDS.find(([begin]) => begin.every((byte, i) => bytes[i] === byte))?.[1]
    if (plain === undefined) return file
    return new File(plain(bytes), file.name, { type: file.type, lastModified: file.lastModified })
  } catch {
    // It cannot be read, or it only has the name of a picture. Who takes it says so.
    return file
  }
}
