// A photo without what its camera wrote into it: where and when it was taken, and with what. What is needed to show it
// stays, which is its colours and how it lies. No pixel changes.
//
//     FFD8 │ FFE1 length Exif… │ FFDB length … │ FFDA length … pixels │ FFD9 │ what some cameras put behind it
//              goes                stays           stays                         goes
//
// A file that is no JPEG goes out as it is. (ITU-T T.81, annex B; Exif 2.3, 4.6)

const [START, END, PIXELS, EXIF] = [0xffd8, 0xffd9, 0xffda, 0xffe1]

/** Segments of programs, and comments. */
const isAbout = (marker: number): boolean => (marker >= 0xffe0 && marker <= 0xffef) || marker === 0xfffe

/** Of these, what is needed to show the picture, by how it begins. */
const NEEDED: Readonly<Record<number, string>> = { 0xffe0: 'JFIF', 0xffe2: 'ICC_PROFILE', 0xffee: 'Adobe' }

/** The field that says how a photo lies, and its value for one that stands. */
const ORIENTATION = 0x0112
const UPRIGHT = 1

type Bytes = Uint8Array<ArrayBuffer>

export async function plainPhoto(file: File): Promise<File> {
  if (file.type !== 'image/jpeg') return file
  try {
    const parts = partsOf(new Uint8Array(await file.arrayBuffer()))
    return new File(parts, file.name, { type: file.type, lastModified: file.lastModified })
  } catch {
    // It cannot be read, or it only has the name of a photo. Who takes it says so.
    return file
  }
}

/** The parts of a photo that stay. Throws if it is no JPEG. */
function partsOf(bytes: Bytes): Bytes[] {
  const view = new DataView(bytes.buffer)
  if (view.getUint16(0) !== START) throw new Error('no JPEG')
  const parts: Bytes[] = []
  let orientation = UPRIGHT
  let at = 2
  for (let marker = 0; at < bytes.length && marker !== END;) {
    marker = view.getUint16(at)
    const from = at
    at = marker === END ? at + 2 : at + 2 + view.getUint16(at + 2)
    if (marker === EXIF && orientation === UPRIGHT) orientation = orientationOf(view, from + 4)
    if (marker === PIXELS) at = endOfPixels(bytes, at)
    if (!isAbout(marker) || begins(bytes, from + 4, NEEDED[marker])) parts.push(bytes.subarray(from, at))
  }
  return [bytes.subarray(0, 2), ...(orientation === UPRIGHT ? [] : [exifOf(orientation)]), ...parts]
}

function begins(bytes: Bytes, at: number, name: string | undefined): boolean {
  return name !== undefined && Array.from(name).every((letter, i) => bytes[at + i] === letter.charCodeAt(0))
}

/** Pixels end at a marker. FF00 stands for the byte FF, and FFD0 to FFD7 are marks among the pixels. */
function endOfPixels(bytes: Bytes, start: number): number {
  for (let at = bytes.indexOf(0xff, start); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    const next = bytes[at + 1] ?? 0
    if (next !== 0 && next !== 0xff && (next < 0xd0 || next > 0xd7)) return at
  }
  return bytes.length
}

/** How a photo lies, from 1 to 8. `at`: where its Exif segment begins. */
function orientationOf(view: DataView, at: number): number {
  try {
    const tiff = at + 6
    const isLittle = view.getUint16(tiff) === 0x4949
    const fields = tiff + view.getUint32(tiff + 4, isLittle)
    const many = view.getUint16(fields, isLittle)
    for (let i = 0; i < many; i++) {
      const field = fields + 2 + 12 * i
      if (view.getUint16(field, isLittle) === ORIENTATION) return view.getUint16(field + 8, isLittle)
    }
  } catch {
    // It breaks off: nothing can tell how it lies.
  }
  return UPRIGHT
}

/** An Exif segment with one field. */
function exifOf(orientation: number): Bytes {
  const segment = new DataView(new ArrayBuffer(36))
  const words = [EXIF, 34, 0x4578, 0x6966, 0, 0x4d4d, 42, 0, 8, 1, ORIENTATION, 3, 0, 1, orientation]
  for (const [i, word] of words.entries()) segment.setUint16(2 * i, word)
  return new Uint8Array(segment.buffer)
}
