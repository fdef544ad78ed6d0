// Reads a QR code off a page as a camera would: from its pixels, by a library.

import jsQR from 'jsqr'
import type { Locator } from 'playwright-core'

const SIZE = 320

/** What the code says; undefined where none can be read. */
export async function readCode(code: Locator): Promise<string | undefined> {
  const png = (await code.screenshot()).toString('base64')
  const blank = await code.page().context().newPage()
  const pixels = await blank.evaluate(
    async ([data, size]) => {
      const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0))
      const image = await createImageBitmap(new Blob([bytes], { type: 'image/png' }))
      const canvas = new OffscreenCanvas(size, size).getContext('2d')
      canvas?.drawImage(image, 0, 0, size, size)
      return [...(canvas?.getImageData(0, 0, size, size).data ?? [])]
    },
    [png, SIZE] as const,
  )
  await blank.close()
  return jsQR.default(Uint8ClampedArray.from(pixels), SIZE, SIZE)?.data
}
