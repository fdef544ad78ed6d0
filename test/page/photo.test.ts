// Photos go out without what their camera wrote into them.

import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../support/journal.js'
import { startServer } from '../support/server.js'
import { hasChromium, say, useBrowser, visitor } from './browser.js'

const SECRET = 'GPS 48.2082 N 16.3738 E'

/** Fields of a camera: where the photo was taken, and that it lies on its side. */
function exif(isLittle: boolean): Buffer {
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
  u16(30, 6)
  return segment(0xe1, Buffer.concat([Buffer.from('Exif\0\0'), Buffer.from(tiff.buffer), Buffer.from(SECRET)]))
}

function segment(marker: number, body: Buffer): Buffer {
  const head = Buffer.from([0xff, marker, 0, 0])
  head.writeUInt16BE(body.length + 2, 2)
  return Buffer.concat([head, body])
}

/** A photo as this browser writes it, 80 wide and 40 high, with what a camera adds at its beginning and behind its end. */
async function photo(page: Page, isLittle: boolean): Promise<Buffer> {
  const address = await page.evaluate(() => {
    const canvas = document.createElement('canvas')
    canvas.width = 80
    canvas.height = 40
    const pen = canvas.getContext('2d')
    for (let x = 0; x < 80; x += 4) {
      if (pen !== null) pen.fillStyle = `hsl(${x * 4} 80% 50%)`
      pen?.fillRect(x, 0, 4, 40)
    }
    return canvas.toDataURL('image/jpeg', 0.9)
  })
  const plain = Buffer.from(address.split(',')[1] ?? '', 'base64')
  const comment = segment(0xfe, Buffer.from(SECRET))
  return Buffer.concat([plain.subarray(0, 2), exif(isLittle), comment, plain.subarray(2), Buffer.from(SECRET)])
}

describe.skipIf(!hasChromium)('a photo', { timeout: 60_000 }, () => {
  const browser = useBrowser()

  test.each([
    ['little', true],
    ['big', false],
  ])('goes out without its place, and lies as it lay (%s end first)', async (_, isLittle) => {
    const { url } = await startServer({ files: temporaryFolder() })
    const ada = await (await visitor(browser())).enter(url, 'Ada')
    const taken = await photo(ada, isLittle)
    expect(taken.includes(SECRET)).toBe(true)
    const [chooser] = await Promise.all([
      ada.waitForEvent('filechooser'),
      ada.getByRole('button', { name: 'Add a file' }).click(),
    ])
    await chooser.setFiles([{ name: 'hill.jpg', mimeType: 'image/jpeg', buffer: taken }])
    await ada.getByRole('list', { name: 'Files to send' }).getByRole('img', { name: 'hill.jpg' }).waitFor()
    await say(ada, 'where we were')
    const shown = ada.locator('#lines').getByRole('img', { name: 'hill.jpg' })
    await expect
      .poll(
        () => shown.evaluate((image) => image instanceof HTMLImageElement && [image.naturalWidth, image.naturalHeight]),
        {
          timeout: 15_000,
        },
      )
      .toEqual([40, 80])
    expect(await shown.evaluate((image) => [image.getAttribute('width'), image.getAttribute('height')])).toEqual([
      '40',
      '80',
    ])
    const sent = Buffer.from(await (await fetch((await shown.getAttribute('src')) ?? '')).arrayBuffer())
    expect([sent.length > 500, sent.includes(SECRET)]).toEqual([true, false])
  })
})
