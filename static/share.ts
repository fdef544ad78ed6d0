// Share: the link to the room, and its QR code for people who look at the projector. Loaded when it is asked for.

import { element } from './element.js'
import { laterStyle } from './later-style.js'
import { later } from './later-words.js'
import { choose, linkTo, type RoomLink } from './link.js'
import { drawCode } from './qr.js'
import { say } from './words.js'

export async function share(room: string): Promise<void> {
  const [link] = await Promise.all([linkTo(room), laterStyle()])
  const address = element('input', { readonly: '', dir: 'ltr', 'aria-label': later.link, value: link.href })
  const code = element('div', {}, drawCode(link.href))
  const copied = element('p', { class: 'hint', role: 'status' })
  const copy = element('button', { type: 'button', class: 'primary' }, later.copyLink)
  const close = element('button', { type: 'button' }, later.close)
  const dialog = element(
    'dialog',
    { class: 'dialog', 'aria-labelledby': 'share-title' },
    element('h2', { id: 'share-title' }, say(later.comeTo, { room })),
    code,
    ...choiceOf(link, async (base) => {
      choose(base)
      const { href } = await linkTo(room)
      address.value = href
      code.replaceChildren(drawCode(href))
      copied.textContent = ''
    }),
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

/** Browsers give the clipboard only to https and localhost. Elsewhere the link is selected, for Ctrl+C. */
async function copyLink(address: HTMLInputElement, told: HTMLElement): Promise<void> {
  address.focus()
  address.select()
  try {
    await navigator.clipboard.writeText(address.value)
    told.textContent = later.copied
  } catch {
    // The sentence says what to do.
    told.textContent = later.linkSelected
  }
}

/** The addresses to choose from, if there are several; and a warning if none of them works elsewhere. */
function choiceOf({ href, addresses, isLocal }: RoomLink, change: (address: string) => Promise<void>): HTMLElement[] {
  if (isLocal) return [element('p', { class: 'hint' }, `${later.localAlone} ${later.localHint}`)]
  if (addresses.length < 2) return []
  const choice = element(
    'select',
    { 'aria-label': later.address },
    ...addresses.map((one) => element('option', {}, one)),
  )
  choice.value = addresses.find((one) => href.startsWith(`${one}/`)) ?? ''
  choice.addEventListener('change', () => void change(choice.value))
  return [element('p', { class: 'hint' }, later.manyNetworks), choice]
}
