// A file as it is shown: a picture in its place, everything else as a link with its name and size.
//
// The place of a picture is known from its message, so nothing moves when it comes. Its address is made here from the id
// alone: a message cannot name another one.

import { defaultPlatform as platform } from '../src/client/platform.js'
import type { Message } from '../src/client/wire.js'
import { BASE } from './base.js'
import { element } from './element.js'
import { locale } from './words.js'

export type Attachment = NonNullable<Message['file']>

/** How large a picture is in the log, in CSS pixels. */
const MOST_HIGH_PX = 320
const MOST_WIDE_PX = 560

const PICTURES: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/webp', 'image/gif'])

/** How long a browser may take to open what it was given. */
const OPENING_MS = 60_000

const isClosed = 'tokens' in document.documentElement.dataset

/** The element of a file. `token`: of this person's session, for a chat that asks for it with each request. */
export function attachmentElement(file: Attachment, token: () => string | undefined): HTMLElement {
  const address = `${BASE}/files/${file.id}`
  const { width, height } = file
  const isPicture = PICTURES.has(file.type) && width !== undefined && height !== undefined
  const link = element('a', { class: 'attachment', href: address })
  if (isPicture) {
    const picture = pictureElement(file.name, width, height)
    frame(link, picture, width, height)
    link.setAttribute('target', '_blank')
    link.setAttribute('rel', 'noopener')
    if (isClosed) void showWithToken(picture, address, token)
    else picture.src = address
  } else {
    link.append(...tileParts(file.name, file.bytes))
    link.setAttribute('download', file.name)
  }
  if (isClosed) link.addEventListener('click', (event) => void openWithToken(event, link, token))
  return link
}

/** The element of a file that is not sent yet. `size`: of a picture. */
export function draftElement(file: File, picture: Picture | undefined): HTMLElement {
  const box = element('span', { class: 'attachment' })
  if (picture === undefined) box.append(...tileParts(file.name, file.size))
  else {
    const { width, height, address } = picture
    const image = pictureElement(file.name, width, height)
    image.src = address
    frame(box, image, width, height)
  }
  return box
}

export type Picture = { readonly address: string; readonly width: number; readonly height: number }

/** A file of this machine as a picture; undefined where it is none that would be shown. Its address is to be given back. */
export async function pictureOf(file: File): Promise<Picture | undefined> {
  if (!PICTURES.has(file.type)) return undefined
  try {
    const decoded = await createImageBitmap(file)
    const { width, height } = decoded
    decoded.close()
    return { address: URL.createObjectURL(file), width, height }
  } catch {
    // It only has the name of a picture.
    return undefined
  }
}

export function sizeWords(bytes: number): string {
  const [unit, part] =
    bytes < 1024 ? ['byte', bytes] : bytes < 2 ** 20 ? ['kilobyte', bytes / 1024] : ['megabyte', bytes / 2 ** 20]
  const format = { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: part < 10 ? 1 : 0 } as const
  return new Intl.NumberFormat(locale, format).format(part)
}

function pictureElement(name: string, width: number, height: number): HTMLImageElement {
  return element('img', {
    alt: name,
    width: String(width),
    height: String(height),
    loading: 'lazy',
    decoding: 'async',
  })
}

/** Takes the place that the picture will have, before there is any of it. */
function frame(box: HTMLElement, picture: HTMLImageElement, width: number, height: number): void {
  box.classList.add('picture')
  const wide = Math.min(width, MOST_WIDE_PX, (MOST_HIGH_PX * width) / height)
  box.style.inlineSize = `min(100%, ${wide.toFixed(2)}px)`
  picture.style.aspectRatio = `${width} / ${height}`
  box.append(picture)
}

/** A sheet with the kind of the file on it, the name, and the size. */
function tileParts(name: string, bytes: number): Node[] {
  const [, kind = ''] = /\.([\p{L}\d]{1,4})$/u.exec(name) ?? []
  return [
    element('span', { class: 'sheet-icon', 'aria-hidden': 'true' }, kind.toUpperCase()),
    element('span', { class: 'about' }, element('bdi', {}, name), element('small', {}, sizeWords(bytes))),
  ]
}

/** A picture cannot show a token by itself: it is fetched when it comes near. */
async function showWithToken(
  picture: HTMLImageElement,
  address: string,
  token: () => string | undefined,
): Promise<void> {
  await isNear(picture)
  const own = await fetchOwn(address, token)
  picture.src = own ?? address
  if (own !== undefined) picture.addEventListener('load', () => URL.revokeObjectURL(own), { once: true })
}

function isNear(picture: HTMLImageElement): Promise<void> {
  return new Promise((resolve) => {
    const near = new IntersectionObserver(
      (entries) => {
        if (!entries.some(({ isIntersecting }) => isIntersecting)) return
        near.disconnect()
        resolve()
      },
      { rootMargin: '100%' },
    )
    near.observe(picture)
  })
}

async function openWithToken(
  event: Event,
  { href, download }: HTMLAnchorElement,
  token: () => string | undefined,
): Promise<void> {
  event.preventDefault()
  const own = await fetchOwn(href, token)
  if (own === undefined) return
  const how: Readonly<Record<string, string>> = download === '' ? { target: '_blank', rel: 'noopener' } : { download }
  element('a', { href: own, ...how }).click()
  platform.after(OPENING_MS, () => URL.revokeObjectURL(own))
}

/** An address of this page for what is at an address of the server; undefined where it is not to be had. */
async function fetchOwn(address: string, token: () => string | undefined): Promise<string | undefined> {
  try {
    const shown = token()
    const headers = shown === undefined ? {} : { Authorization: `Bearer ${shown}` }
    const answer = await platform.fetch(address, { headers })
    return answer.ok ? URL.createObjectURL(await answer.blob()) : undefined
  } catch {
    // No connection, which is told elsewhere: its name stands in its place.
    return undefined
  }
}
