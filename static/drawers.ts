// On a narrow screen the outer areas are drawers: a button opens one, and a tap beside it, Esc or a choice closes it. As long
// as one is open, what lies behind it cannot be reached.

import { byId } from './element.js'

export function wireDrawers(): { close: () => boolean } {
  const veil = byId('veil', HTMLButtonElement)
  const middle = byId('middle', HTMLElement)
  const drawers = [
    { button: byId('show-rooms', HTMLButtonElement), area: byId('side', HTMLElement) },
    { button: byId('show-people', HTMLButtonElement), area: byId('folk', HTMLElement) },
  ]
  /** Closes what is open; tells whether anything was. */
  const close = (): boolean => {
    const open = drawers.find(({ area }) => area.dataset['open'] !== undefined)
    veil.hidden = true
    middle.inert = false
    if (open === undefined) return false
    delete open.area.dataset['open']
    open.button.setAttribute('aria-expanded', 'false')
    return true
  }
  for (const { button, area } of drawers) {
    button.addEventListener('click', () => {
      if (area.dataset['open'] !== undefined) return void close()
      close()
      area.dataset['open'] = ''
      button.setAttribute('aria-expanded', 'true')
      veil.hidden = false
      middle.inert = true
      area.querySelector<HTMLElement>('a, input, button')?.focus()
    })
  }
  veil.addEventListener('click', close)
  addEventListener('hashchange', close)
  return { close }
}
