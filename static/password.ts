// A chat with a password asks for it on the first sheet, and in a dialog when it has changed. Loaded if the server
// says that there is one. The server answers with a cookie that no script can read: this page does not remember the
// password.

import { defaultPlatform as platform } from '../src/client/platform.js'
import { call, Refused } from '../src/client/wire.js'
import { BASE } from './base.js'
import { element } from './element.js'
import { laterStyle } from './later-style.js'
import { later } from './later-words.js'
import { whyRefused } from './welcome.js'

export type PasswordBox = {
  /** The elements for the first sheet. */
  readonly boxes: readonly HTMLElement[]
  /** Sends the password. Answers whether it is right; if not, the sheet says so. */
  readonly give: () => Promise<boolean>
  readonly remove: () => void
}

/** The box for the first sheet; undefined in a browser that has given the password. */
export async function passwordBox(): Promise<PasswordBox | undefined> {
  return (await isIn()) ? undefined : makeBox()
}

/** Resolves when this browser may come in: at once with a good cookie, otherwise when the password was given. */
export async function letIn(): Promise<void> {
  if (await isIn()) return
  await laterStyle()
  await new Promise<void>((resolve) => ask(resolve))
}

/** Without a connection the answer is yes: then the page goes on, and says what is wrong. */
async function isIn(): Promise<boolean> {
  try {
    await call(platform, { url: BASE, path: '/members?room=lobby' })
    return true
  } catch (error) {
    return !(error instanceof Refused) || (error.status !== 401 && error.status !== 429)
  }
}

function makeBox(): PasswordBox {
  const box = element('input', {
    id: 'password',
    type: 'password',
    autocomplete: 'current-password',
    'aria-describedby': 'password-error',
  })
  const error = element('p', { id: 'password-error', class: 'error', role: 'alert' })
  const boxes = [element('label', { for: 'password' }, later.password), box, error]
  return {
    boxes,
    async give() {
      error.textContent = ''
      try {
        await call(platform, { url: BASE, path: '/login', body: { password: box.value } })
        return true
      } catch (trouble) {
        error.textContent =
          trouble instanceof Refused && trouble.status === 401 ? later.notPassword : whyRefused(trouble)
        box.select()
        return false
      }
    },
    remove() {
      for (const one of boxes) one.remove()
    },
  }
}

function ask(done: () => void): void {
  const { boxes, give } = makeBox()
  const form = element(
    'form',
    { novalidate: '' },
    element('h2', {}, later.hasPassword),
    // Password managers keep a password under a user name.
    element('input', { autocomplete: 'username', value: 'mini-chat', hidden: '' }),
    ...boxes,
    element('button', { class: 'primary' }, later.enter),
  )
  const dialog = element('dialog', { class: 'dialog password', 'aria-label': later.password }, form)
  let isGiven = false
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void give().then((isRight) => {
      if (!isRight) return
      isGiven = true
      dialog.close()
      dialog.remove()
      done()
    })
  })
  // Escape would leave a page that can do nothing. A second Escape closes the dialog in spite of `preventDefault`.
  dialog.addEventListener('cancel', (event) => event.preventDefault())
  dialog.addEventListener('close', () => {
    if (isGiven) return
    dialog.showModal()
    form.querySelector<HTMLElement>('#password')?.focus()
  })
  document.body.append(dialog)
  dialog.showModal()
}
