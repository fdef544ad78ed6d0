// Pictures go out without what their camera wrote into them, and a browser shows them as it did.

import type { Locator, Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from '../support/journal.js'
import { camera, pngChunk, riff, riffChunk, SECRET, segment } from '../support/photo.js'
import { startServer } from '../support/server.js'
import { hasChromium, say, useBrowser, visitor } from './browser.js'

/** A picture as this browser writes it, 80 wide and 40 high. */
async function drawn(page: Page, type: string): Promise<Buffer> {
  const address = await page.evaluate((kind) => {
    const canvas = document.createElement('canvas')
    canvas.width = 80
    canvas.height = 40
    const pen = canvas.getContext('2d')
    for (let x = 0; x < 80; x += 4) {
      if (pen !== null) pen.fillStyle = `hsl(${x * 4} 80% 50%)`
      pen?.fillRect(x, 0, 4, 40)
    }
    return canvas.toDataURL(kind, 0.9)
  }, type)
  return Buffer.from(address.split(',')[1] ?? '', 'base64')
}

/** What a camera adds at the beginning of a JPEG, and behind its end. */
function jpeg(plain: Buffer, isLittle: boolean): Buffer {
  const exif = segment(0xe1, Buffer.concat([Buffer.from('Exif\0\0'), camera(isLittle, 6)]))
  const comment = segment(0xfe, Buffer.from(SECRET))
  return Buffer.concat([plain.subarray(0, 2), exif, comment, plain.subarray(2), Buffer.from(SECRET)])
}

/** The same in a PNG, behind its head of 33 bytes, and in a WebP, whose flags then say that it is there. */
function withText(plain: Buffer, type: string): Buffer {
  const about = Buffer.concat([camera(true, 1), Buffer.from(SECRET)])
  if (type === 'image/png')
    return Buffer.concat([plain.subarray(0, 33), pngChunk('eXIf', about), pngChunk('tEXt', about), plain.subarray(33)])
  const chunks = Buffer.from(plain.subarray(12))
  chunks.writeUInt8(chunks.readUInt8(8) | 0x0c, 8)
  return riff(chunks, riffChunk('EXIF', about), riffChunk('XMP ', about))
}

/** Sends a picture, and resolves with its image in the log when that is there. */
async function send(page: Page, name: string, mimeType: string, buffer: Buffer): Promise<Locator> {
  const [chooser] = await Promise.all([
    page.waitForEvent('filechooser'),
    page.getByRole('button', { name: 'Add a file' }).click(),
  ])
  await chooser.setFiles([{ name, mimeType, buffer }])
  await page.getByRole('list', { name: 'Files to send' }).getByRole('img', { name }).waitFor()
  await say(page, 'where we were')
  const shown = page.locator('#lines').getByRole('img', { name })
  await expect.poll(async () => (await sizeOf(shown))[0], { timeout: 15_000 }).toBeGreaterThan(0)
  return shown
}

async function sizeOf(shown: Locator): Promise<number[]> {
  return shown.evaluate((image) => (image instanceof HTMLImageElement ? [image.naturalWidth, image.naturalHeight] : []))
}

async function bytesOf(shown: Locator): Promise<Buffer> {
  return Buffer.from(await (await fetch((await shown.getAttribute('src')) ?? '')).arrayBuffer())
}

describe.skipIf(!hasChromium)('a photo', { timeout: 60_000 }, () => {
  const browser = useBrowser()

  test.each([
    ['little', true],
    ['big', false],
  ])('goes out without its place, and lies as it lay (%s end first)', async (_, isLittle) => {
    const { url } = await startServer({ files: temporaryFolder() })
    const ada = await (await visitor(browser())).enter(url, 'Ada')
    const taken = jpeg(await drawn(ada, 'image/jpeg'), isLittle)
    expect(taken.includes(SECRET)).toBe(true)

    const shown = await send(ada, 'hill.jpg', 'image/jpeg', taken)

    expect(await sizeOf(shown)).toEqual([40, 80])
    expect([await shown.getAttribute('width'), await shown.getAttribute('height')]).toEqual(['40', '80'])
    const sent = await bytesOf(shown)
    expect([sent.length > 500, sent.includes(SECRET)]).toEqual([true, false])
  })

  test.each(['png', 'webp'])('goes out without its place as %s too', async (kind) => {
    const { url } = await startServer({ files: temporaryFolder() })
    const ada = await (await visitor(browser())).enter(url, 'Ada')
    const plain = await drawn(ada, `image/${kind}`)
    const taken = withText(plain, `image/${kind}`)
    expect(taken.includes(SECRET)).toBe(true)

    const shown = await send(ada, `hill.${kind}`, `image/${kind}`, taken)

    expect(await sizeOf(shown)).toEqual([80, 40])
    const sent = await bytesOf(shown)
    expect([sent.length >= plain.length, sent.includes(SECRET)]).toEqual([true, false])
  })
})
