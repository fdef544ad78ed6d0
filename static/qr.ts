// A QR code as one path of squares, black on white in every theme, as cameras want it.

import { correction, generate } from 'lean-qr/nano'
import { later } from './later-words.js'

const SVG = 'http://www.w3.org/2000/svg'
const QUIET_MODULES = 4

export function drawCode(text: string): SVGSVGElement {
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
  svg.setAttribute('aria-label', later.qrCode)
  paper.setAttribute('width', String(size))
  paper.setAttribute('height', String(size))
  ink.setAttribute('d', squares)
  svg.append(paper, ink)
  return svg
}
