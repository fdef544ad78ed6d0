// Another person has my name now: says so above the messages, with a form for another name. Loaded when it is needed.

import { byId, element } from './element.js'
import type { Session } from './session.js'
import { whyRefused } from './welcome.js'

/** Shows the form, or takes it away when there is a session again. */
export function showTaken(isOver: boolean, session: Session, room: () => string): void {
  const notice = byId('notice', HTMLElement)
  const shown = notice.querySelector('form')
  if (!isOver) return shown?.remove()
  if (shown !== null) return
  const box = element('input', { 'aria-label': 'Another name', placeholder: 'Another name', autocomplete: 'nickname' })
  const error = element('p', { class: 'error', role: 'alert' })
  const form = element(
    'form',
    { class: 'taken', novalidate: '' },
    element(
      'p',
      {},
      'Another person has the name ',
      element('bdi', {}, session.username),
      ' now. You can read; to write, choose another name.',
    ),
    box,
    element('button', { class: 'primary' }, 'Join'),
    error,
  )
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    error.textContent = ''
    session.join(room(), box.value.trim()).catch((refused: unknown) => {
      error.textContent = whyRefused(refused)
      box.focus()
    })
  })
  notice.append(form)
}
