// Share: the link of the room, and its QR code for whoever looks at the projector. Loaded when it is asked for.

import { correction, generate } from 'lean-qr/nano'
import { element } from './element.js'
import { laterStyle } from './later-style.js'

const SVG = 'http://www.w3.org/2000/svg'
const QUIET_MODULES = 4

export async function share(room: string): Promise<void> {
  await laterStyle()
  const link = new URL(`#${room}`, document.baseURI)
  link.search = ''
  const address = element('input', { readonly: '', 'aria-label': 'Link', value: link.href })
  const copied = element('p', { class: 'hint', role: 'status' })
  const copy = element('button', { type: 'button', class: 'primary' }, 'Copy link')
  const close = element('button', { type: 'button' }, 'Close')
  const dialog = element(
    'dialog',
    { class: 'dialog', 'aria-labelledby': 'share-title' },
    element('h2', { id: 'share-title' }, `Come to ${room}`),
    drawCode(link.href),
    ...(isLocal(link)
      ? [
          element(
            'p',
            { class: 'hint' },
            'This address works on this machine alone. Open the page by one of the Network addresses that the server printed, and share that.',
          ),
        ]
      : []),
    address,
    element('div', { class: 'buttons' }, copy, close),
    copied,
  )
  copy.addEventListener('click', () => void copyLink(address, copied))
  close.addEventListener('click', () => dialog.close())
  dialog.addEventListener('close', () => dialog.remove())
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close()
  })
  document.body.append(dialog)
  dialog.showModal()
}

/** Browsers give the clipboard to https and localhost alone; elsewhere the link is selected, for Ctrl+C. */
async function copyLink(address: HTMLInputElement, told: HTMLElement): Promise<void> {
  address.focus()
  address.select()
  try {
    await navigator.clipboard.writeText(address.value)
    told.textContent = 'Copied.'
  } catch {
    // Told in words, with what to do.
    told.textContent = 'The link is selected: copy it with Ctrl+C.'
  }
}

/** One path of squares, black on white in every theme, as cameras want it. */
function drawCode(text: string): SVGSVGElement {
  const code = generate(text, { minCorrectionLevel: correction.M })
  let squares = ''
  for (let y = 0; y < code.size; y++) {
    for (let x = 0; x < code.size; x++) {
      if (code.get(x, y)) squares += `M${x + QUIET_MODULES} ${y + QUIET_MODULES}h1v1h-1z`
    }
  }
  const size = code.size + 2 * QUIET_MODULES
  const svg = document.createElementNS(SVG, 'svg')
  const paper = document.createElementNS(SVG, 'rect')
  const ink = document.createElementNS(SVG, 'path')
  svg.setAttribute('viewBox', `0 0 ${size} ${size}`)
  svg.setAttribute('class', 'qr')
  svg.setAttribute('role', 'img')
  svg.setAttribute('aria-label', 'QR code of the link')
  paper.setAttribute('width', String(size))
  paper.setAttribute('height', String(size))
  ink.setAttribute('d', squares)
  svg.append(paper, ink)
  return svg
}

function isLocal({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.')
}
