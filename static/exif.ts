// How a picture lies: the one field of a camera that is needed to show it. It stands among all others in a small TIFF
// file, which JPEG, PNG and WebP each wrap in their own way. (Exif 2.3, 4.6)

/** The field that says how a photo lies, and its value for one that stands. */
const ORIENTATION = 0x0112
export const UPRIGHT = 1

/** How a photo lies, from 1 to 8. `tiff`: where its fields begin. */
export function orientationOf(view: DataView, tiff: number): number {
  try {
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

/** The words of 16 bits, the largest byte first, of fields that say how it lies, and nothing else. */
export function fieldsOf(orientation: number): number[] {
  return [0x4d4d, 42, 0, 8, 1, ORIENTATION, 3, 0, 1, orientation, 0, 0, 0]
}
