// A moderator's small menu, below one's own name; loaded where the server has moderators at all. It first wants the
// key, which makes this browser's session a moderator; then it is a button for each order.
//
//     Mute …   a name, for five minutes         Close / Open   this room
//     Remove   the message that has the focus   Clear          this room

import { defaultPlatform as platform } from '../src/client/platform.js'
import { call } from '../src/client/wire.js'
import { BASE } from './base.js'
import { element } from './element.js'
import { whyRefused } from './welcome.js'

export type ModerateParts = {
  readonly place: HTMLElement
  readonly lines: HTMLElement
  readonly room: () => string
  readonly token: () => string | undefined
}

export function wireModeration({ place, lines, room, token }: ModerateParts): void {
  const said = element('p', { class: 'hint', role: 'status' })
  const key = boxOf('Moderator’s key', 'password')
  const name = boxOf('Name to mute', 'text')
  const lock = formOf(key, 'Moderate', () => order('/admin', { key: key.value }, 'You moderate now.'))
  const mute = formOf(name, 'Mute', () =>
    order('/mute', { username: name.value }, `${name.value} is muted for five minutes.`),
  )
  const orders = element('div', { class: 'orders', hidden: '' }, mute)
  let chosen: HTMLElement | undefined

  const button = (words: string, act: () => Promise<unknown>): void => {
    const made = element('button', { class: 'quiet', type: 'button' }, words)
    made.addEventListener('click', () => void act())
    orders.append(made)
  }
  button('Remove message', () => removeChosen())
  button('Close room', () => order('/close', { closed: true }, 'The room is closed.'))
  button('Open room', () => order('/close', { closed: false }, 'The room is open.'))
  button(
    'Clear room',
    async () =>
      confirm(`Take away everything that was said in ${room()}?`) && order('/clear', {}, 'The room is cleared.'),
  )

  // The focus leaves the line for the button: the last line that had it is the one that is meant.
  lines.addEventListener('focusin', ({ target }) => {
    const line = target instanceof Element ? target.closest('.line') : null
    if (line instanceof HTMLElement) chosen = line
  })
  lines.addEventListener('click', ({ target }) => {
    const line = target instanceof Element ? target.closest('.line') : null
    if (!orders.hidden && line instanceof HTMLElement) line.focus()
  })

  async function removeChosen(): Promise<void> {
    const id = Number(chosen?.dataset['id'] ?? Number.NaN)
    if (Number.isNaN(id)) return void (said.textContent = 'First click the message.')
    if (await order('/remove', { id }, 'The message is removed.')) chosen = undefined
  }

  async function order(path: string, body: object, done: string): Promise<boolean> {
    try {
      await call(platform, {
        url: BASE,
        path,
        body: path === '/admin' ? body : { room: room(), ...body },
        token: token(),
      })
      said.textContent = done
      if (path !== '/admin') return true
      key.value = ''
      lock.hidden = true
      orders.hidden = false
      return true
    } catch (error) {
      said.textContent = whyRefused(error)
      return false
    }
  }

  place.append(element('details', { class: 'moderate' }, element('summary', {}, 'Moderate'), lock, orders, said))
}

function boxOf(label: string, type: string): HTMLInputElement {
  return element('input', { type, 'aria-label': label, placeholder: label, autocomplete: 'off' })
}

function formOf(box: HTMLInputElement, words: string, submit: () => Promise<unknown>): HTMLFormElement {
  const form = element('form', { class: 'order', novalidate: '' }, box, element('button', {}, words))
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void submit()
  })
  return form
}
