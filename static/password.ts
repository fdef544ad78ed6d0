// A chat with a password asks for it before anything else, in a dialog; loaded where the server says that there is
// one. What comes of it is a cookie, which no script sees: nothing here remembers the password.

import { defaultPlatform as platform } from '../src/client/platform.js'
import { call, Refused } from '../src/client/wire.js'
import { BASE } from './base.js'
import { element } from './element.js'
import { laterStyle } from './later-style.js'
import { whyRefused } from './welcome.js'

/** Resolves when this browser may come in: at once with a good cookie, else when the password was given. */
export async function letIn(): Promise<void> {
  if (await isIn()) return
  await laterStyle()
  await new Promise<void>((resolve) => ask(resolve))
}

/** No connection is no lock: then the page goes on, and says what is wrong. */
async function isIn(): Promise<boolean> {
  try {
    await call(platform, { url: BASE, path: '/members?room=lobby' })
    return true
  } catch (error) {
    return !(error instanceof Refused) || (error.status !== 401 && error.status !== 429)
  }
}

function ask(done: () => void): void {
  const box = element('input', {
    id: 'password',
    type: 'password',
    autocomplete: 'current-password',
    'aria-describedby': 'password-error',
  })
  const error = element('p', { id: 'password-error', class: 'error', role: 'alert' })
  const form = element(
    'form',
    { novalidate: '' },
    element('h2', {}, 'This chat has a password'),
    // Whatever keeps passwords for people keeps them by a user name.
    element('input', { autocomplete: 'username', value: 'mini-chat', hidden: '' }),
    element('label', { for: 'password' }, 'Password'),
    box,
    error,
    element('button', { class: 'primary' }, 'Enter'),
  )
  const dialog = element('dialog', { class: 'dialog password', 'aria-label': 'Password' }, form)
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void give()
  })
  let isIn = false
  // Escape would leave a page that can do nothing. A second one closes the dialog past any `preventDefault`.
  dialog.addEventListener('cancel', (event) => event.preventDefault())
  dialog.addEventListener('close', () => {
    if (isIn) return
    dialog.showModal()
    box.focus()
  })

  async function give(): Promise<void> {
    error.textContent = ''
    try {
      await call(platform, { url: BASE, path: '/login', body: { password: box.value } })
    } catch (trouble) {
      error.textContent =
        trouble instanceof Refused && trouble.status === 401 ? 'That is not the password.' : whyRefused(trouble)
      return box.select()
    }
    isIn = true
    dialog.close()
    dialog.remove()
    done()
  }

  document.body.append(dialog)
  dialog.showModal()
}
